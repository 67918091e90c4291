package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.zeroseg.core.tensor.Kernels;

/** Arrays that follow the weights of a training run: their exponential mean over the steps. */
public final class RunningMean {

  private final Map<String, NDArray> weights;
  private final Map<String, NDArray> means;

  /**
   * Means that exist.
   *
   * @param weights what is followed
   * @param means what follows, under the same names and in the same shapes; changed in place
   */
  public RunningMean(Map<String, NDArray> weights, Map<String, NDArray> means) {
    this.weights = new LinkedHashMap<>(weights);
    this.means = new LinkedHashMap<>(means);
  }

  /**
   * Means that start where the weights are.
   *
   * @param weights what is followed
   * @return means, owned by the weights' manager
   */
  public static RunningMean of(Map<String, NDArray> weights) {
    Map<String, NDArray> means = new LinkedHashMap<>();
    weights.forEach((name, array) -> means.put(name, array.duplicate()));
    return new RunningMean(weights, means);
  }

  /**
   * The means.
   *
   * @return the arrays themselves, which change with every step, in the order of the weights
   */
  public Map<String, NDArray> means() {
    return Collections.unmodifiableMap(means);
  }

  /**
   * Takes a step towards the weights.
   *
   * @param keeps share of the mean that stays
   */
  public void follow(double keeps) {
    try (NDManager call = means.values().iterator().next().getManager().newSubManager()) {
      NDArray share = Kernels.numbers(call, keeps);
      means.forEach(
          (name, mean) -> GroupOptimiser.KERNELS.call("follow", share, weights.get(name), mean));
    }
  }
}
