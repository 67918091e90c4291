package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.zeroseg.core.tensor.Weights;

/**
 * The positional table on any grid. It is resampled for every call, which costs next to nothing
 * beside the blocks: kept, one a grid would pile up over pictures of many sizes.
 *
 * @param config the transformer's sizes
 * @param weights its arrays
 * @param rule how positions are carried to other grids
 */
record DinoPositions(DinoConfig config, Weights weights, PositionRule rule) {

  /** {@code [1, 1 + N, D]} for pixels {@code [B, 3, H, W]}, with a gradient into the table. */
  NDArray at(Shape pixels, int stride, NDManager call) {
    Grid grid = config.grid(pixels, stride);
    NDArray stored = weights.get("pos_embed");
    if (rule.keeps(config, grid, pixels.get(2) == pixels.get(3))) {
      return stored;
    }
    NDArray view = stored.reshape(stored.getShape()); // what is made of it belongs to the call
    view.attach(call);
    return resample(view, grid);
  }

  /** {@code [1, 1 + n n, D] -> [1, 1 + N, D]}; the class token's row is kept. */
  private NDArray resample(NDArray stored, Grid grid) {
    int n = config.side();
    NDArray picture = stored.get(":, 1:").reshape(1, n, n, config.width()).transpose(0, 3, 1, 2);
    NDArray resampled = rule.resample(picture, grid);
    NDArray rows = resampled.transpose(0, 2, 3, 1).reshape(1, grid.size(), config.width());
    return stored.get(":, :1").concat(rows, 1);
  }
}
