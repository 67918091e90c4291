package org.zeroseg.core.segment;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * The score maps of overlapping tiles as one map of the whole picture: each is stretched over its
 * tile bilinearly, and where tiles overlap the mean is taken, each in proportion to the distance
 * from its edges along both axes. So one tile fades into the next and no seam shows, and what a
 * tile says near its edge, where it sees no context, counts little. The whole map never exists. It
 * is given row by row, from the top, as soon as the tiles of a row are there; and tiles above are
 * forgotten. Memory grows with the width of a picture and not with its height.
 *
 * <p>Rows may be read by several threads at once, but not while tiles are added or forgotten.
 */
final class Mosaic {

  private final Axis vertical;
  private final Axis horizontal;
  private final Deque<Row> rows = new ArrayDeque<>();
  private int added;
  private int forgotten;
  private int count;

  /**
   * Of no tile yet.
   *
   * @param tiles in pixels
   * @param width of the picture
   * @param height of the picture
   */
  Mosaic(Tiles tiles, int width, int height) {
    vertical = Axis.of(tiles, height);
    horizontal = Axis.of(tiles, width);
  }

  /**
   * Where tiles lie along an axis.
   *
   * @param starts the first pixel of each
   * @param span pixels of a tile
   * @param shares for each tile how much it counts at each of its pixels; those of all tiles at a
   *     pixel add up to one
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record Axis(int[] starts, int span, float[][] shares) {
    static Axis of(Tiles tiles, int pixels) {
      int[] starts = tiles.starts(pixels);
      int span = Math.min(tiles.side(), pixels);
      double[] sums = new double[pixels];
      for (int start : starts) {
        for (int i = 0; i < span; i++) {
          sums[start + i] += weight(i, span);
        }
      }
      float[][] shares = new float[starts.length][span];
      for (int tile = 0; tile < starts.length; tile++) {
        for (int i = 0; i < span; i++) {
          shares[tile][i] = (float) (weight(i, span) / sums[starts[tile] + i]);
        }
      }
      return new Axis(starts, span, shares);
    }

    /** The distance from the nearer edge. */
    private static double weight(int i, int span) {
      return Math.min(i + 0.5, span - i - 0.5);
    }
  }

  /** A row of tiles, and how their grids are stretched. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Row(
      int top, float[] shares, List<ScoreMap> maps, LinearTaps down, LinearTaps across) {}

  /**
   * Adds the next row of tiles.
   *
   * @param maps one a tile from left to right, all of one grid and one count
   * @throws IllegalArgumentException if that is not the number of tiles in a row, or maps differ
   * @throws IllegalStateException if there is no such row
   */
  void add(List<ScoreMap> maps) {
    if (added == vertical.starts().length) {
      throw new IllegalStateException("all " + added + " rows of tiles were added before");
    }
    ScoreMap first = maps.get(0);
    count = added == 0 ? first.count() : count;
    boolean alike =
        maps.stream()
            .allMatch(
                map ->
                    map.count() == count
                        && map.height() == first.height()
                        && map.width() == first.width());
    if (!alike || maps.size() != horizontal.starts().length) {
      throw new IllegalArgumentException(
          "%d tiles of %d maps on one grid expected, found %s"
              .formatted(
                  horizontal.starts().length,
                  count,
                  maps.stream()
                      .map(map -> map.count() + " of " + map.width() + " x " + map.height())
                      .toList()));
    }
    rows.add(
        new Row(
            vertical.starts()[added],
            vertical.shares()[added],
            List.copyOf(maps),
            LinearTaps.of(first.height(), vertical.span()),
            LinearTaps.of(first.width(), horizontal.span())));
    added++;
  }

  /**
   * The number of maps.
   *
   * @return categories or words; 0 before the first tile
   */
  int count() {
    return count;
  }

  /**
   * Rows of the picture that have all their tiles.
   *
   * @return how many from the top
   */
  int ready() {
    return added < vertical.starts().length
        ? vertical.starts()[added]
        : vertical.starts()[added - 1] + vertical.span();
  }

  /**
   * Forgets tiles that end above a row.
   *
   * @param y the first row of the picture that is still wanted
   */
  void forget(int y) {
    forgotten = Math.max(forgotten, y);
    while (!rows.isEmpty() && rows.peek().top() + vertical.span() <= y) {
      rows.remove();
    }
  }

  /**
   * A row of the whole map.
   *
   * @param y the row of the picture
   * @param row takes {@code [count][width of the picture]} values
   * @throws IndexOutOfBoundsException if the row is not ready, or forgotten
   */
  void row(int y, float[][] row) {
    if (y < forgotten || y >= ready()) {
      throw new IndexOutOfBoundsException("row " + y + " of " + forgotten + " to " + ready());
    }
    for (int category = 0; category < count; category++) {
      Arrays.fill(row[category], 0);
    }
    for (Row tiles : rows) {
      if (tiles.top() <= y && y < tiles.top() + vertical.span()) {
        add(tiles, y - tiles.top(), row);
      }
    }
  }

  private void add(Row tiles, int y, float[][] row) {
    float share = tiles.shares()[y];
    float[] narrow = new float[tiles.maps().get(0).width()];
    for (int tile = 0; tile < tiles.maps().size(); tile++) {
      ScoreMap map = tiles.maps().get(tile);
      int cells = map.height() * map.width();
      for (int category = 0; category < count; category++) {
        tiles.down().row(map.values(), category * cells, map.width(), y, narrow);
        for (int i = 0; i < narrow.length; i++) {
          narrow[i] *= share;
        }
        int left = horizontal.starts()[tile];
        tiles.across().add(narrow, horizontal.shares()[tile], row[category], left);
      }
    }
  }
}
