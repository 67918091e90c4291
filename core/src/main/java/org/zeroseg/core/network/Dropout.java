package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.random.RandomGenerator;

/**
 * Dropout (Srivastava et al. 2014): in {@link Mode#TRAINING} some elements are put to zero and the
 * rest is scaled up, so that the expectation stays; in the other modes nothing happens.
 *
 * @param rate the share of elements that are dropped, from 0 to below 1
 */
public record Dropout(double rate) {

  /**
   * Checks the rate.
   *
   * @throws IllegalArgumentException if it is not in [0, 1)
   */
  public Dropout {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("a dropout rate of " + rate + " is not in [0, 1)");
    }
  }

  /**
   * Drops elements by chance.
   *
   * @param x float32 of any shape
   * @param random where chance comes from; the same state drops the same elements
   * @param mode drops in training only
   * @return the same shape; x itself where nothing is dropped
   */
  public NDArray forward(NDArray x, RandomGenerator random, Mode mode) {
    if (mode != Mode.TRAINING || rate == 0) {
      return x;
    }
    boolean[] kept = new boolean[Math.toIntExact(x.size())];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = random.nextFloat() >= rate;
    }
    try (NDArray mask = x.getManager().create(kept, x.getShape())) {
      return keep(x, mask);
    }
  }

  /**
   * Drops the elements that a mask does not keep.
   *
   * @param x float32 of any shape
   * @param kept of the same shape, not zero where an element is kept
   * @return {@code x kept / (1 - rate)}
   */
  public NDArray keep(NDArray x, NDArray kept) {
    try (NDArray ones = kept.toType(DataType.FLOAT32, true);
        NDArray scale = ones.div((float) (1 - rate))) {
      return x.mul(scale);
    }
  }
}
