package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
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
   * Whether gradients flow.
   *
   * @return whether the pass is recorded
   */
  public boolean records() {
    return this != INFERENCE;
  }

  /**
   * Runs a kernel that every method shares.
   *
   * @param kernel its name
   * @param arguments its tensors; the result belongs to the manager of the first
   * @return the result
   */
  public NDArray call(String kernel, NDArray... arguments) {
    return call(Kernels.core(), kernel, arguments);
  }

  /**
   * Runs a kernel.
   *
   * @param kernels where it is
   * @param kernel its name
   * @param arguments its tensors; the result belongs to the manager of the first
   * @return the result
   */
  public NDArray call(Kernels kernels, String kernel, NDArray... arguments) {
    return callAll(kernels, kernel, arguments).singletonOrThrow();
  }

  /**
   * Runs a kernel that returns several tensors.
   *
   * @param kernels where it is
   * @param kernel its name
   * @param arguments its tensors; the results belong to the manager of the first
   * @return the results in order
   */
  public NDList callAll(Kernels kernels, String kernel, NDArray... arguments) {
    return records()
        ? kernels.differentiableAll(kernel, arguments)
        : kernels.callAll(kernel, arguments);
  }

  /**
   * The positive part of an array that nobody else needs.
   *
   * @param x closed, and overwritten where nothing is recorded
   * @return the same shape
   */
  public NDArray relu(NDArray x) {
    try (x) {
      return call(records() ? "relu" : "relu_in_place", x);
    }
  }

  /**
   * The positive part of a sum, as residual blocks end.
   *
   * @param x closed, and overwritten where nothing is recorded
   * @param shortcut of the same shape; stays as it is
   * @return the same shape
   */
  public NDArray addRelu(NDArray x, NDArray shortcut) {
    try (x) {
      return call(records() ? "add_relu" : "add_relu_in_place", x, shortcut);
    }
  }
}
