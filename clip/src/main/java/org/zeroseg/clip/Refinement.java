package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Optional;
import org.zeroseg.core.tensor.Kernels;

/**
 * What MaskCLIP (Zhou et al. 2022, Sec. 3.3) does to a map of cosines before labels are read from
 * it. The paper suggests 0.5 and 1.0 where it refines at all; the released configurations do not.
 *
 * @param denoising a category whose best probability in the picture is lower leaves the picture; 0
 *     for none
 * @param smoothing positions whose best probability is lower are replaced by a sum over all
 *     positions, weighted by the affinity of keys; 0 for none
 * @param affinity which affinity
 */
public record Refinement(double denoising, double smoothing, Affinity affinity) {

  /** How alike two positions are. */
  public enum Affinity {
    /**
     * As released: keys are normalised over positions instead of channels, and the sums are not
     * divided by their weights. Smoothed values are no probabilities.
     */
    RELEASED,
    /** The cosine of the keys, weights summing to one: what must have been meant. */
    COSINE
  }

  /** The cosines as they are. */
  public static final Refinement NONE = new Refinement(0, 0, Affinity.RELEASED);

  /** Both steps with the thresholds that the released configurations hold as comments. */
  public static final Refinement SUGGESTED = new Refinement(0.5, 1.0, Affinity.RELEASED);

  private static final Kernels KERNELS = Kernels.of(MaskClip.class, "maskclip.torchscript");

  /**
   * Checks the thresholds.
   *
   * @throws IllegalArgumentException if one is not between 0 and 1
   */
  public Refinement {
    if (!(denoising >= 0 && denoising <= 1 && smoothing >= 0 && smoothing <= 1)) {
      throw new IllegalArgumentException(
          "thresholds must lie between 0 and 1: denoising "
              + denoising
              + ", smoothing "
              + smoothing);
    }
  }

  /** Whether keys are needed. */
  boolean smooths() {
    return smoothing > 0;
  }

  /** Cosines {@code [B, K, P]} of features {@code [B, P, D]} and words {@code [K, D]}. */
  static NDArray cosines(NDArray features, NDArray words) {
    return KERNELS.call("cosines", features, words);
  }

  /** The best word of each category: {@code [B, W, P]} to {@code [B, K, P]}. */
  static NDArray bestWords(NDArray cosines, long... owners) {
    return KERNELS.call("best_words", cosines, cosines.getManager().create(owners));
  }

  /**
   * Refines cosines {@code [B, K, P]} by keys {@code [B, P, C]}; the result is of cosines again, or
   * of values like probabilities if smoothed.
   */
  NDArray apply(NDArray cosines, Optional<NDArray> keys) {
    NDManager manager = cosines.getManager();
    NDArray map = cosines;
    if (denoising > 0) {
      map = KERNELS.call("denoise", map, manager.create(denoising));
    }
    if (smooths()) {
      double[] options = {smoothing, affinity == Affinity.COSINE ? 1 : 0};
      map = KERNELS.call("smooth", map, keys.orElseThrow(), manager.create(options));
    }
    return map;
  }
}
