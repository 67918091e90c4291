package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) with PyTorch's arithmetic, in
 * place. Its state is {@code adam.mean.NAME} and {@code adam.square.NAME} of every parameter.
 */
public final class Adam extends GroupOptimiser {

  /**
   * Constants of the method.
   *
   * @param beta1 decay of the running mean of gradients
   * @param beta2 decay of the running mean of their squares
   * @param epsilon added to the root of the latter
   * @param decoupled whether weight decay shrinks the parameters (AdamW) or is added to their
   *     gradients (Adam with L2 regularisation)
   */
  public record Options(double beta1, double beta2, double epsilon, boolean decoupled) {

    /** PyTorch's defaults of AdamW: 0.9, 0.999, 1e-8, decoupled. */
    public static final Options ADAM_W = new Options(0.9, 0.999, 1e-8, true);

    /** PyTorch's defaults of Adam: 0.9, 0.999, 1e-8, not decoupled. */
    public static final Options ADAM = new Options(0.9, 0.999, 1e-8, false);
  }

  /** Elements of a block: of all arrays they fit in a core's cache, and one thread takes them. */
  private static final int BLOCK = 1 << 15;

  private final Options options;

  /**
   * An optimiser at step 0, which asks for the gradients of all parameters.
   *
   * @param groups all that is to be trained
   * @param options constants
   * @throws IllegalArgumentException if there is no parameter, or a name occurs twice
   */
  public Adam(List<Group> groups, Options options) {
    super(groups, List.of("adam.mean", "adam.square"));
    this.options = options;
  }

  @Override
  double[] hyperParameters(double rate, double weightDecay, long update) {
    return new double[] {
      rate,
      options.beta1(),
      options.beta2(),
      options.epsilon(),
      weightDecay,
      options.decoupled() ? 1 : 0,
      update
    };
  }

  @Override
  void update(NDArray gradient, NDArray parameter, List<NDArray> kept, NDArray hyperParameters) {
    NDArray mean = kept.get(0);
    NDArray square = kept.get(1);
    if (parameter.size() <= 2 * BLOCK || gradient.getDevice().isGpu()) {
      KERNELS.call("update", gradient, parameter, mean, square, hyperParameters);
      return;
    }
    List<NDArray> parts = parts(parameter.size(), hyperParameters.getManager());
    Consumer<NDArray> moments =
        part ->
            KERNELS.call(
                "update_moments", gradient, parameter, mean, square, hyperParameters, part);
    parts.parallelStream().forEach(moments);
    try (NDArray roots = KERNELS.call("roots", gradient, square)) {
      Consumer<NDArray> end =
          part ->
              KERNELS.call(
                  "update_parameter", gradient, parameter, mean, roots, hyperParameters, part);
      parts.parallelStream().forEach(end);
    }
  }

  /** An equal share for each of the engine's threads. */
  private static List<NDArray> parts(long size, NDManager call) {
    int threads = TorchEngine.threads();
    List<NDArray> parts = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      long from = size * i / threads;
      long to = size * (i + 1) / threads;
      parts.add(Kernels.numbers(call, (double) from, (double) to, BLOCK));
    }
    return parts;
  }
}
