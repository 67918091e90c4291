package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * Stochastic gradient descent with momentum (not Nesterov's) and PyTorch's arithmetic, in place:
 * weight decay is added to the gradient, the gradient to the momentum. Its state is {@code
 * sgd.momentum.NAME} of every parameter.
 */
public final class Sgd extends GroupOptimiser {

  private final double momentum;

  /**
   * An optimiser at step 0, which asks for the gradients of all parameters.
   *
   * @param groups all that is to be trained
   * @param momentum what the momentum keeps of itself in a step: 0.9 usually, 0 for none
   * @throws IllegalArgumentException if there is no parameter, a name occurs twice, or the momentum
   *     is not in [0, 1)
   */
  public Sgd(List<Group> groups, double momentum) {
    super(groups, List.of("sgd.momentum"));
    if (!(momentum >= 0 && momentum < 1)) {
      throw new IllegalArgumentException("a momentum of " + momentum);
    }
    this.momentum = momentum;
  }

  @Override
  double[] hyperParameters(double rate, double weightDecay, long update) {
    return new double[] {rate, momentum, weightDecay};
  }

  @Override
  void update(NDArray gradient, NDArray parameter, List<NDArray> kept, NDArray hyperParameters) {
    KERNELS.call("sgd", gradient, parameter, kept.get(0), hyperParameters);
  }
}
