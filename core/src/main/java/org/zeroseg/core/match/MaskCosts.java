package org.zeroseg.core.match;

/**
 * What it costs to say that a predicted mask is a true one, for every pair (Shin et al. 2023,
 * ZUTIS, Sec. 3.3; the reference's {@code dice_loss} and {@code binary_cross_entropy_loss}).
 */
public final class MaskCosts {

  /** Logarithms are not let below this, as in {@code torch.nn.functional.binary_cross_entropy}. */
  private static final double LEAST_LOG = -100;

  private MaskCosts() {}

  /**
   * Dice costs, {@code 1 - (2 sum(p g) + 1) / (sum(p) + sum(g) + 1)}.
   *
   * @param predicted probabilities in [0, 1], {@code [queries, pixels]}
   * @param queries number of predicted masks
   * @param truth true masks, 0 or 1, {@code [instances, pixels]}
   * @param instances number of true masks
   * @return costs in [0, 1], {@code [instances, queries]}
   * @throws IllegalArgumentException if the masks have different numbers of pixels
   */
  public static double[] dice(float[] predicted, int queries, float[] truth, int instances) {
    int pixels = pixels(predicted, queries, truth, instances);
    double[] costs = new double[instances * queries];
    double[] predictedArea = areas(predicted, queries, pixels);
    double[] trueArea = areas(truth, instances, pixels);
    for (int g = 0; g < instances; g++) {
      for (int p = 0; p < queries; p++) {
        double overlap = 0;
        for (int i = 0; i < pixels; i++) {
          overlap += (double) predicted[p * pixels + i] * truth[g * pixels + i];
        }
        costs[g * queries + p] = 1 - (2 * overlap + 1) / (predictedArea[p] + trueArea[g] + 1);
      }
    }
    return costs;
  }

  /**
   * Mean binary cross-entropy over the pixels, {@code -(g log p + (1 - g) log(1 - p))}, logarithms
   * not below -100.
   *
   * @param predicted probabilities in [0, 1], {@code [queries, pixels]}
   * @param queries number of predicted masks
   * @param truth true masks, 0 or 1, {@code [instances, pixels]}
   * @param instances number of true masks
   * @return costs, {@code [instances, queries]}
   * @throws IllegalArgumentException if the masks have different numbers of pixels
   */
  public static double[] crossEntropy(
      float[] predicted, int queries, float[] truth, int instances) {
    int pixels = pixels(predicted, queries, truth, instances);
    double[] costs = new double[instances * queries];
    double[] inside = new double[pixels];
    double[] outside = new double[pixels];
    for (int p = 0; p < queries; p++) {
      for (int i = 0; i < pixels; i++) {
        float probability = predicted[p * pixels + i];
        inside[i] = Math.max(Math.log(probability), LEAST_LOG);
        outside[i] = Math.max(Math.log(1f - probability), LEAST_LOG);
      }
      for (int g = 0; g < instances; g++) {
        double sum = 0;
        for (int i = 0; i < pixels; i++) {
          float target = truth[g * pixels + i];
          sum -= target * inside[i] + (1 - target) * outside[i];
        }
        costs[g * queries + p] = sum / pixels;
      }
    }
    return costs;
  }

  private static int pixels(float[] predicted, int queries, float[] truth, int instances) {
    if (queries < 1 || predicted.length % queries != 0) {
      throw new IllegalArgumentException(
          predicted.length + " predicted values are not " + queries + " masks");
    }
    int pixels = predicted.length / queries;
    if ((long) instances * pixels != truth.length) {
      throw new IllegalArgumentException(
          instances + " true masks of " + pixels + " pixels expected, found " + truth.length);
    }
    return pixels;
  }

  private static double[] areas(float[] masks, int count, int pixels) {
    double[] areas = new double[count];
    for (int m = 0; m < count; m++) {
      for (int i = 0; i < pixels; i++) {
        areas[m] += masks[m * pixels + i];
      }
    }
    return areas;
  }
}
