package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * DINO's vision transformer as functions of its weights. Pixels are {@code [B, 3, H, W]},
 * normalised; what does not fill a patch at the right and bottom is left out. Instances are
 * thread-safe and hold arrays of the model's manager; results belong to the manager of the pixels.
 *
 * <p>Source: Caron et al. 2021; dense strides after Amir et al. 2021.
 */
public final class DinoVit {

  /** The epsilon of every layer norm; PyTorch's own default is another. */
  private static final double EPSILON = 1e-6;

  static final Kernels KERNELS = Kernels.of(DinoVit.class, "dino.torchscript");

  private final DinoConfig config;
  private final Weights weights;
  private final DinoPositions positions;
  private final Transformer blocks;
  private final NDArray epsilon;
  private final Mode mode;

  private DinoVit(
      DinoConfig config,
      Weights weights,
      DinoPositions positions,
      Transformer blocks,
      NDArray epsilon,
      Mode mode) {
    this.config = config;
    this.weights = weights;
    this.positions = positions;
    this.blocks = blocks;
    this.epsilon = epsilon;
    this.mode = mode;
  }

  /**
   * The transformer on given weights.
   *
   * @param config its sizes
   * @param weights its arrays under their original names
   * @param rule how positions are carried to other grids
   * @param manager the model's manager; owns a few small arrays
   * @return the transformer
   */
  public static DinoVit of(
      DinoConfig config, Weights weights, PositionRule rule, NDManager manager) {
    Transformer.Options options =
        new Transformer.Options(config.heads(), EPSILON, Transformer.Activation.GELU, false);
    Transformer blocks =
        Transformer.of(
            weights.at("blocks"), config.depth(), Transformer.Names.TIMM, options, manager);
    NDArray epsilon = Kernels.numbers(manager, EPSILON);
    DinoPositions positions = new DinoPositions(config, weights, rule);
    return new DinoVit(config, weights, positions, blocks, epsilon, Mode.INFERENCE);
  }

  /** The same transformer for another purpose, on the same weights. */
  DinoVit in(Mode changed) {
    return new DinoVit(config, weights, positions, blocks.in(changed), epsilon, changed);
  }

  DinoConfig config() {
    return config;
  }

  /**
   * The positions at which pixels of a shape are looked at.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @param stride pixels between positions; must divide the patch
   * @return the grid
   * @throws IllegalArgumentException if the picture is smaller than a patch, or the stride does not
   *     divide the patch
   */
  public Grid grid(Shape pixels, int stride) {
    return config.grid(pixels, stride);
  }

  /** What enters the first block: class token, then positions row by row, {@code [B, 1 + N, D]}. */
  NDArray embed(NDArray pixels, int stride) {
    Shape shape = pixels.getShape();
    grid(shape, stride); // refuses what the convolution would fail on
    NDManager call = pixels.getManager();
    NDArray options = Kernels.numbers(call, stride, 0, 1, 1);
    NDArray patches =
        mode.call(
            "conv2d",
            pixels,
            weights.get("patch_embed.proj.weight"),
            weights.get("patch_embed.proj.bias"),
            options);
    long batch = shape.get(0);
    NDArray tokens = patches.reshape(batch, config.width(), -1).swapAxes(1, 2);
    NDArray classToken = weights.get("cls_token").broadcast(new Shape(batch, 1, config.width()));
    classToken.attach(call);
    return classToken.concat(tokens, 1).add(positions.at(shape, stride, call));
  }

  Transformer blocks() {
    return blocks;
  }

  /** The final norm of tokens {@code [B, N, D]}. */
  NDArray norm(NDArray tokens) {
    return mode.call(
        "layer_norm", tokens, weights.get("norm.weight"), weights.get("norm.bias"), epsilon);
  }

  /**
   * All tokens after the last block and the final norm.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @return {@code [B, 1 + N, D]}; row 0 is the class token, the picture's embedding
   */
  public NDArray forward(NDArray pixels) {
    return norm(blocks.forward(embed(pixels, config.patch())));
  }

  /** The class token after the last block and the final norm: {@code [B, D]}. */
  NDArray classToken(NDArray pixels) {
    return norm(blocks.first(embed(pixels, config.patch())));
  }

  /**
   * A facet of a block at every position, with all heads side by side (channel {@code head * d +
   * i}). Blocks after it are not run, and of its own only what the facet needs.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @param facet what to read
   * @param layer the block, from 0
   * @param stride pixels between positions; must divide the patch
   * @return {@code [B, 1 + N, D]}; row 0 is the class token
   */
  public NDArray facet(NDArray pixels, Facet facet, int layer, int stride) {
    NDArray tokens = entering(layer, pixels, stride);
    return switch (facet) {
      case TOKEN -> blocks.forward(tokens, layer, layer + 1);
      case QUERY -> blocks.part(layer, tokens, Transformer.Part.QUERIES);
      case KEY -> blocks.part(layer, tokens, Transformer.Part.KEYS);
      case VALUE -> blocks.part(layer, tokens, Transformer.Part.VALUES);
    };
  }

  /** The tokens as they enter a block. */
  private NDArray entering(int layer, NDArray pixels, int stride) {
    if (layer < 0 || layer >= config.depth()) {
      throw new IllegalArgumentException(
          "No block " + layer + " in a transformer of " + config.depth());
    }
    return blocks.forward(embed(pixels, stride), 0, layer);
  }

  /**
   * How much the class token attends to every token in a block, head by head; the block's matrix of
   * all pairs is not built, and blocks after it are not run.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @param layer the block, from 0
   * @param stride pixels between positions; must divide the patch
   * @return {@code [B, heads, 1 + N]}, rows sum to one
   */
  public NDArray classAttention(NDArray pixels, int layer, int stride) {
    NDArray tokens = entering(layer, pixels, stride);
    NDArray query = blocks.part(layer, tokens.get(":, :1"), Transformer.Part.QUERIES);
    NDArray keys = blocks.part(layer, tokens, Transformer.Part.KEYS);
    return blocks.probabilities(query, keys).squeeze(2);
  }

  /** All tokens but the class token's. */
  static NDArray withoutClass(NDArray tokens) {
    return tokens.get(new NDIndex(":, 1:"));
  }
}
