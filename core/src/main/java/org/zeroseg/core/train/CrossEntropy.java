package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.zeroseg.core.tensor.Kernels;

/**
 * Cross-entropy, with a label that is ignored.
 *
 * @param ignore label of pixels that no class is asked for: 255 usually, 1000 for ImageNet-S
 */
public record CrossEntropy(int ignore) {

  /**
   * The mean over all pixels that are not ignored, recording gradients.
   *
   * @param logits {@code [B, K, ...]}
   * @param labels int64 {@code [B, ...]}
   * @return one number; 0, and no gradient, where every pixel is ignored, of which PyTorch makes
   *     NaN
   */
  public NDArray of(NDArray logits, NDArray labels) {
    NDManager call = logits.getManager();
    NDArray left = Kernels.numbers(call, ignore);
    return GroupOptimiser.KERNELS.differentiable("cross_entropy", logits, labels, left);
  }

  /**
   * Whether something can be learnt from a batch: the answer to {@link Objective#usable}.
   *
   * @param labels of its pixels
   * @return false if all are ignored
   */
  public boolean usable(long[] labels) {
    for (long label : labels) {
      if (label != ignore) {
        return true;
      }
    }
    return false;
  }
}
