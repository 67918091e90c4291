package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * CLIP's vision transformer: patches and a class token, a norm before the blocks, a norm and a
 * projection after them.
 */
public final class VisionTransformer implements ImageTower {

  private final ClipConfig.Vit config;
  private final Weights weights;
  private final Transformer blocks;
  private final NDArray epsilon;
  private final NDArray noBias;
  private final Mode mode;

  VisionTransformer(ClipConfig clip, ClipConfig.Vit config, Weights visual, NDManager manager) {
    this(clip.activation(), clip.epsilon(), config, visual, manager);
  }

  private VisionTransformer(
      Transformer.Activation activation,
      double epsilon,
      ClipConfig.Vit config,
      Weights visual,
      NDManager manager) {
    this.config = config;
    this.weights = visual;
    this.blocks =
        Transformer.of(
            visual.at("transformer.resblocks"),
            config.layers(),
            Transformer.Names.CLIP,
            new Transformer.Options(config.heads(), epsilon, activation, false),
            manager);
    this.epsilon = Kernels.numbers(manager, epsilon);
    this.noBias = manager.zeros(new Shape(0));
    this.mode = Mode.INFERENCE;
  }

  /**
   * An image tower by itself, with QuickGELU and epsilon 1e-5, as OpenAI's.
   *
   * @param config the sizes
   * @param weights the tower's own names, without a prefix
   * @param manager the model's manager; owns a few small arrays
   * @return the tower, for inference
   */
  public static VisionTransformer of(ClipConfig.Vit config, Weights weights, NDManager manager) {
    return new VisionTransformer(Transformer.Activation.QUICK_GELU, 1e-5, config, weights, manager);
  }

  private VisionTransformer(VisionTransformer other, Mode mode) {
    this.config = other.config;
    this.weights = other.weights;
    this.blocks = other.blocks.in(mode);
    this.epsilon = other.epsilon;
    this.noBias = other.noBias;
    this.mode = mode;
  }

  /**
   * The same tower for another purpose.
   *
   * @param changed whether gradients flow
   * @return a view on the same weights
   */
  public VisionTransformer in(Mode changed) {
    return new VisionTransformer(this, changed);
  }

  /**
   * The sizes.
   *
   * @return the configuration
   */
  public ClipConfig.Vit config() {
    return config;
  }

  /**
   * The blocks, for access to hidden states, queries, keys, values and attention of any layer.
   *
   * @return the stack
   */
  public Transformer blocks() {
    return blocks;
  }

  @Override
  public NDArray encode(NDArray pixels) {
    return project(normalize(blocks.first(tokens(pixels, PositionResampling.TARGET_SIZE))));
  }

  /**
   * The tokens that enter the blocks: class token and patches with positions, after {@code ln_pre}.
   *
   * @param pixels {@code [B, 3, H, W]}; a remainder smaller than a patch is dropped
   * @param positions how the position table is resampled
   * @return {@code [B, 1 + h w, C]}
   */
  public NDArray tokens(NDArray pixels, PositionResampling positions) {
    int height = (int) pixels.getShape().get(2) / config.patch();
    int width = (int) pixels.getShape().get(3) / config.patch();
    if (height == 0 || width == 0) {
      throw new IllegalArgumentException(
          "pixels " + pixels.getShape() + " are smaller than a patch of " + config.patch());
    }
    NDArray table =
        positions.resample(
            weights.get("positional_embedding"), height, width, mode, pixels.getManager());
    NDArray tokens =
        mode.call(
            "patch_tokens",
            pixels,
            weights.get("conv1.weight"),
            noBias,
            weights.get("class_embedding"),
            table);
    return norm("ln_pre", tokens);
  }

  /**
   * All blocks, then the final norm on the patch tokens: what ZUTIS reads.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @param positions how the position table is resampled
   * @return {@code [B, h w, C]}, row-major, not projected
   */
  public NDArray patches(NDArray pixels, PositionResampling positions) {
    NDArray tokens = blocks.forward(tokens(pixels, positions));
    return normalize(tokens.get(":, 1:"));
  }

  /**
   * The norm after the blocks ({@code ln_post}), token by token.
   *
   * @param tokens {@code [..., C]}
   * @return the same shape
   */
  public NDArray normalize(NDArray tokens) {
    return norm("ln_post", tokens);
  }

  /**
   * The norm that ReCo puts in place of {@code ln_post}: without weights, over all tokens and
   * channels of a picture jointly.
   *
   * @param tokens {@code [B, N, C]}, as they leave the blocks
   * @return the same shape
   */
  public NDArray normalizeJointly(NDArray tokens) {
    return mode.call("joint_norm", tokens, epsilon);
  }

  /**
   * The projection to the joint space, token by token.
   *
   * @param tokens {@code [..., C]}, normalised
   * @return {@code [..., D]}
   */
  public NDArray project(NDArray tokens) {
    return mode.call("project", tokens, weights.get("proj"));
  }

  private NDArray norm(String name, NDArray tokens) {
    Weights norm = weights.at(name);
    return mode.call("layer_norm", tokens, norm.get("weight"), norm.get("bias"), epsilon);
  }
}
