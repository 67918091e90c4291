package org.zeroseg.core.network;

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

/**
 * The sizes of a ResNet (He et al. 2016) and what of it trains.
 *
 * @param block what the stages are made of
 * @param blocks how many each stage has
 * @param width channels after the stem and planes of the first stage, 64 in published networks; a
 *     stage has twice the planes of the one before
 * @param outputStride pixels of a side of the last stage's cells. The whole is {@code 4 * 2^(stages
 *     - 1)}; with less, the last stages dilate where they would stride: the first block of such a
 *     stage has the dilation of the stage before, the others twice that
 * @param frozen how many parts do not train, the stem being the first part and the stages the rest
 *     (mmdetection's {@code frozen_stages} plus one); their norms use the stored statistics
 * @param frozenNorms whether all norms use the stored statistics in training too and never change
 *     them (mmdetection's {@code norm_eval}); their weights and biases train
 * @param momentum of the norms in PyTorch's sense: the weight of the batch in the running
 *     statistics
 * @param epsilon of the norms
 */
public record ResNetConfig(
    Block block,
    List<Integer> blocks,
    int width,
    int outputStride,
    int frozen,
    boolean frozenNorms,
    double momentum,
    double epsilon) {

  /** What stages are made of. */
  public enum Block {
    /** Two 3 x 3 convolutions, the first with the stride. */
    BASIC(1, 2),
    /** 1 x 1, 3 x 3 with the stride, and 1 x 1 to four times the planes: torchvision's. */
    BOTTLENECK(4, 3),
    /** The same with the stride on the first 1 x 1: the paper's, Caffe's and MSRA's weights. */
    CAFFE_BOTTLENECK(4, 3);

    private final int expansion;
    private final int layers;

    Block(int expansion, int layers) {
      this.expansion = expansion;
      this.layers = layers;
    }

    /** Channels of a block's output, in planes. */
    int expansion() {
      return expansion;
    }

    /** Convolutions beside the shortcut. */
    int layers() {
      return layers;
    }

    /** Side of the filter of a convolution, counted from 0. */
    int side(int layer) {
      return this == BASIC || layer == 1 ? 3 : 1;
    }

    /** The convolution that has the stride. */
    int striding() {
      return this == BOTTLENECK ? 1 : 0;
    }
  }

  /** ResNet-18. */
  public static final ResNetConfig RESNET_18 = of(Block.BASIC, 64, 2, 2, 2, 2);

  /** ResNet-34. */
  public static final ResNetConfig RESNET_34 = of(Block.BASIC, 64, 3, 4, 6, 3);

  /** ResNet-50. */
  public static final ResNetConfig RESNET_50 = of(Block.BOTTLENECK, 64, 3, 4, 6, 3);

  /** ResNet-101. */
  public static final ResNetConfig RESNET_101 = of(Block.BOTTLENECK, 64, 3, 4, 23, 3);

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if there is no such network
   */
  public ResNetConfig {
    blocks = List.copyOf(blocks);
    boolean sizes = width > 0 && !blocks.isEmpty() && blocks.stream().allMatch(n -> n > 0);
    boolean stride =
        Integer.bitCount(outputStride) == 1
            && outputStride >= 4
            && outputStride <= wholeStride(blocks.size());
    boolean parts = frozen >= 0 && frozen <= blocks.size() + 1;
    if (!sizes || !stride || !parts || !(momentum >= 0 && momentum <= 1) || !(epsilon >= 0)) {
      throw new IllegalArgumentException(
          "No such ResNet: blocks %s, width %d, output stride %d, %d frozen parts, momentum %s, epsilon %s"
              .formatted(blocks, width, outputStride, frozen, momentum, epsilon));
    }
  }

  /**
   * A network that strides in every stage but the first, all of which trains, with PyTorch's norms.
   *
   * @param block what the stages are made of
   * @param width planes of the first stage
   * @param blocks how many each stage has
   * @return the configuration
   */
  public static ResNetConfig of(Block block, int width, Integer... blocks) {
    return new ResNetConfig(
        block,
        List.of(blocks),
        width,
        wholeStride(blocks.length),
        0,
        false,
        BatchNorm.MOMENTUM,
        BatchNorm.EPSILON);
  }

  private static int wholeStride(int stages) {
    return 2 << Math.min(stages, 20);
  }

  /**
   * The sizes that a checkpoint's shapes tell. Which convolution of a bottleneck strides leaves no
   * trace there: torchvision's is taken.
   *
   * @param backbone tensors under torchvision's names, such as those of {@link BackboneLayout}
   * @return the configuration
   * @throws CheckpointException if the checkpoint holds no ResNet
   */
  public static ResNetConfig of(Checkpoint backbone) {
    CheckpointShapes shapes = new CheckpointShapes(backbone, "ResNet");
    long width = shapes.get("conv1.weight", 4).get(0);
    List<Integer> blocks = new ArrayList<>();
    int count;
    while ((count = shapes.count("layer" + (blocks.size() + 1) + ".", ".conv1.weight")) > 0) {
      blocks.add(count);
    }
    Block block = shapes.has("layer1.0.conv3.weight") ? Block.BOTTLENECK : Block.BASIC;
    return shapes.checked(() -> of(block, Math.toIntExact(width), blocks.toArray(Integer[]::new)));
  }

  /**
   * With dilation in place of the last strides.
   *
   * @param stride pixels of a side of the last stage's cells, such as 8 or 16
   * @return another configuration
   */
  public ResNetConfig withOutputStride(int stride) {
    return new ResNetConfig(block, blocks, width, stride, frozen, frozenNorms, momentum, epsilon);
  }

  /**
   * With parts that do not train.
   *
   * @param parts how many, counted from the stem
   * @param norms whether all norms keep their statistics
   * @return another configuration
   */
  public ResNetConfig withFrozen(int parts, boolean norms) {
    return new ResNetConfig(block, blocks, width, outputStride, parts, norms, momentum, epsilon);
  }

  /**
   * With another momentum of the norms.
   *
   * @param changed in PyTorch's sense
   * @return another configuration
   */
  public ResNetConfig withMomentum(double changed) {
    return new ResNetConfig(
        block, blocks, width, outputStride, frozen, frozenNorms, changed, epsilon);
  }

  /**
   * Channels of a stage's output.
   *
   * @param stage from 0
   * @return channels
   */
  public int channels(int stage) {
    return block.expansion() * planes(stage);
  }

  int planes(int stage) {
    return width << stage;
  }

  /** Whether a stage, from 0, dilates where it would stride. */
  boolean dilates(int stage) {
    return 4 << stage > outputStride;
  }

  /** Whether a block has a convolution on its shortcut. */
  boolean hasShortcut(int stage, int index) {
    return index == 0 && (stage > 0 || channels(0) != width);
  }

  /**
   * Every tensor of the network under torchvision's names.
   *
   * @param prefix of the names, with its dot, or empty
   * @return names with shapes
   */
  public Map<String, Shape> shapes(String prefix) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put(prefix + "conv1.weight", new Shape(width, 3, 7, 7));
    BatchNorm.shapes(shapes, prefix + "bn1", width);
    int in = width;
    for (int stage = 0; stage < blocks.size(); stage++) {
      int out = channels(stage);
      for (int j = 0; j < blocks.get(stage); j++) {
        String name = prefix + "layer" + (stage + 1) + "." + j + ".";
        int inner = in;
        for (int layer = 0; layer < block.layers(); layer++) {
          int planes = layer == block.layers() - 1 ? out : planes(stage);
          int side = block.side(layer);
          shapes.put(name + "conv" + (layer + 1) + ".weight", new Shape(planes, inner, side, side));
          BatchNorm.shapes(shapes, name + "bn" + (layer + 1), planes);
          inner = planes;
        }
        if (hasShortcut(stage, j)) {
          shapes.put(name + "downsample.0.weight", new Shape(out, in, 1, 1));
          BatchNorm.shapes(shapes, name + "downsample.1", out);
        }
        in = out;
      }
    }
    return shapes;
  }

  /**
   * Whether training changes a tensor by gradients: not the norms' statistics, and nothing of a
   * frozen part.
   *
   * @param name without a prefix
   * @return whether it is a parameter
   */
  public boolean trains(String name) {
    int part = name.startsWith("layer") ? name.charAt("layer".length()) - '0' : 0;
    return part >= frozen && !BatchNorm.isStatistic(name);
  }

  /**
   * Weights to train from: He's normal distribution by outputs, norms that change nothing
   * (torchvision).
   *
   * @param random where they come from; the same state gives the same weights
   * @param manager owns the arrays
   * @return every tensor of {@link #shapes}, without a prefix
   */
  public Map<String, NDArray> initialWeights(RandomGenerator random, NDManager manager) {
    return Initialiser.arrays(
        shapes(""),
        (name, shape) ->
            shape.dimension() == 4
                ? Initialiser.kaimingNormal(shape, Initialiser.Fan.OUT)
                : Initialiser.constant(
                    name.endsWith("weight") || name.endsWith("running_var") ? 1 : 0),
        random,
        manager);
  }
}
