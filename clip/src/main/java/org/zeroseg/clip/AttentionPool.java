package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * CLIP's attention pooling over the cells of a feature map, with their mean in front as one more
 * token.
 */
record AttentionPool(Weights weights, NDArray meanAsks, NDArray everyTokenAsks) {

  AttentionPool(Weights weights, int heads, NDManager manager) {
    this(weights, options(manager, heads, 1), options(manager, heads, 0));
  }

  private static NDArray options(NDManager manager, int heads, int queries) {
    return Kernels.numbers(manager, heads, queries);
  }

  /** {@code [B, C, h, w] -> [B, D]}: what the mean finds. */
  NDArray pool(NDArray features, PositionResampling positions, Mode mode) {
    return attend(features, position(features, positions, mode), meanAsks, mode).squeeze(1);
  }

  /** {@code [B, C, h, w] -> [B, 1 + h w, D]}: what every token finds, the mean first. */
  NDArray every(NDArray features, PositionResampling positions, Mode mode) {
    return attend(features, position(features, positions, mode), everyTokenAsks, mode);
  }

  /** As {@link #every}, without positions. */
  NDArray everyUnplaced(NDArray features) {
    long cells = features.getShape().get(2) * features.getShape().get(3);
    NDArray nowhere = features.getManager().zeros(new Shape(1 + cells, 1));
    return attend(features, nowhere, everyTokenAsks, Mode.INFERENCE);
  }

  /** The keys of cells {@code [B, h w, C]}. */
  NDArray keys(NDArray cells) {
    return Kernels.core()
        .call("linear", cells, weights.get("k_proj.weight"), weights.get("k_proj.bias"));
  }

  private NDArray position(NDArray features, PositionResampling positions, Mode mode) {
    int height = (int) features.getShape().get(2);
    int width = (int) features.getShape().get(3);
    NDArray table = weights.get("positional_embedding");
    return positions.resample(table, height, width, mode, features.getManager());
  }

  private NDArray attend(NDArray features, NDArray position, NDArray options, Mode mode) {
    return mode.call(
        "attention_pool",
        features,
        position,
        options,
        weights.get("q_proj.weight"),
        weights.get("q_proj.bias"),
        weights.get("k_proj.weight"),
        weights.get("k_proj.bias"),
        weights.get("v_proj.weight"),
        weights.get("v_proj.bias"),
        weights.get("c_proj.weight"),
        weights.get("c_proj.bias"));
  }
}
