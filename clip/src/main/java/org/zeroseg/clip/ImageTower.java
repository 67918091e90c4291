package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;

/**
 * The image half of CLIP, from normalised pixels to the joint space. Results belong to the manager
 * of the pixels.
 */
public sealed interface ImageTower permits VisionTransformer, ModifiedResNet {

  /**
   * Image embeddings.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised; sides other than the native size are multiples
   *     of the stride, and positions are resampled
   * @return {@code [B, D]}, not of unit length
   */
  NDArray encode(NDArray pixels);
}
