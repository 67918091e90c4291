package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Updates parameters by the gradients of a loss. Not thread-safe.
 *
 * <p>Every parameter of its groups is updated in every step, one without a gradient by its weight
 * decay alone: leave out what is not to change.
 */
public sealed interface Optimiser extends AutoCloseable permits GroupOptimiser {

  /**
   * Parameters that share their hyper-parameters.
   *
   * @param parameters names and float32 arrays; they are changed in place
   * @param schedule their learning rate
   * @param weightDecay how strongly they are drawn to zero
   */
  record Group(Map<String, NDArray> parameters, Schedule schedule, double weightDecay) {

    /** Copies the map, in its order. */
    public Group {
      parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * The usual two groups: matrices and convolutions are drawn to zero, gains, biases and single
     * numbers are not.
     *
     * @param parameters names and float32 arrays; they are changed in place
     * @param schedule their learning rate
     * @param weightDecay of those with more than one dimension
     * @return those that decay, and the others
     */
    public static List<Group> decayingMatrices(
        Map<String, NDArray> parameters, Schedule schedule, double weightDecay) {
      Map<String, NDArray> decayed = new LinkedHashMap<>();
      Map<String, NDArray> free = new LinkedHashMap<>();
      parameters.forEach(
          (name, array) -> (array.getShape().dimension() > 1 ? decayed : free).put(name, array));
      return List.of(new Group(decayed, schedule, weightDecay), new Group(free, schedule, 0));
    }
  }

  /**
   * Shortens gradients before every step, as {@code clip_grad_norm_} does (Pascanu et al. 2013).
   *
   * @param norm the greatest length of all gradients as one vector; infinite for no clipping
   * @return this
   * @throws IllegalArgumentException if the length is not positive
   */
  Optimiser clipping(double norm);

  /**
   * Differentiates a loss. The engine hands the gradients over: nothing is added to arrays that
   * wait for them.
   *
   * @param loss one number, recorded from the parameters; what was recorded is used up
   * @return a gradient for every parameter by its name, zeros where the loss does not depend on it;
   *     they belong to the loss's manager
   */
  Map<String, NDArray> gradients(NDArray loss);

  /**
   * Changes every parameter by its gradient.
   *
   * @param gradients for every parameter by its name; clipping changes them in place
   */
  void step(Map<String, NDArray> gradients);

  /** Lets a step pass without an update: the learning rates go on, nothing else changes. */
  void skip();

  /**
   * Steps made so far, skipped ones included.
   *
   * @return 0 at the start
   */
  long steps();

  /**
   * Steps that were skipped.
   *
   * @return 0 at the start
   */
  long skipped();

  /**
   * The learning rate of the next step.
   *
   * @return one rate a group
   */
  List<Double> rates();

  /**
   * What the next step depends on besides parameters and numbers of steps.
   *
   * @return running means or momenta by names that begin with the method's; the arrays themselves
   */
  Map<String, NDArray> state();

  /**
   * Continues after a number of steps; the arrays of {@link #state()} are restored by whoever has
   * kept them.
   *
   * @param steps made before, skipped ones included
   * @param skipped how many of them were
   */
  void resumeAfter(long steps, long skipped);

  /** Frees the state; the parameters stay, and ask for gradients no longer. */
  @Override
  void close();
}
