package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.QueryDecoder;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * SelfMask's network as functions of its weights (Shin et al. 2022, Sec. 3.2): learned queries are
 * decoded against the patches of a vision transformer; a query's inner products with the patches
 * are its mask. Instances are thread-safe and hold arrays of the model's manager; results belong to
 * the manager of the pixels.
 */
final class SelfMaskNetwork {

  static final Kernels KERNELS = Kernels.of(SelfMaskNetwork.class, "selfmask.torchscript");

  private final SelfMaskConfig config;
  private final DinoVit encoder;
  private final QueryDecoder decoder;
  private final Weights weights;
  private final Mode mode;

  /**
   * What a network sees.
   *
   * @param patches the encoder's tokens without the class token {@code [B, N, D]}
   * @param grid where they lie
   * @param queries one {@code [B, Q, D]} a decoder layer
   */
  record Seen(NDArray patches, Grid grid, NDList queries) {
    NDArray lastQueries() {
      return queries.get(queries.size() - 1);
    }
  }

  private SelfMaskNetwork(
      SelfMaskConfig config, DinoVit encoder, QueryDecoder decoder, Weights weights, Mode mode) {
    this.config = config;
    this.encoder = encoder;
    this.decoder = decoder;
    this.weights = weights;
    this.mode = mode;
  }

  /**
   * The network on given weights under their original names. Positions are carried to other grids
   * by {@link PositionRule#SELFMASK} as released, or {@link PositionRule#TARGET_SIZE} without its
   * fault.
   */
  static SelfMaskNetwork of(
      SelfMaskConfig config, Weights weights, PositionRule rule, NDManager manager) {
    return new SelfMaskNetwork(
        config,
        DinoVit.of(config.encoder(), weights.at(SelfMaskConfig.ENCODER), rule, manager),
        QueryDecoder.of(
            weights.at(SelfMaskConfig.DECODER), config.layers(), config.heads(), false, manager),
        weights,
        Mode.INFERENCE);
  }

  /** The same network for another purpose: a view on the same weights. */
  SelfMaskNetwork in(Mode changed) {
    return new SelfMaskNetwork(config, encoder.in(changed), decoder.in(changed), weights, changed);
  }

  /**
   * Encoder and decoder. Pixels {@code [B, 3, H, W]} of any size; zeros fill up the last patches.
   */
  Seen look(NDArray pixels) {
    int patch = config.encoder().patch();
    NDArray padded = Tiles.pad(pixels, patch);
    NDArray patches = DinoVit.withoutClass(encoder.forward(padded));
    NDList queries =
        decoder.forward(patches, Optional.empty(), weights.get(SelfMaskConfig.QUERIES));
    return new Seen(patches, encoder.grid(padded.getShape(), patch), queries);
  }

  /**
   * Masks of queries, at twice the resolution of the patches. The released code enlarges the
   * patches' features and multiplies then; enlarging is linear, so it may come last, and costs one
   * channel a query instead of D.
   *
   * @param queries {@code [B, Q, D]}
   * @return logits {@code [B, Q, 2 rows, 2 columns]}
   */
  static NDArray maskLogits(Seen seen, NDArray queries) {
    Grid grid = seen.grid();
    NDArray products = queries.matMul(seen.patches().swapAxes(1, 2));
    Shape shape = queries.getShape();
    NDArray maps = products.reshape(shape.get(0), shape.get(1), grid.rows(), grid.columns());
    return Interpolation.resize(
        maps, 2L * grid.rows(), 2L * grid.columns(), Interpolation.Mode.BILINEAR);
  }

  /** Objectness before the sigmoid: {@code [B, Q, D] -> [B, Q, 1]}. */
  NDArray objectnessLogits(NDArray queries) {
    NDArray[] arguments = new NDArray[7];
    arguments[0] = queries;
    for (int i = 0; i < 3; i++) {
      arguments[1 + 2 * i] = weights.get("ffn.layers." + i + ".weight");
      arguments[2 + 2 * i] = weights.get("ffn.layers." + i + ".bias");
    }
    return mode.call(KERNELS, "objectness", arguments);
  }

  /**
   * What training compares with a mask: the proposals of every layer.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @return probabilities of pixels {@code [B, L, Q, 2 rows, 2 columns]} and objectness {@code [B,
   *     L, Q, 1]}
   */
  NDList proposals(NDArray pixels) {
    Seen seen = look(pixels);
    NDArray queries = NDArrays.concat(seen.queries(), 1); // [B, L Q, D]
    NDArray masks = sigmoid(maskLogits(seen, queries));
    NDArray objectness = sigmoid(objectnessLogits(queries));
    long batch = pixels.getShape().get(0);
    Shape shape = masks.getShape();
    return new NDList(
        masks.reshape(batch, config.layers(), config.queries(), shape.get(2), shape.get(3)),
        objectness.reshape(batch, config.layers(), config.queries(), 1));
  }

  /**
   * The best mask of each picture: of the last layer's queries the one with the highest objectness,
   * the first of equals; only that one becomes a mask.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @return probabilities {@code [B, H, W]}, objectness {@code [B]} from 0 to 1, and the indices of
   *     the queries, int64 {@code [B]}
   */
  NDList detect(NDArray pixels) {
    Seen seen = look(pixels);
    NDArray queries = seen.lastQueries();
    NDList best = KERNELS.callAll("best", queries, objectnessLogits(queries));
    NDArray quarter = sigmoid(maskLogits(seen, best.get(0)));
    // The released code enlarges by 4 whatever the patch, which fits patches of 8 only.
    int patch = config.encoder().patch();
    NDArray whole =
        Interpolation.resize(
            quarter,
            (long) seen.grid().rows() * patch,
            (long) seen.grid().columns() * patch,
            Interpolation.Mode.BILINEAR);
    Shape shape = pixels.getShape();
    NDArray cut = whole.get(":, 0, :{}, :{}", shape.get(2), shape.get(3));
    return new NDList(cut, sigmoid(best.get(1)), best.get(2));
  }

  private static NDArray sigmoid(NDArray x) {
    return x.getNDArrayInternal().sigmoid();
  }
}
