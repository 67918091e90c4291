package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.zeroseg.core.tensor.Weights;

/**
 * CLIP as functions over arrays (Radford et al. 2021): two towers that meet in a joint space.
 *
 * <p>Instances are immutable and thread-safe. They hold arrays of the model's manager and end with
 * it; every result belongs to the manager of the array passed in.
 */
public final class ClipModel {

  private final ClipConfig config;
  private final Weights weights;
  private final ImageTower image;
  private final TextTower text;
  private final Mode mode;

  private ClipModel(
      ClipConfig config, Weights weights, ImageTower image, TextTower text, Mode mode) {
    this.mode = mode;
    this.config = config;
    this.weights = weights;
    this.image = image;
    this.text = text;
  }

  /**
   * A model of weights that exist.
   *
   * @param config the sizes
   * @param weights every tensor of {@link ClipConfig#shapes()}
   * @param manager the model's manager; owns a few small arrays
   * @return the model, for inference
   */
  public static ClipModel of(ClipConfig config, Weights weights, NDManager manager) {
    ImageTower image = imageTower(config, weights.at("visual"), manager);
    TextTower text = new TextTower(config, weights, manager);
    return new ClipModel(config, weights, image, text, Mode.INFERENCE);
  }

  /** The image half alone; {@code visual} is the view below that prefix. */
  static ImageTower imageTower(ClipConfig config, Weights visual, NDManager manager) {
    return config.image() instanceof ClipConfig.Vit vit
        ? new VisionTransformer(config, vit, visual, manager)
        : new ModifiedResNet((ClipConfig.ResNet) config.image(), visual, manager);
  }

  /**
   * The same model, recording gradients; batch norms keep to their running statistics.
   *
   * @return a view on the same weights
   */
  public ClipModel differentiable() {
    return in(Mode.DIFFERENTIABLE);
  }

  /**
   * The same model, recording gradients; batch norms use the batch's statistics and update the
   * running ones in place.
   *
   * @return a view on the same weights
   */
  public ClipModel training() {
    return in(Mode.TRAINING);
  }

  private ClipModel in(Mode changed) {
    ImageTower tower =
        image instanceof VisionTransformer vit
            ? vit.in(changed)
            : ((ModifiedResNet) image).in(changed);
    return new ClipModel(config, weights, tower, text.in(changed), changed);
  }

  /**
   * The sizes.
   *
   * @return the configuration
   */
  public ClipConfig config() {
    return config;
  }

  /**
   * The named arrays.
   *
   * @return the weights, under OpenAI's names
   */
  public Weights weights() {
    return weights;
  }

  /**
   * The image half.
   *
   * @return a {@link VisionTransformer} or a {@link ModifiedResNet}
   */
  public ImageTower image() {
    return image;
  }

  /**
   * The text half.
   *
   * @return the text tower
   */
  public TextTower text() {
    return text;
  }

  /**
   * Scores of pictures and texts: {@code exp(logit_scale)} times the cosine.
   *
   * @param images {@code [B, D]}, of any length
   * @param texts {@code [K, D]}, of any length
   * @return {@code [B, K]}
   */
  public NDArray logits(NDArray images, NDArray texts) {
    return mode.call("cosine_logits", images, texts, weights.get("logit_scale"));
  }
}
