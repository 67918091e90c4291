package org.zeroseg.core.segment;

import java.util.OptionalDouble;
import java.util.stream.IntStream;
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

  /** Rows that one task works through with one set of buffers. */
  private static final int BAND = 16;

  /**
   * The winners.
   *
   * @param labels row-major: 0 for background, else the number of the category from 1
   * @param scores for each category the mean probability of the pixels that it won; 0 if none
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Labels(int[] labels, double[] scores) {}

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
    int pictureWidth = columns.size();
    int[] labels = new int[Math.multiplyExact(rows.size(), pictureWidth)];
    int bands = (rows.size() + BAND - 1) / BAND;
    double[][] sums = new double[bands][named];
    IntStream.range(0, bands)
        .parallel()
        .forEach(
            band -> {
              float[][] row = new float[count][pictureWidth];
              int end = Math.min(rows.size(), (band + 1) * BAND);
              for (int y = band * BAND; y < end; y++) {
                resize(map, width, y, row);
                decide(row, named, labels, y * pictureWidth, sums[band]);
              }
            });
    return new Labels(labels, means(labels, sums, named));
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

  private void decide(float[][] row, int named, int[] labels, int offset, double[] sums) {
    int[] winners = new int[columns.size()];
    float[] best = row[0].clone();
    // Category by category along the row, which the processor does several pixels at a time.
    for (int category = 1; category < row.length; category++) {
      float[] value = row[category];
      for (int x = 0; x < best.length; x++) {
        if (value[x] > best[x]) {
          best[x] = value[x];
          winners[x] = category;
        }
      }
    }
    for (int x = 0; x < winners.length; x++) {
      int winner = winners[x];
      if (winner >= named) {
        continue;
      }
      double probability = scoring.probability(row, winner, x);
      if (threshold.isEmpty() || probability >= threshold.getAsDouble()) {
        labels[offset + x] = winner + 1;
        sums[winner] += probability;
      }
    }
  }

  private static double[] means(int[] labels, double[][] sums, int named) {
    int[] pixels = new int[named + 1];
    for (int label : labels) {
      pixels[label]++;
    }
    double[] means = new double[named];
    for (double[] sum : sums) {
      for (int category = 0; category < named; category++) {
        means[category] += sum[category] / Math.max(1, pixels[category + 1]);
      }
    }
    return means;
  }
}
