package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * What a training makes small.
 *
 * @param <B> a batch
 */
@FunctionalInterface
public interface Objective<B> {

  /**
   * The loss of a batch, recording gradients.
   *
   * @param batch the data
   * @param manager owns all arrays of this step; closed behind it
   * @return one number
   */
  NDArray loss(B batch, NDManager manager);

  /** Called behind every update, for constraints on the weights. */
  default void constrain() {}
}
