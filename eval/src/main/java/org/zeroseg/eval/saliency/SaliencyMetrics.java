package org.zeroseg.eval.saliency;

import java.util.Arrays;
import org.zeroseg.core.mask.Mask;

/**
 * Measures one saliency map (NoelShin/selfmask, {@code metrics}).
 *
 * @param betaSquare the weight of precision in the F-measure: {@link #FIELD} in the literature,
 *     {@link #SELFMASK} in SelfMask's code
 */
public record SaliencyMetrics(double betaSquare) {

  /** What papers mean by beta squared = 0.3. */
  public static final double FIELD = 0.3;

  /** SelfMask's code squares 0.3 once more. */
  public static final double SELFMASK = 0.3 * 0.3;

  static final int THRESHOLDS = 255;

  private static final float SALIENT = 0.5f;
  private static final double EPSILON = 1e-7; // of IoU, precision, recall and F
  private static final double TINY = 1e-20; // of the S-measure

  /** How many pixels exceed each threshold k/255. */
  @SuppressWarnings("ArrayRecordComponent")
  record Curve(long[] predicted, long[] hits, long truths, long pixels) {}

  /**
   * All numbers of a picture.
   *
   * @param map [height * width], in [0, 1], row-major
   * @param truth the object; its size is the picture's
   * @return the numbers
   * @throws IllegalArgumentException if the sizes differ or a value is not in [0, 1]
   */
  public SaliencyScores of(float[] map, Mask truth) {
    boolean[] object = object(map, truth);
    double error = 0;
    double sum = 0;
    long truths = 0;
    long predicted = 0;
    long hits = 0;
    for (int i = 0; i < map.length; i++) {
      error += Math.abs(map[i] - (object[i] ? 1 : 0));
      sum += map[i];
      truths += object[i] ? 1 : 0;
      if (map[i] > SALIENT) {
        predicted++;
        hits += object[i] ? 1 : 0;
      }
    }
    long wrong = predicted + truths - 2 * hits;
    return new SaliencyScores(
        hits / (predicted + truths - hits + EPSILON),
        1 - (double) wrong / map.length,
        error / map.length,
        f(hits, predicted, truths),
        maxF(curve(map, object)),
        meanF(map, object, 2 * sum / map.length, truths),
        sMeasure(map, object, truth.width()));
  }

  static boolean[] object(float[] map, Mask truth) {
    int width = truth.width();
    if (map.length != (long) width * truth.height()) {
      throw new IllegalArgumentException(
          map.length + " values for a picture of " + width + " x " + truth.height());
    }
    for (int i = 0; i < map.length; i++) {
      if (!(map[i] >= 0 && map[i] <= 1)) {
        throw new IllegalArgumentException(
            "expected values in [0, 1], found " + map[i] + " at pixel " + i);
      }
    }
    boolean[] object = new boolean[map.length];
    truth.forEach((x, y) -> object[y * width + x] = true);
    return object;
  }

  private double f(long hits, long predicted, long truths) {
    double precision = hits / (predicted + EPSILON);
    double recall = hits / (truths + EPSILON);
    return (1 + betaSquare) * precision * recall / (betaSquare * precision + recall + EPSILON);
  }

  private double maxF(Curve curve) {
    double best = 0;
    for (int k = 0; k < THRESHOLDS; k++) {
      best = Math.max(best, f(curve.hits[k], curve.predicted[k], curve.truths));
    }
    return best;
  }

  private double meanF(float[] map, boolean[] object, double threshold, long truths) {
    long predicted = 0;
    long hits = 0;
    for (int i = 0; i < map.length; i++) {
      if (map[i] > threshold) {
        predicted++;
        hits += object[i] ? 1 : 0;
      }
    }
    return f(hits, predicted, truths);
  }

  /** Counts by a histogram: one pass over the pixels instead of one a threshold. */
  static Curve curve(float[] map, boolean[] object) {
    float[] thresholds = new float[THRESHOLDS];
    for (int k = 0; k < THRESHOLDS; k++) {
      thresholds[k] = (float) (k / 255.0);
    }
    long[] predicted = new long[THRESHOLDS + 1]; // by the number of thresholds that are exceeded
    long[] hits = new long[THRESHOLDS + 1];
    long truths = 0;
    for (int i = 0; i < map.length; i++) {
      int exceeded = Math.min(THRESHOLDS, (int) (map[i] * 255) + 1);
      // The guess is off by one where map * 255 rounds, or map is a threshold itself.
      while (exceeded > 0 && map[i] <= thresholds[exceeded - 1]) {
        exceeded--;
      }
      while (exceeded < THRESHOLDS && map[i] > thresholds[exceeded]) {
        exceeded++;
      }
      predicted[exceeded]++;
      if (object[i]) {
        hits[exceeded]++;
        truths++;
      }
    }
    for (int k = THRESHOLDS - 1; k >= 0; k--) {
      predicted[k] += predicted[k + 1];
      hits[k] += hits[k + 1];
    }
    return new Curve(
        Arrays.copyOfRange(predicted, 1, THRESHOLDS + 1),
        Arrays.copyOfRange(hits, 1, THRESHOLDS + 1),
        truths,
        map.length);
  }

  private static double sMeasure(float[] map, boolean[] object, int width) {
    Moments all = new Moments();
    for (int i = 0; i < map.length; i++) {
      all.add(map[i], object[i], i % width, i / width);
    }
    if (all.truths == 0) {
      return 1 - all.mean();
    }
    if (all.truths == all.n) {
      return all.mean();
    }
    double score =
        0.5 * objectScore(map, object, (double) all.truths / all.n)
            + 0.5 * regionScore(map, object, width, all);
    return Math.max(0, score);
  }

  /** Sums that the mean values and the centroid need. */
  private static final class Moments {
    private long n;
    private long truths;
    private double sum;
    private long columns;
    private long rows;

    void add(float value, boolean isObject, int x, int y) {
      n++;
      sum += value;
      if (isObject) {
        truths++;
        columns += x;
        rows += y;
      }
    }

    double mean() {
      return sum / n;
    }
  }

  private static double objectScore(float[] map, boolean[] object, double share) {
    return share * homogeneity(map, object, true) + (1 - share) * homogeneity(map, object, false);
  }

  /** How high and even the map is on the object, or how low and even on the background. */
  private static double homogeneity(float[] map, boolean[] object, boolean onObject) {
    double sum = 0;
    long n = 0;
    for (int i = 0; i < map.length; i++) {
      if (object[i] == onObject) {
        sum += onObject ? map[i] : 1 - map[i];
        n++;
      }
    }
    double mean = sum / n;
    double squares = 0;
    for (int i = 0; i < map.length; i++) {
      if (object[i] == onObject) {
        double difference = (onObject ? map[i] : 1 - map[i]) - mean;
        squares += difference * difference;
      }
    }
    // A single pixel does not deviate; the reference divides 0 by 0 there.
    double deviation = n == 1 ? 0 : Math.sqrt(squares / (n - 1));
    return 2 * mean / (mean * mean + 1 + deviation + TINY);
  }

  /** Similarity of map and truth in the four rectangles around the object's centre. */
  private static double regionScore(float[] map, boolean[] object, int width, Moments all) {
    int height = map.length / width;
    // Halves go to the even neighbour, as in the reference's language.
    int x = (int) Math.rint((double) all.columns / all.truths);
    int y = (int) Math.rint((double) all.rows / all.truths);
    double score = 0;
    score += similarity(map, object, width, 0, 0, x, y);
    score += similarity(map, object, width, x, 0, width, y);
    score += similarity(map, object, width, 0, y, x, height);
    score += similarity(map, object, width, x, y, width, height);
    return score / map.length;
  }

  /** The similarity of a rectangle times its pixels; 0 for one without pixels. */
  private static double similarity(
      float[] map, boolean[] object, int width, int left, int top, int right, int bottom) {
    long n = (long) (right - left) * (bottom - top);
    if (n == 0) {
      return 0;
    }
    double sum = 0;
    long truths = 0;
    for (int y = top; y < bottom; y++) {
      for (int x = left; x < right; x++) {
        sum += map[y * width + x];
        truths += object[y * width + x] ? 1 : 0;
      }
    }
    double mean = sum / n;
    double trueMean = (double) truths / n;
    double variance = 0;
    double trueVariance = 0;
    double covariance = 0;
    for (int y = top; y < bottom; y++) {
      for (int x = left; x < right; x++) {
        double difference = map[y * width + x] - mean;
        double trueDifference = (object[y * width + x] ? 1 : 0) - trueMean;
        variance += difference * difference;
        trueVariance += trueDifference * trueDifference;
        covariance += difference * trueDifference;
      }
    }
    double degrees = n - 1 + TINY;
    double above = 4 * mean * trueMean * covariance / degrees;
    double below =
        (mean * mean + trueMean * trueMean) * (variance / degrees + trueVariance / degrees);
    if (above != 0) {
      return n * above / (below + TINY);
    }
    return below == 0 ? n : 0;
  }
}
