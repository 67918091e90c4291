package org.zeroseg.core.segment;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Picture;

/**
 * Labels for every pixel of a picture of which a network sees tiles: {@link Labelling} of the mean
 * of their maps, in which one tile fades into the next. Rows are decided as soon as their tiles are
 * there.
 */
public final class TiledLabels {

  private final Tiles tiles;
  private final Mosaic mosaic;
  private final PixelLabels pixels;

  /**
   * Of no tile yet.
   *
   * @param tiles in pixels
   * @param width of the picture
   * @param height of the picture
   * @param named how many of the maps, the first ones, have labels; others are background
   * @param scoring what the probability of a pixel's best category is
   * @param threshold a pixel whose best probability is below it becomes background
   */
  public TiledLabels(
      Tiles tiles, int width, int height, int named, Scoring scoring, OptionalDouble threshold) {
    this(tiles, width, height, new PixelLabels(width, height, named, scoring, threshold));
  }

  /**
   * Of no tile yet, with other labels than the order of the maps.
   *
   * @param tiles in pixels
   * @param width of the picture
   * @param height of the picture
   * @param named the highest label
   * @param labelOf the label of a map by its number from 0; 0 for background
   * @param scoring what the probability of a pixel's best map is
   * @param threshold a pixel whose best probability is below it becomes background
   */
  public TiledLabels(
      Tiles tiles,
      int width,
      int height,
      int named,
      IntUnaryOperator labelOf,
      Scoring scoring,
      OptionalDouble threshold) {
    this(tiles, width, height, new PixelLabels(width, height, named, labelOf, scoring, threshold));
  }

  private TiledLabels(Tiles tiles, int width, int height, PixelLabels pixels) {
    this.tiles = tiles;
    this.mosaic = new Mosaic(tiles, width, height);
    this.pixels = pixels;
  }

  /**
   * Adds the next row of tiles.
   *
   * @param maps one a tile from left to right, {@code [categories and background words, h, w]}
   * @throws IllegalArgumentException if maps differ in number or grid
   */
  public void add(List<ScoreMap> maps) {
    mosaic.add(maps);
    pixels.decide(mosaic::row, mosaic.count(), mosaic.ready());
    mosaic.forget(mosaic.ready());
  }

  /**
   * Adds all tiles of a picture.
   *
   * @param picture of the size that was given
   * @param together how many tiles the network takes at once
   * @param progress is told of every tile
   * @param network takes tiles, all of one size, and gives the maps of each
   */
  public void add(
      Picture picture,
      int together,
      Progress progress,
      Function<List<Picture>, List<ScoreMap>> network) {
    tiles.forEach(picture, together, progress, network, (windows, maps) -> add(maps));
  }

  /**
   * The labels, when all tiles were added.
   *
   * @return what every pixel is
   */
  public Labelling.Labels labels() {
    return pixels.finish();
  }
}
