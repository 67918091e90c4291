package org.zeroseg.clip;

import static org.zeroseg.core.network.CheckpointShapes.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.network.BatchNorm;
import org.zeroseg.core.network.CheckpointShapes;
import org.zeroseg.core.network.Initialiser;
import org.zeroseg.core.network.Transformer.Activation;

/**
 * The sizes of a CLIP model (Radford et al. 2021), all of which a checkpoint's shapes tell.
 *
 * @param image the image tower
 * @param text the text tower
 * @param embedding width of the joint space
 * @param activation of the transformers' MLPs; OpenAI's weights need {@link Activation#QUICK_GELU}
 * @param epsilon of the layer norms
 */
public record ClipConfig(
    Image image, Text text, int embedding, Activation activation, double epsilon) {

  /** Width of an attention head in every CLIP; the number of heads is the width divided by it. */
  private static final int HEAD = 64;

  private static final String MODEL = "CLIP model";

  /** Either a vision transformer or a modified ResNet. */
  public sealed interface Image {

    /**
     * Cells of a side of the native feature map.
     *
     * @return cells
     */
    int grid();

    /**
     * Pixels of a side of a cell.
     *
     * @return pixels
     */
    int stride();

    /**
     * Width of the features before the projection to the joint space.
     *
     * @return channels
     */
    int channels();

    /**
     * Attention heads: of each block, or of the attention pool.
     *
     * @return heads
     */
    default int heads() {
      return channels() / HEAD;
    }

    /**
     * The side of the native, square input.
     *
     * @return pixels
     */
    default int inputSize() {
      return grid() * stride();
    }
  }

  /**
   * A vision transformer.
   *
   * @param width of the tokens
   * @param layers blocks
   * @param patch side of a patch in pixels
   * @param grid patches of a side of the native input
   */
  public record Vit(int width, int layers, int patch, int grid) implements Image {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is not positive, or the width is not a multiple of
     *     the head's width
     */
    public Vit {
      if (width < 1 || layers < 1 || patch < 1 || grid < 1 || width % HEAD != 0) {
        throw new IllegalArgumentException(
            "no vision transformer of width %d (a multiple of %d), %d layers, patches of %d, %d a side"
                .formatted(width, HEAD, layers, patch, grid));
      }
    }

    /**
     * The sizes of an image tower, which its shapes tell.
     *
     * @param checkpoint tensors under OpenAI's names, but for the prefix
     * @param prefix of the tower's tensors, with its dot; {@code visual.} in CLIP
     * @return the sizes
     * @throws CheckpointException if there is no such tower, or one of impossible sizes
     */
    public static Vit of(Checkpoint checkpoint, String prefix) {
      CheckpointShapes found = new CheckpointShapes(checkpoint, MODEL);
      Shape patches = found.get(prefix + "conv1.weight", 4);
      int layers = found.count(prefix + "transformer.resblocks.", ".attn.in_proj_weight");
      int grid = found.grid(prefix + "positional_embedding", 2);
      return found.checked(() -> new Vit((int) patches.get(0), layers, (int) patches.get(3), grid));
    }

    /**
     * Every tensor of the tower.
     *
     * @param prefix of the names, with its dot; {@code visual.} in CLIP
     * @param embedding width of the joint space
     * @return names and shapes, in the order of the published checkpoints
     */
    public Map<String, Shape> shapes(String prefix, int embedding) {
      Map<String, Shape> shapes = new LinkedHashMap<>();
      shapes.put(prefix + "class_embedding", new Shape(width));
      shapes.put(prefix + "positional_embedding", new Shape(1 + (long) grid * grid, width));
      shapes.put(prefix + "proj", new Shape(width, embedding));
      shapes.put(prefix + "conv1.weight", new Shape(width, 3, patch, patch));
      layer(shapes, prefix + "ln_pre", new Shape(width));
      transformer(shapes, prefix + "transformer.resblocks.", layers, width);
      layer(shapes, prefix + "ln_post", new Shape(width));
      return shapes;
    }

    @Override
    public int stride() {
      return patch;
    }

    @Override
    public int channels() {
      return width;
    }
  }

  /**
   * A ResNet with three stem convolutions, average pools in place of strides, and attention
   * pooling. Published ones have four stages and stride 32; fewer stages give a finer grid.
   *
   * @param width planes of the first stage, and channels after the stem
   * @param blocks bottlenecks of each stage
   * @param grid cells of a side of the native feature map
   */
  public record ResNet(int width, List<Integer> blocks, int grid) implements Image {

    private static ResNet of(CheckpointShapes found) {
      List<Integer> blocks = new ArrayList<>();
      int count;
      while ((count = found.count("visual.layer" + (blocks.size() + 1) + ".", ".conv1.weight"))
          > 0) {
        blocks.add(count);
      }
      int width = (int) found.get("visual.layer1.0.conv1.weight", 4).get(0);
      return new ResNet(width, blocks, found.grid("visual.attnpool.positional_embedding", 2));
    }

    /** Copies the list. */
    public ResNet {
      blocks = List.copyOf(blocks);
    }

    @Override
    public int stride() {
      return 4 << (blocks.size() - 1);
    }

    @Override
    public int channels() {
      return (4 * width) << (blocks.size() - 1);
    }
  }

  /**
   * The text transformer.
   *
   * @param width of the tokens
   * @param layers blocks
   * @param context longest text in tokens
   * @param vocabulary number of token ids
   */
  public record Text(int width, int layers, int context, int vocabulary) {

    /**
     * Attention heads of each block.
     *
     * @return heads
     */
    public int heads() {
      return width / HEAD;
    }
  }

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if a width is not a multiple of the head's width
   */
  public ClipConfig {
    if (image.channels() % HEAD != 0 || text.width() % HEAD != 0) {
      throw new IllegalArgumentException(
          "widths must be multiples of " + HEAD + ": image " + image + ", text " + text);
    }
  }

  /**
   * A model with QuickGELU and epsilon 1e-5, as OpenAI's.
   *
   * @param image the image tower
   * @param text the text tower
   * @param embedding width of the joint space
   */
  public ClipConfig(Image image, Text text, int embedding) {
    this(image, text, embedding, Activation.QUICK_GELU, 1e-5);
  }

  /**
   * The same sizes with another activation and epsilon.
   *
   * @param changedActivation of the transformers' MLPs
   * @param changedEpsilon of the layer norms
   * @return the configuration
   */
  public ClipConfig with(Activation changedActivation, double changedEpsilon) {
    return new ClipConfig(image, text, embedding, changedActivation, changedEpsilon);
  }

  /**
   * The configuration that a checkpoint's shapes tell, with QuickGELU and epsilon 1e-5.
   *
   * @param checkpoint tensors under OpenAI's names
   * @return the configuration
   * @throws CheckpointException if the checkpoint holds no CLIP, or one of impossible sizes
   */
  public static ClipConfig of(Checkpoint checkpoint) {
    CheckpointShapes found = new CheckpointShapes(checkpoint, MODEL);
    Shape projection = found.get("text_projection", 2);
    Shape words = found.get("token_embedding.weight", 2);
    Text text =
        new Text(
            (int) words.get(1),
            found.count("transformer.resblocks.", ".attn.in_proj_weight"),
            (int) found.get("positional_embedding", 2).get(0),
            (int) words.get(0));
    Image image = found.has("visual.proj") ? Vit.of(checkpoint, "visual.") : ResNet.of(found);
    return found.checked(() -> new ClipConfig(image, text, (int) projection.get(1)));
  }

  /**
   * Every tensor of the model under OpenAI's names.
   *
   * @return names and shapes, in the order of the published checkpoints
   */
  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("positional_embedding", new Shape(text.context(), text.width()));
    shapes.put("text_projection", new Shape(text.width(), embedding));
    shapes.put("logit_scale", new Shape());
    if (image instanceof Vit vit) {
      shapes.putAll(vit.shapes("visual.", embedding));
    } else if (image instanceof ResNet resNet) {
      put(shapes, resNet);
    }
    transformer(shapes, "transformer.resblocks.", text.layers(), text.width());
    shapes.put("token_embedding.weight", new Shape(text.vocabulary(), text.width()));
    layer(shapes, "ln_final", new Shape(text.width()));
    return shapes;
  }

  private void put(Map<String, Shape> shapes, ResNet resNet) {
    int width = resNet.width();
    convolution(shapes, "visual.conv1", "visual.bn1", width / 2, 3, 3);
    convolution(shapes, "visual.conv2", "visual.bn2", width / 2, width / 2, 3);
    convolution(shapes, "visual.conv3", "visual.bn3", width, width / 2, 3);
    int channels = width;
    for (int stage = 0; stage < resNet.blocks().size(); stage++) {
      int planes = width << stage;
      for (int block = 0; block < resNet.blocks().get(stage); block++) {
        String prefix = "visual.layer" + (stage + 1) + "." + block + ".";
        bottleneck(shapes, prefix, channels, planes, block == 0);
        channels = 4 * planes;
      }
    }
    shapes.put(
        "visual.attnpool.positional_embedding",
        new Shape(1 + (long) resNet.grid() * resNet.grid(), channels));
    for (String projection : List.of("k_proj", "q_proj", "v_proj", "c_proj")) {
      int out = projection.equals("c_proj") ? embedding : channels;
      layer(shapes, "visual.attnpool." + projection, new Shape(out, channels));
    }
  }

  static void bottleneck(
      Map<String, Shape> shapes, String prefix, int channels, int planes, boolean shortcut) {
    convolution(shapes, prefix + "conv1", prefix + "bn1", planes, channels, 1);
    convolution(shapes, prefix + "conv2", prefix + "bn2", planes, planes, 3);
    convolution(shapes, prefix + "conv3", prefix + "bn3", 4 * planes, planes, 1);
    if (shortcut) {
      convolution(
          shapes, prefix + "downsample.0", prefix + "downsample.1", 4 * planes, channels, 1);
    }
  }

  private static void convolution(
      Map<String, Shape> shapes, String name, String norm, int out, int in, int kernel) {
    shapes.put(name + ".weight", new Shape(out, in, kernel, kernel));
    BatchNorm.shapes(shapes, norm, out);
  }

  private static void transformer(Map<String, Shape> shapes, String prefix, int layers, int width) {
    for (int i = 0; i < layers; i++) {
      String block = prefix + i + ".";
      shapes.put(block + "attn.in_proj_weight", new Shape(3L * width, width));
      shapes.put(block + "attn.in_proj_bias", new Shape(3L * width));
      shapes.put(block + "attn.out_proj.weight", new Shape(width, width));
      shapes.put(block + "attn.out_proj.bias", new Shape(width));
      layer(shapes, block + "ln_1", new Shape(width));
      shapes.put(block + "mlp.c_fc.weight", new Shape(4L * width, width));
      shapes.put(block + "mlp.c_fc.bias", new Shape(4L * width));
      shapes.put(block + "mlp.c_proj.weight", new Shape(width, 4L * width));
      shapes.put(block + "mlp.c_proj.bias", new Shape(width));
      layer(shapes, block + "ln_2", new Shape(width));
    }
  }

  /**
   * Random weights to start training from, distributed as those that OpenAI's code starts from.
   *
   * @param random where they come from; the same generator state gives the same weights
   * @param manager owns the arrays
   * @return every name of {@link #shapes()} with its array
   */
  public Map<String, NDArray> initialWeights(RandomGenerator random, NDManager manager) {
    return Initialiser.arrays(
        shapes(), (name, shape) -> ClipInitialisation.rule(this, name, shape), random, manager);
  }
}
