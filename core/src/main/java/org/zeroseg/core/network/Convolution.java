package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.zeroseg.core.Precision;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * A two-dimensional convolution, and the batch norm after it if there is one. Immutable and
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
  private final Sampling sampling;
  private final Optional<BatchNorm> norm;

  private Convolution(
      NDArray weight, NDArray bias, NDArray options, Sampling sampling, Optional<BatchNorm> norm) {
    this.weight = weight;
    this.bias = bias;
    this.options = options;
    this.sampling = sampling;
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
    return new Convolution(at.get("weight"), bias, options, sampling, Optional.empty());
  }

  /**
   * The same convolution with a norm after it.
   *
   * @param behind the norm of its output
   * @return another view of the weights
   */
  public Convolution normed(BatchNorm behind) {
    return new Convolution(weight, bias, options, sampling, Optional.of(behind));
  }

  /**
   * The same map with the norm's stored statistics worked into the filters: half the work, and for
   * inference only.
   *
   * @param manager the model's manager; owns the new filters
   * @return a convolution without a norm; this one if it has none
   */
  public Convolution folded(NDManager manager) {
    return norm.isEmpty() ? this : folded(manager, Precision.FLOAT32);
  }

  /**
   * The same in a reduced precision: inputs are cast to it, and outputs back.
   *
   * @param manager the model's manager; owns the new filters, which are all that it needs
   * @param precision the format of products, not {@link Precision#AUTO}
   * @return a convolution without a norm
   */
  public Convolution folded(NDManager manager, Precision precision) {
    NDArray[] wide =
        norm.isPresent()
            ? norm.get().folded(weight, bias)
            : new NDArray[] {weight.duplicate(), bias.duplicate()};
    NDArray[] lasting = new NDArray[wide.length];
    for (int i = 0; i < wide.length; i++) {
      lasting[i] = reduced(wide[i], precision);
      if (lasting[i] != wide[i]) {
        wide[i].close();
      }
      lasting[i].attach(manager);
    }
    NDArray own = Kernels.numbers(manager, options.toDoubleArray());
    return new Convolution(lasting[0], lasting[1], own, sampling, Optional.empty());
  }

  /**
   * A weight in the format of products.
   *
   * @param array float32
   * @param precision not {@link Precision#AUTO}
   * @return a copy, or in float32 the array itself; bfloat16 may be passed to kernels only
   */
  public static NDArray reduced(NDArray array, Precision precision) {
    return switch (precision) {
      case BFLOAT16 -> Kernels.core().call("to_bfloat16", array);
      case FLOAT16 -> Kernels.core().call("to_float16", array);
      default -> array;
    };
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

  /**
   * Some rows of the output, computed of the rows of the input that they see, without gradients.
   *
   * @param x {@code [B, C, H, W]}
   * @param top the first row
   * @param bottom the row after the last
   * @return {@code [B, O, bottom - top, W']}, equal to those of {@link #forward} up to rounding
   */
  public NDArray rows(NDArray x, int top, int bottom) {
    int from = top * sampling.stride() - sampling.padding();
    int to = (bottom - 1) * sampling.stride() - sampling.padding() + reach();
    int height = (int) x.getShape().get(2);
    NDArray maps;
    try (NDArray rows =
        Kernels.numbers(
            x.getManager(),
            Math.max(0, from),
            Math.min(height, to),
            Math.max(0, -from),
            Math.max(0, to - height))) {
      maps = Mode.INFERENCE.call("conv2d_rows", x, weight, bias, options, rows);
    }
    if (norm.isEmpty()) {
      return maps;
    }
    try (maps) {
      return norm.get().forward(maps, Mode.INFERENCE);
    }
  }

  /**
   * This depthwise convolution and then a pointwise one, some channels at a time, without
   * gradients: the map between them is never whole.
   *
   * @param x {@code [B, C, H, W]}
   * @param mixing the pointwise one, without a norm
   * @param atOnce channels at a time
   * @return {@code [B, O, H', W']}, equal up to rounding
   * @throws IllegalStateException if this one has a norm or a bias, or the other a norm
   */
  public NDArray separable(NDArray x, Convolution mixing, int atOnce) {
    if (norm.isPresent() || bias.size() > 0 || mixing.norm.isPresent()) {
      throw new IllegalStateException("only convolutions without norms can be taken in parts");
    }
    try (NDArray channels = Kernels.numbers(x.getManager(), atOnce)) {
      NDArray sum = Mode.INFERENCE.call("separable", x, weight, mixing.weight, options, channels);
      if (mixing.bias.size() == 0) {
        return sum;
      }
      try (sum) {
        return Mode.INFERENCE.call("add_bias_in_place", sum, mixing.bias);
      }
    }
  }

  /** Rows or columns that an output cell sees. */
  private int reach() {
    return sampling.dilation() * ((int) weight.getShape().get(2) - 1) + 1;
  }

  /**
   * The output's side for an input's.
   *
   * @param side rows or columns
   * @return rows or columns
   */
  int size(long side) {
    return (int) (side + 2L * sampling.padding() - reach()) / sampling.stride() + 1;
  }

  /** Channels of the output. */
  int channels() {
    return (int) weight.getShape().get(0);
  }
}
