package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;

/**
 * Dense descriptors of pictures (Amir et al. 2021): a facet of a block at every position of a grid
 * as fine as the stride asks, optionally with its surroundings in logarithmic bins.
 *
 * @param facet what to read of the block
 * @param layer the block, from 0
 * @param stride pixels between positions; must divide the patch
 * @param logBins whether to add the surroundings: 17 times as many channels
 */
public record DenseDescriptors(Facet facet, int layer, int stride, boolean logBins) {

  /** Windows of 1 at all nine offsets, then windows of 3 at the eight around. */
  private static final int BINS = 17;

  /**
   * Describes every position. Channels of keys, queries and values are in the order of the
   * reference, {@code i * heads + head}; those of tokens as they are.
   *
   * @param vit the transformer
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @return {@code [B, N, D]}, or {@code [B, N, 17 D]} with bins, bin by bin
   */
  public NDArray describe(DinoVit vit, NDArray pixels) {
    NDArray tokens = DinoVit.withoutClass(vit.facet(pixels, facet, layer, stride));
    NDArray found = facet == Facet.TOKEN ? tokens : headsInnermost(tokens, vit.config().heads());
    return logBins ? logBins(found, vit.grid(pixels.getShape(), stride)) : found;
  }

  /** Channel {@code head * d + i} becomes {@code i * heads + head}. */
  static NDArray headsInnermost(NDArray tokens, int heads) {
    Shape shape = tokens.getShape();
    return tokens
        .reshape(shape.get(0), shape.get(1), heads, -1)
        .swapAxes(2, 3)
        .reshape(shape.get(0), shape.get(1), -1);
  }

  private static NDArray logBins(NDArray descriptors, Grid grid) {
    long batch = descriptors.getShape().get(0);
    NDArray map = descriptors.swapAxes(1, 2).reshape(batch, -1, grid.rows(), grid.columns());
    NDList bins = DinoVit.KERNELS.callAll("bins", map);
    NDList parts = new NDList(BINS);
    for (int y = 0; y <= 2; y++) {
      for (int x = 0; x <= 2; x++) {
        parts.add(window(bins.get(0), y, x, grid));
      }
    }
    for (int y = 0; y <= 6; y += 3) {
      for (int x = 0; x <= 6; x += 3) {
        if (y != 3 || x != 3) {
          parts.add(window(bins.get(1), y, x, grid));
        }
      }
    }
    return NDArrays.concat(parts, 1).reshape(batch, -1, grid.size()).swapAxes(1, 2);
  }

  private static NDArray window(NDArray padded, int y, int x, Grid grid) {
    return padded.get(new NDIndex(":, :, {}:{}, {}:{}", y, y + grid.rows(), x, x + grid.columns()));
  }
}
