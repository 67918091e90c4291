package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import org.zeroseg.core.tensor.Kernels;

/**
 * SelfMask's loss (Shin et al. 2022, Sec. 3.3): every query of every layer learns the one mask by
 * dice, and objectness learns to rank the queries by it.
 *
 * @param rankingWeight weight of the ranking beside dice; 1 in the paper
 * @param ranking which query is to have the highest objectness
 */
public record SelfMaskLoss(double rankingWeight, Ranking ranking) {

  /** The paper's. */
  public static final SelfMaskLoss DEFAULT = new SelfMaskLoss(1, Ranking.BEST_FIRST);

  /** Directions of the ranking. */
  public enum Ranking {
    /** The best mask has the highest objectness, as the paper means and inference needs. */
    BEST_FIRST,
    /** The worst mask has the highest objectness: what the released code computes. */
    AS_RELEASED
  }

  /**
   * A loss and what it is made of.
   *
   * @param loss one number, differentiable: sums over layers and queries, mean over the batch
   * @param dice {@code [B, L, Q]}, from 0 (equal masks) to 1
   * @param ranking {@code [B]}
   */
  public record Value(NDArray loss, NDArray dice, NDArray ranking) {

    /**
     * The query of the last layer whose mask is best.
     *
     * @return one index a picture
     */
    public int[] bestQueries() {
      long[] shape = dice.getShape().getShape();
      int queries = Math.toIntExact(shape[2]);
      float[] values = dice.toFloatArray();
      int[] best = new int[Math.toIntExact(shape[0])];
      for (int b = 0; b < best.length; b++) {
        int last = (int) ((b + 1) * shape[1] - 1) * queries;
        for (int q = 1; q < queries; q++) {
          best[b] = values[last + q] < values[last + best[b]] ? q : best[b];
        }
      }
      return best;
    }
  }

  /**
   * Compares proposals with masks.
   *
   * @param masks probabilities {@code [B, L, Q, h, w]}; resized to the truth, bilinearly
   * @param objectness probabilities {@code [B, L, Q, 1]}
   * @param truth {@code [B, 1, H, W]}, 0 or 1; a picture whose mask is empty adds nothing, but
   *     counts in the batch
   * @return the loss
   * @throws IllegalArgumentException if the shapes do not fit each other
   */
  public Value of(NDArray masks, NDArray objectness, NDArray truth) {
    long[] proposed = masks.getShape().getShape();
    long[] scored = objectness.getShape().getShape();
    long[] given = truth.getShape().getShape();
    if (proposed.length != 5
        || scored.length != 4
        || given.length != 4
        || !Arrays.equals(proposed, 0, 3, scored, 0, 3)
        || given[0] != proposed[0]
        || given[1] != 1) {
      throw new IllegalArgumentException(
          "Expected masks [B, L, Q, h, w], objectness [B, L, Q, 1] and truth [B, 1, H, W], found "
              + masks.getShape()
              + ", "
              + objectness.getShape()
              + " and "
              + truth.getShape());
    }
    double[] numbers = {rankingWeight, ranking == Ranking.AS_RELEASED ? 1 : 0};
    NDArray options = Kernels.numbers(masks.getManager(), numbers);
    NDList found =
        SelfMaskNetwork.KERNELS.differentiableAll("loss", masks, objectness, truth, options);
    return new Value(found.get(0), found.get(1), found.get(2));
  }
}
