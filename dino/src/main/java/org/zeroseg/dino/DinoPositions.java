package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.zeroseg.core.tensor.Weights;

/** The positional table on any grid; resampled once a grid and kept in the model's manager. */
final class DinoPositions {

  private final DinoConfig config;
  private final Weights weights;
  private final PositionRule rule;
  private final NDManager manager;
  private final Map<Grid, NDArray> tables = new ConcurrentHashMap<>();

  DinoPositions(DinoConfig config, Weights weights, PositionRule rule, NDManager manager) {
    this.config = config;
    this.weights = weights;
    this.rule = rule;
    this.manager = manager;
  }

  /** {@code [1, 1 + N, D]} for pixels {@code [B, 3, H, W]}. */
  NDArray at(Shape pixels, int stride) {
    Grid grid = config.grid(pixels, stride);
    NDArray stored = weights.get("pos_embed");
    return rule.keeps(config, grid, pixels.get(2) == pixels.get(3))
        ? stored
        : tables.computeIfAbsent(grid, key -> cached(stored, key));
  }

  /** The same, made anew in the manager of the call with a gradient into the table. */
  NDArray differentiable(Shape pixels, int stride, NDManager call) {
    Grid grid = config.grid(pixels, stride);
    NDArray stored = weights.get("pos_embed");
    if (rule.keeps(config, grid, pixels.get(2) == pixels.get(3))) {
      return stored;
    }
    NDArray view = stored.reshape(stored.getShape()); // what is made of it belongs to the call
    view.attach(call);
    return resample(view, grid);
  }

  private NDArray cached(NDArray stored, Grid grid) {
    try (NDManager scratch = manager.newSubManager()) {
      NDArray source = stored.duplicate();
      source.attach(scratch);
      NDArray table = resample(source, grid);
      table.attach(manager);
      return table;
    }
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
