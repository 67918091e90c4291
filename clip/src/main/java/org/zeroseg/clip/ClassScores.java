package org.zeroseg.clip;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * From scores of words to a class for every pixel: the softmax over all words, the best word of
 * each class, and what is left out for being unsure or small. The probabilities of classes with
 * several words do not sum to one.
 *
 * @param owners the class of each word
 * @param classes their number
 * @param background the class that the rule of the least area does not count; none if negative
 * @param scale of scores before the softmax
 * @param threshold a pixel whose best class is less probable has none
 * @param leastArea as in {@link Protocol}
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
record ClassScores(
    int[] owners,
    int classes,
    int background,
    double scale,
    OptionalDouble threshold,
    double leastArea) {

  /** Logits beyond, nothing is left of them beside the one they are subtracted from. */
  private static final double NOTHING = -30;

  /**
   * What every pixel is.
   *
   * @param labels row-major: the class from 0, or -1
   * @param scores for each class the mean probability of its pixels; 0 if it has none
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Labels(int[] labels, double[] scores) {}

  /**
   * Probabilities of classes along a row.
   *
   * @param row {@code [words][width]} scores
   * @param removed classes that are zero everywhere
   * @param result takes {@code [classes][width]}
   */
  void probabilities(float[][] row, boolean[] removed, float[][] result) {
    int width = row[0].length;
    float[] most = row[0].clone();
    for (int word = 1; word < row.length; word++) {
      float[] values = row[word];
      for (int x = 0; x < width; x++) {
        most[x] = Math.max(most[x], values[x]);
      }
    }
    for (float[] values : result) {
      Arrays.fill(values, 0);
    }
    double[] sum = new double[width];
    for (int word = 0; word < row.length; word++) {
      float[] values = row[word];
      float[] own = result[owners[word]];
      for (int x = 0; x < width; x++) {
        double logit = scale * (values[x] - most[x]);
        if (logit > NOTHING) {
          double part = Math.exp(logit);
          sum[x] += part;
          own[x] = Math.max(own[x], (float) part);
        }
      }
    }
    for (int c = 0; c < classes; c++) {
      for (int x = 0; x < width; x++) {
        result[c][x] = removed[c] ? 0 : (float) (result[c][x] / sum[x]);
      }
    }
  }

  /** Classes that the rule of the least area removes. */
  boolean[] removed(ScoreRows rows) {
    boolean[] removed = new boolean[classes];
    if (leastArea > 0) {
      long[] areas = new long[classes];
      long total = 0;
      for (int label : labels(rows, removed, OptionalDouble.empty()).labels()) {
        areas[label]++;
        total += label == background ? 0 : 1;
      }
      for (int c = 0; c < classes; c++) {
        removed[c] = c != background && !(areas[c] > leastArea * total);
      }
    }
    return removed;
  }

  /** Decides every pixel; the first of equals wins. */
  Labels labels(ScoreRows rows) {
    return labels(rows, removed(rows), threshold);
  }

  /** The same without some of the first classes. */
  Labels labels(ScoreRows rows, boolean... absent) {
    boolean[] removed = removed(rows);
    for (int c = 0; c < absent.length; c++) {
      removed[c] |= absent[c];
    }
    return labels(rows, removed, threshold);
  }

  private Labels labels(ScoreRows rows, boolean[] removed, OptionalDouble least) {
    int width = rows.width();
    int[] labels = new int[Math.multiplyExact(rows.height(), width)];
    double[][] sums = new double[ScoreRows.Bands.count(rows.height())][classes];
    ScoreRows.Bands.each(
        rows.height(),
        (from, to) -> {
          ScoreRows.Reader reader = rows.reader();
          float[][] row = new float[rows.count()][width];
          float[][] probabilities = new float[classes][width];
          double[] own = sums[ScoreRows.Bands.number(from)];
          for (int y = from; y < to; y++) {
            reader.row(y, row);
            probabilities(row, removed, probabilities);
            for (int x = 0; x < width; x++) {
              int best = best(probabilities, x);
              boolean sure =
                  probabilities[best][x] > 0
                      && (least.isEmpty() || probabilities[best][x] >= least.getAsDouble());
              labels[y * width + x] = sure ? best : -1;
              own[best] += sure ? probabilities[best][x] : 0;
            }
          }
        });
    return new Labels(labels, means(labels, sums));
  }

  private static int best(float[][] probabilities, int x) {
    int best = 0;
    for (int c = 1; c < probabilities.length; c++) {
      best = probabilities[c][x] > probabilities[best][x] ? c : best;
    }
    return best;
  }

  private double[] means(int[] labels, double[][] sums) {
    int[] pixels = new int[classes];
    for (int label : labels) {
      if (label >= 0) {
        pixels[label]++;
      }
    }
    double[] means = new double[classes];
    for (double[] sum : sums) {
      for (int c = 0; c < classes; c++) {
        means[c] += sum[c] / Math.max(1, pixels[c]);
      }
    }
    return means;
  }
}
