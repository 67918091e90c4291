package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Set;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.network.Transformer.Activation;
import org.zeroseg.core.tensor.Weights;

/**
 * CLIP as functions over arrays (Radford et al. 2021): two towers that meet in a joint space.
 *
 * <p>Instances are immutable and thread-safe. They hold arrays of the model's manager and end with
 * it; every result belongs to the manager of the array passed in.
 */
public final class ClipModel {

  /** What OpenAI's archives, and early ones of open_clip, carry beside the parameters. */
  private static final Set<String> NO_PARAMETERS =
      Set.of("input_resolution", "context_length", "vocab_size", "attn_mask");

  /** Where some models of open_clip keep the text tower. */
  private static final String TEXT = "text.";

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

  /**
   * Reads a model; its sizes are those of the checkpoint's tensors.
   *
   * @param checkpoint OpenAI's names (published archives, state dictionaries, open_clip) or those
   *     of the transformers library
   * @param activation of the transformers' MLPs: {@link Activation#QUICK_GELU} for OpenAI's weights
   * @param precision of the transformers' products
   * @param manager the model's manager; owns the weights
   * @return the model, for inference
   * @throws CheckpointException if the checkpoint holds no CLIP or not exactly the tensors of one
   */
  public static ClipModel load(
      Checkpoint checkpoint, Activation activation, Precision precision, NDManager manager) {
    Checkpoint named = openAiNames(checkpoint);
    ClipConfig sizes = ClipConfig.of(named);
    ClipConfig config = sizes.with(activation, sizes.epsilon());
    Weights weights =
        Weights.load(
            named,
            config.shapes(),
            precision,
            ClipModel::inTransformer,
            Transformer.Names.CLIP::isMatrix,
            manager);
    return of(config, weights, manager);
  }

  /** Norms stay float32, and so does everything outside of the blocks, which costs little. */
  static boolean inTransformer(String name) {
    return name.contains("transformer.resblocks.") && !name.contains(".ln_");
  }

  /** The tensors of any published layout under OpenAI's names, without what is no parameter. */
  static Checkpoint openAiNames(Checkpoint checkpoint) {
    if (TransformersLayout.fits(checkpoint)) {
      return TransformersLayout.openAi(checkpoint);
    }
    Checkpoint flat =
        checkpoint.tensors().containsKey(TEXT + "token_embedding.weight")
            ? checkpoint.renamed(
                name -> name.startsWith(TEXT) ? name.substring(TEXT.length()) : name)
            : checkpoint;
    return flat.without(NO_PARAMETERS::contains);
  }

  /** The image half alone; {@code visual} is the view below that prefix. */
  static ImageTower imageTower(ClipConfig config, Weights visual, NDManager manager) {
    return config.image() instanceof ClipConfig.Vit vit
        ? new VisionTransformer(config, vit, visual, manager)
        : ModifiedResNet.of((ClipConfig.ResNet) config.image(), visual, manager);
  }

  /**
   * The same model for another purpose.
   *
   * @param changed whether gradients flow, and which statistics batch norms use
   * @return a view on the same weights
   */
  public ClipModel in(Mode changed) {
    ImageTower tower =
        image instanceof VisionTransformer vit
            ? vit.in(changed)
            : ((ModifiedResNet) image).in(changed);
    return new ClipModel(config, weights, tower, text.in(changed), changed);
  }

  /**
   * The same model for inference alone: a ResNet's norms are worked into its convolutions, and the
   * arrays that only they needed are freed.
   *
   * @param manager the model's manager; owns the new filters
   * @return the model to use in place of this one; itself if its tower is a vision transformer
   */
  ClipModel folded(NDManager manager) {
    if (!(image instanceof ModifiedResNet resNet)) {
      return this;
    }
    ModifiedResNet lighter = resNet.folded(manager);
    Weights needed =
        weights.freeing(name -> name.startsWith("visual.") && !name.startsWith("visual.attnpool."));
    return new ClipModel(config, needed, lighter, text, mode);
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
