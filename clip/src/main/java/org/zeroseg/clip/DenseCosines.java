package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;

/** Compares the cells of pictures with words. */
interface DenseCosines {

  /** The side of the smallest picture that has a cell, in pixels. */
  int leastSide();

  /**
   * Cosines of every cell with every word.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @param words {@code [K, D]} of unit length
   */
  DenseClip.Map cosines(NDArray pixels, NDArray words);
}
