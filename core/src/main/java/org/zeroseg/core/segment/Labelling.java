package org.zeroseg.core.segment;

import java.util.OptionalDouble;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * Labels for every pixel of a picture from a small map of scores. The map is resized band by band,
 * so that memory grows with the picture and not with the number of categories.
 *
 * @param rows the resize from top to bottom
 * @param columns the resize from left to right
 * @param scoring what the probability of a pixel's best category is
 * @param threshold a pixel whose best probability is below it becomes background
 */
public record Labelling(
    LinearTaps rows, LinearTaps columns, Scoring scoring, OptionalDouble threshold) {

  /**
   * The winners.
   *
   * @param compact row-major, unsigned: 0 for background, else the number of the category from 1
   * @param scores for each category the mean probability of the pixels that it won; 0 if none
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Labels(short[] compact, double[] scores) {

    /**
     * The labels in 32 bits.
     *
     * @return a copy
     */
    public int[] labels() {
      int[] wide = new int[compact.length];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = Short.toUnsignedInt(compact[i]);
      }
      return wide;
    }
  }

  /**
   * Decides every pixel; the first of equals wins.
   *
   * @param map {@code [count, height, width]}, row-major
   * @param count of categories and background words
   * @param named how many of them, the first ones, have labels; others are background
   * @param width of the map
   * @return what every pixel is
   */
  public Labels apply(float[] map, int count, int named, int width) {
    PixelLabels pixels = new PixelLabels(columns.size(), rows.size(), named, scoring, threshold);
    pixels.decide((y, row) -> resize(map, width, y, row), count, rows.size());
    return pixels.finish();
  }

  /**
   * Resizes the map to one row of the picture.
   *
   * @param map {@code [count, height, width]}, row-major
   * @param width of the map
   * @param y the row of the picture
   * @param row takes {@code [count][width of the picture]} values
   */
  public void resize(float[] map, int width, int y, float[][] row) {
    float[] narrow = new float[width];
    int cells = map.length / row.length;
    for (int category = 0; category < row.length; category++) {
      rows.row(map, category * cells, width, y, narrow);
      columns.apply(narrow, row[category]);
    }
  }
}
