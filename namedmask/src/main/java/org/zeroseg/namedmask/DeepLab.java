package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.zeroseg.core.Precision;
import org.zeroseg.core.network.BatchNorm;
import org.zeroseg.core.network.Convolution;
import org.zeroseg.core.network.Convolution.Sampling;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.Pooling;
import org.zeroseg.core.network.ResNet;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.LinearTaps;
import org.zeroseg.core.tensor.Weights;

/**
 * DeepLabv3+ (Chen et al. 2018) as functions of its weights, with the released code's separable
 * head. Views differ in what a pass is for ({@link #in}); instances are immutable and thread-safe,
 * hold arrays of the model's manager, and results belong to the manager of the pixels.
 */
public final class DeepLab {

  /** What the pyramid's output loses in training. */
  static final double DROPOUT = 0.1;

  /** Numbers of a map that is not made as a whole in inference: 64 MB. */
  private static final long WIDE = 16L << 20;

  /** Of such a map so many parts are made, one after the other, at least. */
  private static final int PARTS = 8;

  static final Kernels KERNELS = Kernels.of(DeepLab.class, "namedmask.torchscript");

  private final DeepLabConfig config;
  private final Weights weights;
  private final ResNet backbone;
  private final Head head;
  private final Mode mode;
  private final long together;

  /** Channels lie together up to so many numbers of a map. */
  private DeepLab(
      DeepLabConfig config, Weights weights, ResNet backbone, Head head, Mode mode, long together) {
    this.config = config;
    this.weights = weights;
    this.backbone = backbone;
    this.head = head;
    this.mode = mode;
    this.together = together;
  }

  /**
   * A depthwise convolution, if there is one, and a pointwise one with its norm.
   *
   * @param spatial channel by channel
   * @param mixing cell by cell
   * @param wide numbers of a map that is not made as a whole
   */
  private record Separable(Optional<Convolution> spatial, Convolution mixing, long wide) {

    NDArray forward(NDArray x, Mode mode) {
      if (spatial.isEmpty()) {
        return mode.relu(mixing.forward(x, mode));
      }
      if (x.size() > wide) {
        int atOnce = (int) Math.max(1, x.getShape().get(1) / PARTS);
        return mode.relu(spatial.get().separable(x, mixing, atOnce));
      }
      try (NDArray maps = spatial.get().forward(x, mode)) {
        return mode.relu(mixing.forward(maps, mode));
      }
    }

    Separable folded(NDManager manager, Precision precision, long limit) {
      return new Separable(
          spatial.map(convolution -> convolution.folded(manager, precision)),
          mixing.folded(manager, precision),
          limit);
    }
  }

  /**
   * All but the backbone.
   *
   * @param lowLevel projects the first stage's features
   * @param branches of the pyramid, the pooled one left out
   * @param pooled the branch that sees the mean of the map
   * @param joined projects all branches, one behind the other
   * @param parts the same by branches, for inference: the last one, with the bias, is the pooled
   *     one's; empty in training
   * @param decoder sees the low level and the pyramid
   * @param classes weight and bias of the last convolution
   */
  private record Head(
      Convolution lowLevel,
      List<Separable> branches,
      Convolution pooled,
      Convolution joined,
      List<Convolution> parts,
      Separable decoder,
      List<NDArray> classes) {}

  /**
   * The network on given weights.
   *
   * @param config its sizes
   * @param weights every array of {@link DeepLabConfig#shapes()}; counts of batches may be missing
   * @param manager the model's manager; owns a few small arrays
   * @return the network, for inference
   */
  public static DeepLab of(DeepLabConfig config, Weights weights, NDManager manager) {
    Weights classifier = weights.at("classifier");
    Weights pyramid = classifier.at("aspp");
    List<Separable> branches = new ArrayList<>();
    branches.add(
        new Separable(
            Optional.empty(), normed(pyramid, "convs.0.0", "convs.0.1", manager), Long.MAX_VALUE));
    for (int i = 1; i <= config.rates().size(); i++) {
      String at = "convs." + i + ".";
      Sampling sampling = Sampling.same(3, 1, config.rates().get(i - 1));
      branches.add(
          separable(pyramid, at + "0.body.", at + "1", config.features(), sampling, manager));
    }
    String pooled = "convs." + config.pooledBranch() + ".";
    Head head =
        new Head(
            normed(classifier, "project.0", "project.1", manager),
            List.copyOf(branches),
            normed(pyramid, pooled + "1", pooled + "2", manager),
            normed(pyramid, "project.0", "project.1", manager),
            List.of(),
            separable(
                classifier,
                "classifier.0.body.",
                "classifier.1",
                config.decoderInputs(),
                Sampling.same(3, 1, 1),
                manager),
            List.of(classifier.get("classifier.3.weight"), classifier.get("classifier.3.bias")));
    ResNet backbone = ResNet.of(config.backbone(), weights.at("backbone"), manager);
    return new DeepLab(config, weights, backbone, head, Mode.INFERENCE, 0);
  }

  private static Convolution normed(
      Weights at, String convolution, String norm, NDManager manager) {
    return Convolution.of(at.at(convolution), Sampling.POINTWISE, manager)
        .normed(norm(at.at(norm), manager));
  }

  private static BatchNorm norm(Weights at, NDManager manager) {
    return BatchNorm.of(at, BatchNorm.MOMENTUM, BatchNorm.EPSILON, manager);
  }

  private static Separable separable(
      Weights at, String body, String norm, int channels, Sampling sampling, NDManager manager) {
    return new Separable(
        Optional.of(Convolution.of(at.at(body + "0"), sampling.depthwise(channels), manager)),
        normed(at, body + "1", norm, manager),
        Long.MAX_VALUE);
  }

  /** The same network for another purpose, on the same weights. */
  DeepLab in(Mode changed) {
    return new DeepLab(config, weights, backbone.in(changed), head, changed, 0);
  }

  /**
   * The network with its norms worked into the convolutions and the pooled branch reduced to a
   * bias, for inference alone.
   *
   * @param precision the format of products; {@link Precision#AUTO} is decided here
   * @param manager owns the new filters, which are all that it needs of the weights
   * @return another network
   */
  public DeepLab folded(Precision precision, NDManager manager) {
    return folded(precision, manager, WIDE);
  }

  /** The same with another limit of what is made as a whole. */
  DeepLab folded(Precision precision, NDManager manager, long wide) {
    Precision format = precision.on(manager.getDevice());
    List<NDArray> classes = new ArrayList<>();
    for (NDArray array : head.classes()) {
      NDArray reduced = Convolution.reduced(array, format);
      // The folded network outlives the weights.
      NDArray own = reduced == array ? array.duplicate() : reduced;
      own.attach(manager);
      classes.add(own);
    }
    Head folded =
        new Head(
            head.lowLevel().folded(manager, format),
            head.branches().stream().map(branch -> branch.folded(manager, format, wide)).toList(),
            head.pooled().folded(manager, format),
            head.joined(),
            parts(manager, format),
            head.decoder().folded(manager, format, wide),
            List.copyOf(classes));
    ResNet frugal = backbone.folded(manager, format).inStrips(wide);
    // Other formats and devices have convolutions that are faster as they are.
    boolean isPlain = format == Precision.FLOAT32 && !manager.getDevice().isGpu();
    return new DeepLab(config, weights, frugal, folded, Mode.INFERENCE, isPlain ? wide : 0);
  }

  /** The projection after the pyramid, cut by branches. */
  private List<Convolution> parts(NDManager manager, Precision format) {
    Weights at = weights.at("classifier.aspp.project");
    List<Convolution> parts = new ArrayList<>();
    try (NDManager call = manager.newSubManager()) {
      Weights statistics = at.at("1");
      NDArray filters = at.get("0.weight").duplicate();
      filters.attach(call);
      NDList folded =
          Kernels.core()
              .callAll(
                  "fold_norm",
                  filters,
                  call.create(new Shape(0)),
                  statistics.get("weight"),
                  statistics.get("bias"),
                  statistics.get("running_mean"),
                  statistics.get("running_var"),
                  Kernels.numbers(call, BatchNorm.EPSILON));
      int width = config.asppChannels();
      for (int i = 0; i <= config.pooledBranch(); i++) {
        NDArray slice = folded.get(0).get(":, {}:{}", i * width, (i + 1) * width).duplicate();
        Map<String, NDArray> own =
            i == config.pooledBranch()
                ? Map.of("weight", slice, "bias", folded.get(1))
                : Map.of("weight", slice);
        // Nothing is folded here but the format changed, and the arrays made to last.
        parts.add(
            Convolution.of(Weights.of(own, "the pyramid's projection"), Sampling.POINTWISE, manager)
                .folded(manager, format));
      }
    }
    return List.copyOf(parts);
  }

  DeepLabConfig config() {
    return config;
  }

  ResNet backbone() {
    return backbone;
  }

  /**
   * Class maps at a quarter of the resolution.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @param dropout takes and gives the pyramid's output {@code [B, D, H / 8, W / 8]}
   * @return {@code [B, classes, H / 4, W / 4]}, sides rounded up
   */
  public NDArray logits(NDArray pixels, UnaryOperator<NDArray> dropout) {
    return classMaps(features(pixels, dropout));
  }

  /** The last convolution: {@code [B, D, h, w]} to {@code [B, classes, h, w]}. */
  NDArray classMaps(NDArray features) {
    NDArray options = Kernels.numbers(features.getManager(), 1, 0, 1, 1);
    return mode.call("conv2d", features, head.classes().get(0), head.classes().get(1), options);
  }

  /**
   * What the last convolution sees: class maps are made of it, a few rows at a time.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @return {@code [B, D, H / 4, W / 4]}, sides rounded up
   */
  public NDArray features(NDArray pixels) {
    // Of the widest maps, those of the last stage, which has an eighth of the resolution.
    if (pixels.size() / 3 * config.features() / 64 > together) {
      return features(pixels, UnaryOperator.identity());
    }
    try (NDArray cells = Kernels.core().call("channels_last", pixels);
        NDArray features = features(cells, UnaryOperator.identity())) {
      return Kernels.core().call("channels_first", features);
    }
  }

  private NDArray features(NDArray pixels, UnaryOperator<NDArray> dropout) {
    NDArray[] low = new NDArray[1];
    NDArray last =
        backbone.last(
            pixels,
            (stage, output) -> {
              if (stage == 0) {
                low[0] = lowLevel(output);
              }
            });
    NDArray pyramid = dropout.apply(pyramid(last));
    last.close();
    return decode(low[0], pyramid);
  }

  /** The first stage's features {@code [B, C, h, w]} in fewer channels. */
  NDArray lowLevel(NDArray first) {
    return mode.relu(head.lowLevel().forward(first, mode));
  }

  /** The branches of the pyramid on {@code [B, C, h, w]}; the last is {@code [B, D, 1, 1]}. */
  NDList branches(NDArray last) {
    NDList branches = new NDList();
    for (Separable branch : head.branches()) {
      branches.add(branch.forward(last, mode));
    }
    branches.add(pooled(last));
    return branches;
  }

  private NDArray pooled(NDArray last) {
    NDArray mean = Pooling.global(last);
    // The mean is DJL's, so that it may not be the product of a pass that is not recorded.
    return mode.relu(
        head.pooled()
            .forward(
                mean.reshape(new Shape(mean.getShape().get(0), mean.getShape().get(1), 1, 1)),
                mode));
  }

  /** The pyramid (ASPP) on {@code [B, C, h, w]}: {@code [B, D, h, w]}. */
  NDArray pyramid(NDArray last) {
    if (!head.parts().isEmpty()) {
      return summed(last);
    }
    NDList branches = branches(last);
    NDArray constant = branches.remove(branches.size() - 1);
    branches.add(constant.broadcast(branches.get(0).getShape()));
    try (NDArray joined = NDArrays.concat(branches, 1)) {
      if (!mode.records()) {
        branches.close();
        constant.close();
      }
      return mode.relu(head.joined().forward(joined, mode));
    }
  }

  /** The same as a sum over branches, so that they never lie side by side. */
  private NDArray summed(NDArray last) {
    List<Convolution> parts = head.parts();
    NDArray sum;
    try (NDArray branch = head.branches().get(0).forward(last, mode)) {
      sum = parts.get(0).forward(branch, mode);
    }
    for (int i = 1; i < head.branches().size(); i++) {
      try (NDArray branch = head.branches().get(i).forward(last, mode);
          NDArray part = parts.get(i).forward(branch, mode)) {
        sum = added(sum, part);
      }
    }
    try (NDArray branch = pooled(last);
        NDArray bias = parts.get(parts.size() - 1).forward(branch, mode)) {
      return mode.relu(added(sum, bias));
    }
  }

  private static NDArray added(NDArray sum, NDArray part) {
    try (sum) {
      return KERNELS.call("add_in_place", sum, part);
    }
  }

  /** The decoder up to the last convolution. */
  NDArray decode(NDArray low, NDArray pyramid) {
    long height = low.getShape().get(2);
    long width = low.getShape().get(3);
    long numbers = low.getShape().get(0) * config.decoderInputs() * height * width;
    long wide = head.decoder().wide();
    if (numbers > wide) {
      return inStrips(low, pyramid, (int) Math.max(1, wide / PARTS * height / numbers));
    }
    try (NDArray larger =
            Interpolation.resize(pyramid, height, width, Interpolation.Mode.BILINEAR);
        NDArray joined = low.concat(larger, 1)) {
      low.close();
      pyramid.close();
      return head.decoder().forward(joined, mode);
    }
  }

  /** The decoder some rows at a time, so that its input is never whole. */
  private NDArray inStrips(NDArray low, NDArray pyramid, int strip) {
    Shape shape = low.getShape();
    int height = (int) shape.get(2);
    NDArray result =
        low.getManager()
            .create(new Shape(shape.get(0), config.asppChannels(), height, shape.get(3)));
    LinearTaps rows = LinearTaps.of((int) pyramid.getShape().get(2), height);
    LinearTaps columns = LinearTaps.of((int) pyramid.getShape().get(3), (int) shape.get(3));
    Convolution spatial = head.decoder().spatial().orElseThrow();
    for (int top = 0; top < height; top += strip) {
      int bottom = Math.min(height, top + strip);
      int from = Math.max(0, top - 1); // the convolution sees a row above and below
      int to = Math.min(height, bottom + 1);
      try (NDManager part = low.getManager().newSubManager()) {
        ResizeTable down = ResizeTable.of(rows, from, to, part);
        ResizeTable across = ResizeTable.whole(columns, part);
        NDArray seen = pyramid.get(":, :, {}:{}", down.first(), down.first() + down.count());
        seen.attach(part);
        NDArray larger =
            KERNELS.call(
                "resize_rows",
                seen.reshape(-1, down.count(), seen.getShape().get(3)),
                down.indices(),
                down.factors(),
                across.indices(),
                across.factors());
        NDArray lower = low.get(":, :, {}:{}", from, to);
        lower.attach(part);
        NDArray joined =
            lower.concat(
                larger.reshape(shape.get(0), config.asppChannels(), to - from, shape.get(3)), 1);
        larger.close();
        NDArray maps = spatial.rows(joined, top - from, bottom - from);
        joined.close();
        NDArray mixed = mode.relu(head.decoder().mixing().forward(maps, mode));
        mode.call("put_rows", result, mixed, Kernels.numbers(part, top)).close();
      }
    }
    low.close();
    pyramid.close();
    return result;
  }

  /** Weight and bias of the last convolution. */
  List<NDArray> classes() {
    return head.classes();
  }
}
