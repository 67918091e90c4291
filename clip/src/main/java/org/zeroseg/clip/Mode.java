package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import org.zeroseg.core.tensor.Kernels;

/** What a forward pass is for. */
enum Mode {
  /** No gradients are recorded. */
  INFERENCE,
  /** Gradients flow; batch norms use their running statistics. */
  DIFFERENTIABLE,
  /** Gradients flow; batch norms use the batch's statistics and update the running ones. */
  TRAINING;

  NDArray call(String kernel, NDArray... arguments) {
    return this == INFERENCE
        ? Kernels.core().call(kernel, arguments)
        : Kernels.core().differentiable(kernel, arguments);
  }
}
