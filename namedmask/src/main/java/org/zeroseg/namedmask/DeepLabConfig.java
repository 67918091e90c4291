package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.network.BatchNorm;
import org.zeroseg.core.network.CheckpointShapes;
import org.zeroseg.core.network.Initialiser;
import org.zeroseg.core.network.ResNetConfig;

/**
 * The sizes of a DeepLabv3+ (Chen et al. 2018) as NamedMask and ReCo+ train it: a ResNet whose last
 * stages dilate, and a head with separable convolutions.
 *
 * @param backbone the ResNet; its last stage has stride 8 in every published network
 * @param asppChannels channels of each branch of the pyramid and of the decoder, 256 as published
 * @param lowLevelChannels what the first stage's features are projected to, 48 as published
 * @param rates dilations of the pyramid's depthwise convolutions; 12, 24 and 36 as published
 * @param classes of the output, background included
 */
public record DeepLabConfig(
    ResNetConfig backbone,
    int asppChannels,
    int lowLevelChannels,
    List<Integer> rates,
    int classes) {

  static final String BACKBONE = "backbone.";
  static final String HEAD = "classifier.";
  static final String CLASSES = HEAD + "classifier.3";

  /** In a checkpoint's metadata: the rates, which leave no trace in shapes. */
  static final String RATES = "rates";

  /** The backbone's momentum in PyTorch's sense; that of the head is PyTorch's default. */
  private static final double MOMENTUM = 0.01;

  private static final List<Integer> PUBLISHED_RATES = List.of(12, 24, 36);

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if there is no such network
   */
  public DeepLabConfig {
    rates = List.copyOf(rates);
    boolean dilations = !rates.isEmpty() && rates.stream().allMatch(rate -> rate > 0);
    if (asppChannels < 1 || lowLevelChannels < 1 || classes < 2 || !dilations) {
      throw new IllegalArgumentException(
          "No such DeepLabv3+: %d and %d channels, rates %s, %d classes"
              .formatted(asppChannels, lowLevelChannels, rates, classes));
    }
  }

  /**
   * NamedMask's network: a ResNet-50 with the published head.
   *
   * @param classes background included
   * @return the configuration
   */
  public static DeepLabConfig resNet50(int classes) {
    return of(ResNetConfig.RESNET_50, classes);
  }

  /**
   * ReCo+'s network: a ResNet-101 with the published head.
   *
   * @param classes of the output
   * @return the configuration
   */
  public static DeepLabConfig resNet101(int classes) {
    return of(ResNetConfig.RESNET_101, classes);
  }

  /**
   * The same sizes for another number of classes.
   *
   * @param count background included
   * @return another configuration
   */
  public DeepLabConfig withClasses(int count) {
    return new DeepLabConfig(backbone, asppChannels, lowLevelChannels, rates, count);
  }

  private static DeepLabConfig of(ResNetConfig backbone, int classes) {
    return new DeepLabConfig(dilated(backbone), 256, 48, PUBLISHED_RATES, classes);
  }

  /**
   * A ResNet as it stands in this network: stride 8, and slow running statistics.
   *
   * @param backbone any ResNet
   * @return another configuration
   */
  public static ResNetConfig dilated(ResNetConfig backbone) {
    return backbone.withOutputStride(8).withMomentum(MOMENTUM);
  }

  /**
   * The configuration that a checkpoint's shapes tell. Rates are taken from its metadata, or are
   * the published ones.
   *
   * @param checkpoint tensors under the published names
   * @return the configuration
   * @throws CheckpointException if the checkpoint holds no such network
   */
  public static DeepLabConfig of(Checkpoint checkpoint) {
    CheckpointShapes found = new CheckpointShapes(checkpoint, "DeepLabv3+");
    Shape last = found.get(CLASSES + ".weight", 4);
    Shape low = found.get(HEAD + "project.0.weight", 4);
    ResNetConfig backbone =
        ResNetConfig.of(
            checkpoint
                .renamed(
                    name ->
                        name.startsWith(BACKBONE) ? name.substring(BACKBONE.length()) : "." + name)
                .without(name -> name.startsWith(".")));
    int branches = 1;
    while (found.has(branch(branches) + "0.body.0.weight")) {
      branches++;
    }
    int dilated = branches - 1;
    return found.checked(
        () ->
            new DeepLabConfig(
                dilated(backbone),
                Math.toIntExact(last.get(1)),
                Math.toIntExact(low.get(0)),
                rates(checkpoint.metadata().get(RATES), dilated),
                Math.toIntExact(last.get(0))));
  }

  private static List<Integer> rates(String noted, int branches) {
    List<Integer> rates =
        noted == null
            ? PUBLISHED_RATES
            : Stream.of(noted.split(",", -1)).map(rate -> Integer.valueOf(rate.strip())).toList();
    if (rates.size() != branches) {
      throw new IllegalArgumentException(
          "%d rates (%s) for %d dilated branches of the pyramid"
              .formatted(rates.size(), rates, branches));
    }
    return rates;
  }

  /** What a checkpoint of this network notes besides its tensors. */
  Map<String, String> metadata() {
    return Map.of(RATES, rates.stream().map(String::valueOf).collect(Collectors.joining(",")));
  }

  /** The prefix of a branch of the pyramid: 0 is 1 x 1, the last is the pooled one. */
  static String branch(int index) {
    return HEAD + "aspp.convs." + index + ".";
  }

  /** The branch that sees the mean of the whole map. */
  int pooledBranch() {
    return rates.size() + 1;
  }

  /** Channels of the decoder's input: the low level first, then the pyramid. */
  int decoderInputs() {
    return lowLevelChannels + asppChannels;
  }

  int features() {
    return backbone.channels(backbone.blocks().size() - 1);
  }

  /**
   * Every tensor of the network under its published name.
   *
   * @return names with shapes
   */
  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = backbone.shapes(BACKBONE);
    int in = features();
    normed(shapes, HEAD + "project.0", HEAD + "project.1", lowLevelChannels, backbone.channels(0));
    normed(shapes, branch(0) + "0", branch(0) + "1", asppChannels, in);
    for (int i = 1; i <= rates.size(); i++) {
      separable(shapes, branch(i) + "0.body.", in);
      BatchNorm.shapes(shapes, branch(i) + "1", asppChannels);
    }
    String pooled = branch(pooledBranch());
    normed(shapes, pooled + "1", pooled + "2", asppChannels, in);
    int joined = (rates.size() + 2) * asppChannels;
    normed(shapes, HEAD + "aspp.project.0", HEAD + "aspp.project.1", asppChannels, joined);
    separable(shapes, HEAD + "classifier.0.body.", decoderInputs());
    BatchNorm.shapes(shapes, HEAD + "classifier.1", asppChannels);
    CheckpointShapes.layer(shapes, CLASSES, new Shape(classes, asppChannels, 1, 1));
    return shapes;
  }

  private static void normed(
      Map<String, Shape> shapes, String convolution, String norm, int out, int in) {
    shapes.put(convolution + ".weight", new Shape(out, in, 1, 1));
    BatchNorm.shapes(shapes, norm, out);
  }

  private void separable(Map<String, Shape> shapes, String prefix, int in) {
    shapes.put(prefix + "0.weight", new Shape(in, 1, 3, 3));
    shapes.put(prefix + "1.weight", new Shape(asppChannels, in, 1, 1));
  }

  /**
   * Whether gradients change a tensor; norms' statistics follow the batches instead.
   *
   * @param name of {@link #shapes()}
   * @return whether it is a parameter
   */
  public boolean trains(String name) {
    return name.startsWith(BACKBONE)
        ? backbone.trains(name.substring(BACKBONE.length()))
        : !BatchNorm.isStatistic(name);
  }

  /**
   * Weights to train from: a pretrained backbone, and a head drawn as the released code draws it.
   *
   * @param pretrained the ResNet's arrays under torchvision's names, which are copied, such as
   *     DINO's; its norms' counts may be missing
   * @param random where the head comes from; the same state gives the same weights
   * @param manager owns the arrays
   * @return every tensor of {@link #shapes()}
   * @throws IllegalArgumentException if a tensor of the backbone is missing or of another shape
   */
  public Map<String, NDArray> initialWeights(
      Map<String, NDArray> pretrained, RandomGenerator random, NDManager manager) {
    Map<String, Shape> head = new LinkedHashMap<>(shapes());
    head.keySet().removeIf(name -> name.startsWith(BACKBONE));
    Map<String, NDArray> weights = new LinkedHashMap<>();
    List<String> faults = new ArrayList<>();
    backbone
        .shapes("")
        .forEach(
            (name, shape) -> {
              NDArray array = pretrained.get(name);
              if (array != null && array.getShape().equals(shape)) {
                NDArray copy = array.duplicate();
                copy.attach(manager);
                weights.put(BACKBONE + name, copy);
              } else if (array == null && BatchNorm.isCount(name)) {
                weights.put(BACKBONE + name, manager.create(0L));
              } else {
                faults.add(
                    "%s %s, found %s"
                        .formatted(name, shape, array == null ? "none" : array.getShape()));
              }
            });
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(
          "the backbone to start from needs %s%s"
              .formatted(
                  String.join("; ", faults.subList(0, Math.min(10, faults.size()))),
                  faults.size() > 10 ? "; and " + (faults.size() - 10) + " more" : ""));
    }
    weights.putAll(Initialiser.arrays(head, this::rule, random, manager));
    return weights;
  }

  private Initialiser rule(String name, Shape shape) {
    if (name.equals(CLASSES + ".bias")) {
      // Only the weights are drawn anew; the bias keeps the framework's default.
      return Initialiser.layer(new Shape(classes, asppChannels, 1, 1));
    }
    return shape.dimension() == 4
        ? Initialiser.kaimingNormal(shape, Initialiser.Fan.IN)
        : Initialiser.constant(name.endsWith("weight") || name.endsWith("running_var") ? 1 : 0);
  }
}
