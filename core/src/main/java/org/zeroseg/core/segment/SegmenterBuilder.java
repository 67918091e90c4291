package org.zeroseg.core.segment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.core.hub.ModelBuilder;

/**
 * Options that the builders of all segmenters share: the model, the input size, tiles, and the
 * batch size.
 *
 * @param <B> the builder itself
 */
public abstract class SegmenterBuilder<B extends SegmenterBuilder<B>> extends ModelBuilder<B> {

  private Source<String> model = Source.missing("choose a model: builder().model(...)");
  private InputSize input;
  private int batch;
  private Optional<Tiles> tiles = Optional.empty();

  /**
   * With a method's defaults.
   *
   * @param input how large the network sees pictures
   * @param batch pictures that go through the network at once
   */
  protected SegmenterBuilder(InputSize input, int batch) {
    this.input = input;
    this.batch = batch;
  }

  /**
   * The model's file or folder.
   *
   * @param path a checkpoint, or a folder with one under the hub's usual names
   * @return this
   */
  public B model(Path path) {
    model = named(path);
    return self();
  }

  /**
   * The model's path, or its id on the Hugging Face hub.
   *
   * @param pathOrId such as {@code openai/clip-vit-base-patch16}
   * @return this
   */
  public B model(String pathOrId) {
    model = named(pathOrId);
    return self();
  }

  /**
   * How large the network sees pictures: the largest size of the picture's shape within these
   * sides. Results have the picture's own size whatever the network sees.
   *
   * @param shorter limit of the shorter side in pixels
   * @param longer limit of the longer side in pixels
   * @return this
   * @throws IllegalArgumentException if the shorter one is below 1 or above the longer one
   */
  public B inputWithin(int shorter, int longer) {
    return input(InputSize.within(shorter, longer));
  }

  /**
   * How large the network sees pictures, by another rule than {@link #inputWithin}.
   *
   * @param chosen the rule
   * @return this
   */
  public B input(InputSize chosen) {
    input = chosen;
    return self();
  }

  /**
   * Pictures of one size that go through the network at once. Together they take less time and more
   * memory; with 1 a picture's result is the same to the bit whatever pictures it is given with.
   *
   * @param pictures at most
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public B batch(int pictures) {
    if (pictures < 1) {
      throw new IllegalArgumentException("batches of " + pictures + " pictures");
    }
    batch = pictures;
    return self();
  }

  /**
   * Looks at large pictures in overlapping tiles, each of which the network sees as a picture of
   * its own, so that detail is kept, and memory small, whatever a picture's size. Scores are
   * averaged where tiles overlap, those near a tile's edge counting least, and objects that several
   * tiles show are found once. A picture that fits into a tile is looked at as without them.
   *
   * @param side of a tile in pixels of the picture; objects should fit into one
   * @param overlap of neighbours in pixels; an eighth of the side is a good start
   * @return this
   * @throws IllegalArgumentException unless the overlap is at least 0 and at most half the side
   */
  public B tiles(int side, int overlap) {
    tiles = Optional.of(Tiles.overlapping(side, overlap));
    return self();
  }

  /**
   * The model in force.
   *
   * @return a path or an id
   * @throws IOException if a path was chosen where nothing is
   * @throws IllegalStateException if none was chosen
   */
  protected String model() throws IOException {
    return model.open();
  }

  /**
   * The size rule in force.
   *
   * @return the chosen one, or the method's
   */
  protected InputSize input() {
    return input;
  }

  /**
   * The batch in force.
   *
   * @return pictures at most
   */
  protected int batch() {
    return batch;
  }

  /**
   * The tiles in force.
   *
   * @return none unless chosen
   */
  protected Optional<Tiles> tiles() {
    return tiles;
  }
}
