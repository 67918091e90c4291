package org.zeroseg.eval.saliency;

import org.zeroseg.core.mask.Mask;

/**
 * Means over pictures, every picture counting alike. Not thread-safe: give every thread its own and
 * {@link #merge} them.
 */
public final class SaliencyEvaluator {

  private final SaliencyMetrics metrics;
  private final double[] sums = new double[7];
  private final double[] precisions = new double[SaliencyMetrics.THRESHOLDS];
  private final double[] recalls = new double[SaliencyMetrics.THRESHOLDS];
  private final double[] fs = new double[SaliencyMetrics.THRESHOLDS];
  private int pictures;

  /**
   * An empty evaluation.
   *
   * @param metrics with the beta of the comparison at hand; a report must say which
   */
  public SaliencyEvaluator(SaliencyMetrics metrics) {
    this.metrics = metrics;
  }

  /**
   * Adds a picture.
   *
   * @param map [height * width], in [0, 1], row-major
   * @param truth the object; its size is the picture's
   * @return the picture's own numbers
   */
  public SaliencyScores add(float[] map, Mask truth) {
    SaliencyScores scores = metrics.of(map, truth);
    double[] values = {
      scores.iou(),
      scores.pixelAccuracy(),
      scores.meanAbsoluteError(),
      scores.f(),
      scores.maxF(),
      scores.meanF(),
      scores.sMeasure()
    };
    for (int i = 0; i < values.length; i++) {
      sums[i] += values[i];
    }
    addCurve(SaliencyMetrics.curve(map, SaliencyMetrics.object(map, truth)));
    pictures++;
    return scores;
  }

  /** TokenCut's rules: no epsilon, and nothing predicted (nothing there) counts as 1. */
  private void addCurve(SaliencyMetrics.Curve curve) {
    double beta = metrics.betaSquare();
    for (int k = 0; k < fs.length; k++) {
      double hits = curve.hits()[k];
      double precision = curve.predicted()[k] == 0 ? 1 : hits / curve.predicted()[k];
      double recall = curve.truths() == 0 ? 1 : hits / curve.truths();
      precisions[k] += precision;
      recalls[k] += recall;
      double below = beta * precision + recall;
      fs[k] += below == 0 ? 0 : (1 + beta) * precision * recall / below;
    }
  }

  /**
   * Adds another evaluation's pictures to this one.
   *
   * @param other with the same metrics
   */
  public void merge(SaliencyEvaluator other) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += other.sums[i];
    }
    for (int k = 0; k < fs.length; k++) {
      precisions[k] += other.precisions[k];
      recalls[k] += other.recalls[k];
      fs[k] += other.fs[k];
    }
    pictures += other.pictures;
  }

  /**
   * How many pictures were added.
   *
   * @return their number
   */
  public int pictures() {
    return pictures;
  }

  /**
   * Means over pictures.
   *
   * @return NaN if there are none
   */
  public SaliencyScores mean() {
    return new SaliencyScores(
        sums[0] / pictures,
        sums[1] / pictures,
        sums[2] / pictures,
        sums[3] / pictures,
        sums[4] / pictures,
        sums[5] / pictures,
        sums[6] / pictures);
  }

  /**
   * The largest value of the F curve averaged over pictures, as TokenCut reports it; not comparable
   * to {@link SaliencyScores#maxF}, the average of the pictures' largest values.
   *
   * @return in [0, 1]
   */
  public double maxOfMeanF() {
    double best = 0;
    for (double f : fs) {
      best = Math.max(best, f / pictures);
    }
    return best;
  }

  /**
   * Precision averaged over pictures.
   *
   * @param threshold k of the threshold k/255, 0 to 254
   * @return in [0, 1]
   */
  public double precision(int threshold) {
    return precisions[threshold] / pictures;
  }

  /**
   * Recall averaged over pictures.
   *
   * @param threshold k of the threshold k/255, 0 to 254
   * @return in [0, 1]
   */
  public double recall(int threshold) {
    return recalls[threshold] / pictures;
  }
}
