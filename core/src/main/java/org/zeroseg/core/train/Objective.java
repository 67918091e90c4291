package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * The loss of a training run.
 *
 * @param <B> a batch
 */
@FunctionalInterface
public interface Objective<B> {

  /**
   * The loss of a batch, recording gradients.
   *
   * @param batch the data
   * @param manager owns all arrays of this step; closed after it
   * @return one number
   */
  NDArray loss(B batch, NDManager manager);

  /**
   * Whether something can be learnt from a batch. One that is not usable, because all of its pixels
   * are ignored say, counts as a step with a loss of 0, and changes nothing: no weight, no running
   * mean.
   *
   * @param batch the data
   * @return true unless overridden
   */
  default boolean usable(B batch) {
    return true;
  }

  /** Called after every update: to keep weights in bounds, or to let a running mean follow. */
  default void afterUpdate() {}
}
