package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import org.zeroseg.core.tensor.Kernels;

/** Pooling of feature maps {@code [B, C, H, W]}; results belong to the manager of the maps. */
public final class Pooling {

  private Pooling() {}

  /**
   * The largest of each window; what is outside the map never wins.
   *
   * @param x {@code [B, C, H, W]}
   * @param side of the window
   * @param stride cells between windows
   * @param padding cells that windows may reach over every side
   * @param mode whether gradients flow
   * @return {@code [B, C, H', W']}
   */
  public static NDArray max(NDArray x, int side, int stride, int padding, Mode mode) {
    try (NDArray options = Kernels.numbers(x.getManager(), side, stride, padding)) {
      return mode.call("max_pool", x, options);
    }
  }

  /**
   * The mean of each window, windows side by side; what does not fill one at the right and bottom
   * is left out.
   *
   * @param x {@code [B, C, H, W]}
   * @param side of the window
   * @param mode whether gradients flow
   * @return {@code [B, C, H / side, W / side]}
   */
  public static NDArray average(NDArray x, int side, Mode mode) {
    try (NDArray options = Kernels.numbers(x.getManager(), side)) {
      return mode.call("average_pool", x, options);
    }
  }

  /**
   * The mean of the whole map.
   *
   * @param x {@code [B, C, H, W]}
   * @return {@code [B, C]}; gradients flow wherever a collector is open
   */
  public static NDArray global(NDArray x) {
    try (NDArray rows = x.mean(new int[] {3})) { // the engine takes one axis at a time
      return rows.mean(new int[] {2});
    }
  }
}
