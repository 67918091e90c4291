package org.zeroseg.clip;

import java.util.Arrays;

/**
 * How likely a picture shows what was asked for: half of it from the part of the picture that fits
 * a word best, half from the picture as a whole. Both are measured in deviations of the picture's
 * own cosines, so that a score means the same whatever the attention, whose cosines differ in
 * scale.
 */
final class Presence {

  /** The share of the picture in which a word must fit: a thing may be small. */
  private static final double PART = 1 / 32.0;

  /** Rows and columns of scores that are looked at. */
  private static final int SAMPLES = 64;

  /** What deviations are multiplied by before softmax and sigmoid. */
  private static final double SCALE = 2;

  private Presence() {}

  /** Scores of words at some pixels, {@code [count, n]}, row-major. */
  static float[] sample(ScoreRows rows) {
    int down = (rows.height() + SAMPLES - 1) / SAMPLES;
    int across = (rows.width() + SAMPLES - 1) / SAMPLES;
    int high = (rows.height() + down - 1) / down;
    int wide = (rows.width() + across - 1) / across;
    float[] samples = new float[rows.count() * high * wide];
    float[][] row = new float[rows.count()][rows.width()];
    ScoreRows.Reader reader = rows.reader();
    for (int y = 0; y < high; y++) {
      reader.row(Math.min(y * down + down / 2, rows.height() - 1), row);
      for (int word = 0; word < row.length; word++) {
        for (int x = 0; x < wide; x++) {
          int column = Math.min(x * across + across / 2, rows.width() - 1);
          samples[(word * high + y) * wide + x] = row[word][column];
        }
      }
    }
    return samples;
  }

  /**
   * The scores.
   *
   * @param places {@code [count, n]} cosines of categories and background words at parts of the
   *     picture
   * @param whole {@code [count]} cosines of the same with the picture
   * @param categories how many of them, the first ones, are asked for
   * @return one from 0 to 1 for each category; 1 where there is nothing to compare with
   */
  static double[] of(float[] places, double[] whole, int categories) {
    int count = whole.length;
    double[] presence = new double[categories];
    if (count == 1) {
      presence[0] = 1;
      return presence;
    }
    int n = places.length / count;
    double[] local = local(places, count, n, categories);
    double mean = Arrays.stream(whole).average().orElseThrow();
    double deviation =
        Math.sqrt(Arrays.stream(whole).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
    for (int c = 0; c < categories; c++) {
      double deviations = deviation > 0 ? (whole[c] - mean) / deviation : 0;
      double global = 1 / (1 + Math.exp(-SCALE * deviations));
      presence[c] = (local[c] + global) / 2;
    }
    return presence;
  }

  /** The mean probability of each category where it is most probable. */
  private static double[] local(float[] places, int count, int n, int categories) {
    double variance = 0;
    for (int x = 0; x < n; x++) {
      double mean = 0;
      double squares = 0;
      for (int c = 0; c < count; c++) {
        double value = places[c * n + x];
        mean += value / count;
        squares += value * value / count;
      }
      variance += Math.max(0, squares - mean * mean) / n;
    }
    double scale = variance > 0 ? SCALE / Math.sqrt(variance) : 0;
    double[][] probabilities = new double[categories][n];
    for (int x = 0; x < n; x++) {
      double most = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < count; c++) {
        most = Math.max(most, places[c * n + x]);
      }
      double sum = 0;
      for (int c = 0; c < count; c++) {
        sum += Math.exp(scale * (places[c * n + x] - most));
      }
      for (int c = 0; c < categories; c++) {
        probabilities[c][x] = Math.exp(scale * (places[c * n + x] - most)) / sum;
      }
    }
    int part = Math.max(1, (int) Math.round(PART * n));
    double[] best = new double[categories];
    for (int c = 0; c < categories; c++) {
      Arrays.sort(probabilities[c]);
      best[c] = Arrays.stream(probabilities[c], n - part, n).average().orElseThrow();
    }
    return best;
  }
}
