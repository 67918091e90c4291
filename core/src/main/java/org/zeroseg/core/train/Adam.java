package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import java.util.List;

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
    KERNELS.call("adam", gradient, parameter, kept.get(0), kept.get(1), hyperParameters);
  }
}
