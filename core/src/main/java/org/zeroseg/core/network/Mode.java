package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import org.zeroseg.core.tensor.Kernels;

/** What a forward pass is for. */
public enum Mode {
  /** No gradients are recorded. */
  INFERENCE,
  /** Gradients flow; batch norms use their running statistics. */
  DIFFERENTIABLE,
  /** Gradients flow; batch norms use the batch's statistics and update the running ones. */
  TRAINING;

  /**
   * Runs a kernel of the core.
   *
   * @param kernel its name
   * @param arguments its arguments; the first one's manager owns the result
   * @return the result
   */
  public NDArray call(String kernel, NDArray... arguments) {
    return this == INFERENCE
        ? Kernels.core().call(kernel, arguments)
        : Kernels.core().differentiable(kernel, arguments);
  }
}
