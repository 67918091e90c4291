package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * Batch normalisation of channels (Ioffe and Szegedy 2015) under PyTorch's names. In {@link
 * Mode#TRAINING} it normalises by the batch, moves the running mean and the running, unbiased
 * variance in place and counts the batch; in the other modes it normalises by what is stored.
 */
public final class BatchNorm {

  /** PyTorch's default: what is added to variances. */
  public static final double EPSILON = 1e-5;

  /** PyTorch's default: the weight of the batch in the running statistics. */
  public static final double MOMENTUM = 0.1;

  private static final String COUNT = "num_batches_tracked";

  private final NDArray weight;
  private final NDArray bias;
  private final NDArray mean;
  private final NDArray variance;
  private final Optional<NDArray> count;
  private final NDArray stored;
  private final NDArray training;
  private final NDArray epsilon;

  private BatchNorm(
      Weights at, Optional<NDArray> count, double momentum, double epsilon, NDManager manager) {
    this.weight = at.get("weight");
    this.bias = at.get("bias");
    this.mean = at.get("running_mean");
    this.variance = at.get("running_var");
    this.count = count;
    this.stored = Kernels.numbers(manager, 0, momentum, epsilon);
    this.training = Kernels.numbers(manager, 1, momentum, epsilon);
    this.epsilon = Kernels.numbers(manager, epsilon);
  }

  /**
   * A norm on given weights.
   *
   * @param at {@code weight}, {@code bias}, {@code running_mean}, {@code running_var} and, if
   *     batches are counted, {@code num_batches_tracked}
   * @param momentum in PyTorch's sense: the weight of the batch in the running statistics
   * @param epsilon added to variances
   * @param manager the model's manager; owns a few small arrays
   * @return the norm
   */
  public static BatchNorm of(Weights at, double momentum, double epsilon, NDManager manager) {
    return new BatchNorm(at, at.find(COUNT), momentum, epsilon, manager);
  }

  /**
   * A norm that leaves the count of batches alone, with PyTorch's momentum and epsilon.
   *
   * @param at {@code weight}, {@code bias}, {@code running_mean}, {@code running_var}
   * @param manager the model's manager; owns a few small arrays
   * @return the norm
   */
  public static BatchNorm uncounted(Weights at, NDManager manager) {
    return new BatchNorm(at, Optional.empty(), MOMENTUM, EPSILON, manager);
  }

  /**
   * Adds the names and shapes of a norm's tensors.
   *
   * @param shapes where to add
   * @param name of the norm
   * @param channels its channels
   */
  public static void shapes(Map<String, Shape> shapes, String name, long channels) {
    for (String part : new String[] {"weight", "bias", "running_mean", "running_var"}) {
      shapes.put(name + "." + part, new Shape(channels));
    }
    shapes.put(name + "." + COUNT, new Shape());
  }

  /**
   * Whether a tensor is a norm's statistic, which no gradient changes.
   *
   * @param name of the tensor
   * @return whether it is a running mean, a running variance or a count of batches
   */
  public static boolean isStatistic(String name) {
    return name.endsWith("running_mean") || name.endsWith("running_var") || name.endsWith(COUNT);
  }

  /**
   * Whether a tensor counts batches; checkpoints from before 2018 have none.
   *
   * @param name of the tensor
   * @return whether it does
   */
  public static boolean isCount(String name) {
    return name.endsWith(COUNT);
  }

  /**
   * The normalised array.
   *
   * @param x {@code [B, C, ...]}
   * @param mode whether gradients flow and statistics are the batch's
   * @return the same shape
   */
  public NDArray forward(NDArray x, Mode mode) {
    boolean train = mode == Mode.TRAINING;
    if (train && count.isPresent()) {
      // The handle that comes back belongs to the model's manager, which outlives the call.
      Kernels.core().call("count_batch", count.get()).close();
    }
    return mode.call("batch_norm", x, weight, bias, mean, variance, train ? training : stored);
  }

  /** Weight and bias of a convolution with this norm's stored statistics worked in. */
  NDArray[] folded(NDArray filters, NDArray filterBias) {
    return Kernels.core()
        .callAll("fold_norm", filters, filterBias, weight, bias, mean, variance, epsilon)
        .toArray(NDArray[]::new);
  }
}
