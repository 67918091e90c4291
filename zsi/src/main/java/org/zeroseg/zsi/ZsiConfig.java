package org.zeroseg.zsi;

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
import org.zeroseg.core.network.ResNetConfig;

/**
 * The sizes of a ZSI network, and which parts of the method it has.
 *
 * @param backbone a ResNet of four stages
 * @param channels of the feature pyramid
 * @param proposalChannels of the proposal network
 * @param features of a box, between the detector's two layers and its classes
 * @param maskChannels of the mask head; 0 for a network that finds boxes alone
 * @param dimensions of the word vectors
 * @param seen classes that it is trained on
 * @param vocabulary words that the detector's encoder goes by; 0 for heads without encoders, which
 *     classify as Mask R-CNN's do, so that words have a part in the scores of unseen classes alone
 * @param backgroundAware whether the proposal network tells objects from background by word
 *     vectors; otherwise it is Mask R-CNN's, and there is no learnt vector of background
 */
public record ZsiConfig(
    ResNetConfig backbone,
    int channels,
    int proposalChannels,
    int features,
    int maskChannels,
    int dimensions,
    int seen,
    int vocabulary,
    boolean backgroundAware) {

  /** Stem and first stage never train, and norms keep their statistics. */
  private static final int FROZEN_PARTS = 2;

  static final String BACKBONE = "backbone.";
  static final String NECK = "neck.";
  static final String PROPOSALS = "rpn_head.";
  static final String BOXES = "bbox_head.";
  static final String MASKS = "mask_head.";

  /** In the checkpoint for the word vectors' sake; the network reads them from elsewhere. */
  static final String CLASS_VECTORS = MASKS + "conv_vec.weight";

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if there is no such network
   */
  public ZsiConfig {
    backbone = backbone.withFrozen(FROZEN_PARTS, true);
    if (backbone.blocks().size() != 4
        || channels < 1
        || proposalChannels < 1
        || features < 1
        || maskChannels < 0
        || dimensions < 1
        || seen < 1
        || vocabulary < 0) {
      throw new IllegalArgumentException(
          ("No such ZSI network: %d stages, %d channels, %d of proposals, %d features, %d mask"
                  + " channels, vectors of %d numbers, %d seen classes, a vocabulary of %d words")
              .formatted(
                  backbone.blocks().size(),
                  channels,
                  proposalChannels,
                  features,
                  maskChannels,
                  dimensions,
                  seen,
                  vocabulary));
    }
  }

  /**
   * The published network: ResNet-101, word vectors of 300 numbers, a vocabulary of 4717 words.
   *
   * @param seen 48 or 65
   * @return the sizes
   */
  public static ZsiConfig published(int seen) {
    return new ZsiConfig(ResNetConfig.RESNET_101, 256, 256, 1024, 256, 300, seen, 4717, true);
  }

  /**
   * Whether the network makes masks.
   *
   * @return whether it has a mask head
   */
  public boolean masks() {
    return maskChannels > 0;
  }

  /**
   * Whether the heads take boxes and cells into the space of words.
   *
   * @return whether they have encoders
   */
  public boolean encoders() {
    return vocabulary > 0;
  }

  /** Classes of the detector: background and the seen ones. */
  int classes() {
    return 1 + seen;
  }

  /**
   * The sizes that a checkpoint's shapes tell.
   *
   * @param network tensors under the published names
   * @return the configuration
   * @throws CheckpointException if the checkpoint holds no ZSI network
   */
  static ZsiConfig of(Checkpoint network) {
    CheckpointShapes shapes = new CheckpointShapes(network, "ZSI network");
    Shape lateral = shapes.get(NECK + "lateral_convs.0.conv.weight", 4);
    Shape proposals = shapes.get(PROPOSALS + "rpn_conv.weight", 4);
    boolean encoders = !shapes.has(BOXES + "fc_cls.weight");
    Shape encoder = encoders ? shapes.get(BOXES + "kernel_semantic.weight", 2) : new Shape(0, 0);
    long dimensions = encoders ? encoder.get(0) : shapes.get(BOXES + "fc_res.weight", 2).get(0);
    Shape deltas = shapes.get(BOXES + "fc_reg.weight", 2);
    String mask = MASKS + "upsample.weight";
    long masks = shapes.has(mask) ? shapes.get(mask, 4).get(0) : 0;
    ResNetConfig backbone = ResNetConfig.of(network.under("backbone"));
    return shapes.checked(
        () ->
            new ZsiConfig(
                backbone,
                Math.toIntExact(lateral.get(0)),
                Math.toIntExact(proposals.get(0)),
                Math.toIntExact(deltas.get(1)),
                Math.toIntExact(masks),
                Math.toIntExact(dimensions),
                Math.toIntExact(deltas.get(0) / 4 - 1),
                Math.toIntExact(encoder.get(1)),
                !shapes.has(PROPOSALS + "rpn_cls.weight")));
  }

  /**
   * Every tensor of the network under its published name; what stands in for a part that is left
   * out has the name that it has in Mask R-CNN.
   *
   * @return names and shapes
   */
  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>(backbone.shapes(BACKBONE));
    for (int stage = 0; stage < 4; stage++) {
      String lateral = NECK + "lateral_convs." + stage + ".conv";
      layer(shapes, lateral, new Shape(channels, backbone.channels(stage), 1, 1));
    }
    for (int stage = 0; stage < 4; stage++) {
      layer(shapes, NECK + "fpn_convs." + stage + ".conv", new Shape(channels, channels, 3, 3));
    }
    shapes.putAll(proposalShapes(PROPOSALS, channels, proposalChannels, dimensions));
    if (!backgroundAware) {
      shapes.keySet().removeIf(name -> name.matches("rpn_head\\.(rpn_cls_conv_T|vec_fb)\\..*"));
      long scores = 2L * Anchors.PUBLISHED.shapes();
      layer(shapes, PROPOSALS + "rpn_cls", new Shape(scores, proposalChannels, 1, 1));
    }
    shapes.putAll(boxShapes(BOXES, channels, features, dimensions, classes(), vocabulary));
    if (masks()) {
      shapes.putAll(maskShapes(MASKS, channels, maskChannels, dimensions, classes()));
    }
    if (!encoders()) {
      shapes
          .keySet()
          .removeIf(name -> name.matches(".*(_head\\.(d_|dconvT|convT)|_semantic\\.).*"));
      layer(shapes, BOXES + "fc_cls", new Shape(classes(), features));
      if (masks()) {
        layer(shapes, MASKS + "conv_logits", new Shape(classes(), maskChannels, 1, 1));
      }
    }
    return shapes;
  }

  static Map<String, Shape> proposalShapes(String prefix, int in, int channels, int dimensions) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    int anchors = Anchors.PUBLISHED.shapes();
    layer(shapes, prefix + "rpn_conv", new Shape(channels, in, 3, 3));
    layer(shapes, prefix + "rpn_cls_conv_T", new Shape(dimensions, channels, 1, 1));
    shapes.put(prefix + "vec_fb.weight", new Shape(2L * anchors, dimensions, 1, 1));
    layer(shapes, prefix + "rpn_reg", new Shape(4L * anchors, channels, 1, 1));
    return shapes;
  }

  static Map<String, Shape> boxShapes(
      String prefix, int in, int features, int dimensions, int classes, int vocabulary) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    long side = BoxFeatures.BOXES.side();
    layer(shapes, prefix + "shared_fcs.0", new Shape(features, in * side * side));
    layer(shapes, prefix + "shared_fcs.1", new Shape(features, features));
    layer(shapes, prefix + "fc_semantic", new Shape(dimensions, features));
    layer(shapes, prefix + "kernel_semantic", new Shape(dimensions, vocabulary));
    layer(shapes, prefix + "d_kernel_semantic", new Shape(vocabulary, dimensions));
    layer(shapes, prefix + "d_fc_semantic", new Shape(features, dimensions));
    layer(shapes, prefix + "fc_reg", new Shape(4L * classes, features));
    layer(shapes, prefix + "fc_res", new Shape(dimensions, dimensions));
    return shapes;
  }

  static Map<String, Shape> maskShapes(
      String prefix, int in, int channels, int dimensions, int classes) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (int i = 0; i < 4; i++) {
      // Each sees the head's input, whatever the names suggest.
      layer(shapes, prefix + "convs." + i + ".conv", new Shape(channels, in, 3, 3));
    }
    shapes.put(prefix + "upsample.weight", new Shape(channels, channels, 2, 2));
    shapes.put(prefix + "upsample.bias", new Shape(channels));
    layer(shapes, prefix + "convT.conv", new Shape(dimensions, channels, 3, 3));
    layer(shapes, prefix + "kernel_semantic", new Shape(dimensions, dimensions, 3, 3));
    layer(shapes, prefix + "d_kernel_semantic", new Shape(dimensions, dimensions, 3, 3));
    layer(shapes, prefix + "dconvT.conv", new Shape(channels, dimensions, 3, 3));
    shapes.put(prefix + "conv_vec.weight", new Shape(classes, dimensions, 1, 1));
    return shapes;
  }

  /** Whether a tensor has a part in the network's answer; others only ever lie in the file. */
  static boolean infers(String name) {
    return !name.contains(".d_")
        && !name.contains(".dconvT.")
        && !withoutEffect(name)
        && !BatchNorm.isCount(name);
  }

  private static boolean withoutEffect(String name) {
    return name.startsWith(BOXES + "fc_res.")
        || name.matches("mask_head\\.(convs\\.[0-2]\\.conv\\.(weight|bias)|conv_vec\\.weight)");
  }

  /** Whether training changes a tensor. */
  boolean trains(String name) {
    return name.startsWith(BACKBONE)
        ? backbone.trains(name.substring(BACKBONE.length()))
        : !withoutEffect(name);
  }

  /**
   * What is multiplied by many numbers, and may be in a reduced precision: filters and matrices,
   * but not those that are folded.
   */
  static boolean inProducts(String name) {
    return (name.startsWith(BACKBONE) && name.matches(".*\\.(conv\\d|downsample\\.0)\\.weight"))
        || name.startsWith(NECK)
        || name.startsWith(PROPOSALS + "rpn_conv.")
        || name.startsWith(BOXES + "shared_fcs.")
        || name.startsWith(MASKS + "convs.3.")
        || name.startsWith(MASKS + "upsample.")
        || name.startsWith(MASKS + "convT.");
  }

  /**
   * The weights that training starts from, distributed as the released code's; the vector of
   * background in the proposal network is the one given.
   *
   * @param pretrained a classifier's backbone under torchvision's names, or an empty map for random
   *     weights
   * @param classes vectors of background and the seen classes
   * @param random where the others come from; the same state gives the same weights
   * @param manager owns the arrays
   * @return every name of {@link #shapes()} with its array
   * @throws IllegalArgumentException if the backbone or the classes have other sizes
   */
  public Map<String, NDArray> initialWeights(
      Map<String, NDArray> pretrained,
      ClassVectors classes,
      RandomGenerator random,
      NDManager manager) {
    requireFit(classes);
    Map<String, Shape> shapes = shapes();
    Map<String, Shape> heads = new LinkedHashMap<>(shapes);
    heads.keySet().removeIf(name -> name.startsWith(BACKBONE));
    Map<String, NDArray> weights = new LinkedHashMap<>();
    Map<String, NDArray> body =
        pretrained.isEmpty() ? backbone.initialWeights(random, manager) : pretrained;
    backbone
        .shapes("")
        .forEach((name, shape) -> weights.put(BACKBONE + name, copy(body, name, shape, manager)));
    if (pretrained.isEmpty()) {
      body.values().forEach(NDArray::close);
    }
    weights.putAll(
        Initialiser.arrays(
            heads, (name, shape) -> distribution(name, shape, heads), random, manager));
    float[][] rows = classes.seenRows(classes.background());
    if (backgroundAware) {
      put(weights, PROPOSALS + "vec_fb.weight", 2, row -> classes.background());
    }
    if (masks()) {
      put(weights, CLASS_VECTORS, 1, row -> rows[row]);
    }
    return weights;
  }

  void requireFit(ClassVectors classes) {
    if (classes.seen().size() != seen || classes.dimensions() != dimensions) {
      throw new IllegalArgumentException(
          "The network has %d seen classes and word vectors of %d numbers; given are %s"
              .formatted(seen, dimensions, classes));
    }
  }

  private static NDArray copy(
      Map<String, NDArray> arrays, String name, Shape shape, NDManager manager) {
    NDArray array = arrays.get(name);
    if (BatchNorm.isCount(name)) {
      return manager.create(0L);
    }
    if (array == null || !array.getShape().equals(shape)) {
      throw new IllegalArgumentException(
          "The backbone to start from needs the tensor %s %s, found %s"
              .formatted(name, shape, array == null ? "none" : array.getShape()));
    }
    return manager.create(array.toFloatArray(), shape);
  }

  private interface Rows {
    float[] get(int row);
  }

  /** Replaces every {@code step}-th row of a tensor. */
  private static void put(Map<String, NDArray> weights, String name, int step, Rows rows) {
    NDArray array = weights.get(name);
    float[] values = array.toFloatArray();
    int count = (int) array.getShape().get(0);
    int length = values.length / count;
    for (int row = 0; row < count; row += step) {
      System.arraycopy(rows.get(row), 0, values, row * length, length);
    }
    array.set(values);
  }

  /** The released code's, each layer by its own. */
  private static Initialiser distribution(String name, Shape shape, Map<String, Shape> shapes) {
    Shape weight = shapes.get(name.replaceFirst("bias$", "weight"));
    if (name.startsWith(BOXES + "d_") || name.startsWith(MASKS + "d_kernel")) {
      return Initialiser.layer(weight);
    }
    if (name.startsWith(BOXES + "fc_res")) {
      return Initialiser.layer(weight);
    }
    if (name.endsWith(".bias")) {
      return Initialiser.constant(0);
    }
    if (name.equals(PROPOSALS + "vec_fb.weight")) {
      return Initialiser.normal(1);
    }
    if (name.startsWith(PROPOSALS) || name.startsWith(BOXES + "fc_cls")) {
      return Initialiser.normal(0.01);
    }
    if (name.startsWith(NECK) || name.startsWith(BOXES + "shared_fcs.")) {
      return Initialiser.xavierUniform(shape);
    }
    if (name.startsWith(BOXES)) {
      return Initialiser.normal(0.001);
    }
    return Initialiser.kaimingNormal(shape, Initialiser.Fan.OUT);
  }

  /** The names, in order, of the tensors that training changes. */
  List<String> trained() {
    List<String> names = new ArrayList<>(shapes().keySet());
    names.removeIf(name -> !trains(name));
    return names;
  }
}
