package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * A two-dimensional convolution, and the batch norm behind it if there is one. Immutable and
 * thread-safe; holds arrays of the model's manager, and results belong to the manager of the input.
 */
public final class Convolution {

  /**
   * Where a convolution samples, the same along both axes.
   *
   * @param stride cells between outputs
   * @param padding zeros on every side
   * @param dilation cells between the filter's taps
   * @param groups channels that see only each other; as many as channels for a depthwise one
   */
  public record Sampling(int stride, int padding, int dilation, int groups) {

    /** Of a 1 x 1 filter that mixes channels cell by cell. */
    public static final Sampling POINTWISE = new Sampling(1, 0, 1, 1);

    /**
     * Of a filter of odd side that keeps the size, but for the stride.
     *
     * @param side of the filter
     * @param stride cells between outputs
     * @param dilation cells between the filter's taps
     * @return the sampling with padding {@code dilation (side - 1) / 2}
     */
    public static Sampling same(int side, int stride, int dilation) {
      return new Sampling(stride, dilation * (side - 1) / 2, dilation, 1);
    }

    /**
     * The same sampling, every channel by itself.
     *
     * @param channels of the input
     * @return the sampling with as many groups
     */
    public Sampling depthwise(int channels) {
      return new Sampling(stride, padding, dilation, channels);
    }
  }

  private final NDArray weight;
  private final NDArray bias;
  private final NDArray options;
  private final Optional<BatchNorm> norm;

  private Convolution(NDArray weight, NDArray bias, NDArray options, Optional<BatchNorm> norm) {
    this.weight = weight;
    this.bias = bias;
    this.options = options;
    this.norm = norm;
  }

  /**
   * A convolution on given weights.
   *
   * @param at {@code weight [O, C / groups, k, k]} and, if it has one, {@code bias [O]}
   * @param sampling where it samples
   * @param manager the model's manager; owns a few small arrays
   * @return the convolution, without a norm
   */
  public static Convolution of(Weights at, Sampling sampling, NDManager manager) {
    NDArray options =
        Kernels.numbers(
            manager, sampling.stride(), sampling.padding(), sampling.dilation(), sampling.groups());
    NDArray bias = at.find("bias").orElseGet(() -> manager.create(new Shape(0)));
    return new Convolution(at.get("weight"), bias, options, Optional.empty());
  }

  /**
   * The same convolution with a norm behind it.
   *
   * @param behind the norm of its output
   * @return another view of the weights
   */
  public Convolution normed(BatchNorm behind) {
    return new Convolution(weight, bias, options, Optional.of(behind));
  }

  /**
   * The same map with the norm's stored statistics worked into the filters: half the work, and for
   * inference only.
   *
   * @param manager the model's manager; owns the new filters
   * @return a convolution without a norm; this one if it has none
   */
  public Convolution folded(NDManager manager) {
    if (norm.isEmpty()) {
      return this;
    }
    NDArray[] folded = norm.get().folded(weight, bias);
    for (NDArray array : folded) {
      array.attach(manager);
    }
    return new Convolution(folded[0], folded[1], options, Optional.empty());
  }

  /**
   * The convolution and its norm.
   *
   * @param x {@code [B, C, H, W]}
   * @param mode whether gradients flow, and how the norm takes its statistics
   * @return {@code [B, O, H', W']}
   */
  public NDArray forward(NDArray x, Mode mode) {
    NDArray maps = mode.call("conv2d", x, weight, bias, options);
    if (norm.isEmpty()) {
      return maps;
    }
    try (maps) { // what the backward pass needs of it, autograd keeps
      return norm.get().forward(maps, mode);
    }
  }
}
