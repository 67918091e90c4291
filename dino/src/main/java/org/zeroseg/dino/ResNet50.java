package org.zeroseg.dino;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * ResNet-50 (He et al. 2016) without its classifier, under the names that DINO, MoCo v2, SwAV and
 * torchvision share; the stride of a stage sits on its 3 x 3 convolution. Stages 3 and 4 may keep
 * the resolution of the one before and dilate instead. Statistics are the running ones.
 */
public final class ResNet50 {

  private static final int[] BLOCKS = {3, 4, 6, 3};
  private static final int[] PLANES = {64, 128, 256, 512};
  private static final int EXPANSION = 4;
  private static final double EPSILON = 1e-5;

  private final Weights weights;
  private final boolean[] dilated;
  private final Map<String, NDArray> options = new LinkedHashMap<>();

  private ResNet50(Weights weights, boolean dilateThird, boolean dilateFourth, NDManager manager) {
    this.weights = weights;
    this.dilated = new boolean[] {false, false, dilateThird, dilateFourth};
    for (int stride = 1; stride <= 2; stride++) {
      option(manager, "point" + stride, stride, 0);
      for (int dilation = 1; dilation <= 4; dilation *= 2) {
        option(manager, "around" + stride + dilation, stride, dilation, dilation);
      }
    }
    option(manager, "stem", 2, 3);
    option(manager, "pool", 3, 2, 1);
    option(manager, "norm", 0, 0, EPSILON);
  }

  private void option(NDManager manager, String name, double... values) {
    options.put(name, manager.create(values).toDevice(Device.cpu(), false));
  }

  /**
   * The network of a checkpoint.
   *
   * @param stored DINO's, MoCo v2's or SwAV's file as published, or torchvision's names; heads are
   *     left out; not closed
   * @param dilateThird as for {@link #of}
   * @param dilateFourth as for {@link #of}
   * @param manager the model's manager; owns the weights
   * @return the network
   * @throws CheckpointException if the checkpoint holds no ResNet-50
   */
  public static ResNet50 load(
      Checkpoint stored, boolean dilateThird, boolean dilateFourth, NDManager manager) {
    Weights weights = Weights.load(DinoLayout.backbone(stored), shapes(), manager);
    return of(weights, dilateThird, dilateFourth, manager);
  }

  /**
   * The network on given weights.
   *
   * @param weights arrays under torchvision's names
   * @param dilateThird whether the third stage dilates instead of striding (total stride 8)
   * @param dilateFourth whether the fourth does (total stride 16, or 8 with the third)
   * @param manager the model's manager; owns a few small arrays
   * @return the network
   */
  public static ResNet50 of(
      Weights weights, boolean dilateThird, boolean dilateFourth, NDManager manager) {
    return new ResNet50(weights, dilateThird, dilateFourth, manager);
  }

  /**
   * Every tensor of the checkpoint.
   *
   * @return names with shapes
   */
  public static Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("conv1.weight", new Shape(64, 3, 7, 7));
    norm(shapes, "bn1", 64);
    int in = 64;
    for (int stage = 0; stage < BLOCKS.length; stage++) {
      int planes = PLANES[stage];
      int out = EXPANSION * planes;
      for (int j = 0; j < BLOCKS[stage]; j++) {
        String block = "layer" + (stage + 1) + "." + j + ".";
        shapes.put(block + "conv1.weight", new Shape(planes, in, 1, 1));
        norm(shapes, block + "bn1", planes);
        shapes.put(block + "conv2.weight", new Shape(planes, planes, 3, 3));
        norm(shapes, block + "bn2", planes);
        shapes.put(block + "conv3.weight", new Shape(out, planes, 1, 1));
        norm(shapes, block + "bn3", out);
        if (j == 0) {
          shapes.put(block + "downsample.0.weight", new Shape(out, in, 1, 1));
          norm(shapes, block + "downsample.1", out);
        }
        in = out;
      }
    }
    return shapes;
  }

  private static void norm(Map<String, Shape> shapes, String name, int channels) {
    for (String part : new String[] {"weight", "bias", "running_mean", "running_var"}) {
      shapes.put(name + "." + part, new Shape(channels));
    }
    shapes.put(name + ".num_batches_tracked", new Shape());
  }

  /**
   * The stem and the four stages.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @return after the stem {@code [B, 64, H / 4, W / 4]}, then after each stage {@code [B, 256 *
   *     2^i, H', W']}; owned by the manager of the pixels
   */
  public NDList stages(NDArray pixels) {
    Kernels kernels = Kernels.core();
    NDList stages = new NDList();
    NDArray x;
    try (NDArray stem = positive(layer(pixels, "conv1", "bn1", "stem"))) {
      x = kernels.call("max_pool", stem, options.get("pool"));
    }
    stages.add(x);
    int dilation = 1;
    for (int stage = 0; stage < BLOCKS.length; stage++) {
      int stride = stage == 0 || dilated[stage] ? 1 : 2;
      int before = dilation;
      dilation = dilated[stage] ? 2 * dilation : dilation;
      for (int j = 0; j < BLOCKS[stage]; j++) {
        // The first block of a dilated stage still has the dilation of the stage before.
        String block = "layer" + (stage + 1) + "." + j;
        NDArray next = bottleneck(x, block, j == 0 ? stride : 1, j == 0 ? before : dilation);
        if (j > 0) {
          x.close();
        }
        x = next;
      }
      stages.add(x);
    }
    return stages;
  }

  /**
   * The mean of the last stage over the picture.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @return {@code [B, 2048]}
   */
  public NDArray forward(NDArray pixels) {
    NDList stages = stages(pixels);
    return pooled(stages.get(stages.size() - 1));
  }

  static NDArray pooled(NDArray stage) {
    return stage.mean(new int[] {3}).mean(new int[] {2}); // the engine takes one axis at a time
  }

  private NDArray bottleneck(NDArray x, String block, int stride, int dilation) {
    String around = "around" + stride + dilation;
    try (NDArray narrow = positive(layer(x, block + ".conv1", block + ".bn1", "point1"));
        NDArray seen = positive(layer(narrow, block + ".conv2", block + ".bn2", around));
        NDArray wide = layer(seen, block + ".conv3", block + ".bn3", "point1")) {
      if (weights.find(block + ".downsample.0.weight").isEmpty()) {
        return positive(wide.add(x));
      }
      String shortcut = block + ".downsample";
      try (NDArray other = layer(x, shortcut + ".0", shortcut + ".1", "point" + stride)) {
        return positive(wide.add(other));
      }
    }
  }

  /** A convolution and its norm. */
  private NDArray layer(NDArray x, String convolution, String norm, String option) {
    NDArray filters = weights.get(convolution + ".weight");
    try (NDArray maps = Kernels.core().call("conv2d", x, filters, options.get(option))) {
      return Kernels.core()
          .call(
              "batch_norm",
              maps,
              weights.get(norm + ".weight"),
              weights.get(norm + ".bias"),
              weights.get(norm + ".running_mean"),
              weights.get(norm + ".running_var"),
              options.get("norm"));
    }
  }

  /** Takes the array's place: half a hundred of them would otherwise wait for the call's end. */
  private static NDArray positive(NDArray x) {
    try (x) {
      return x.maximum(0f);
    }
  }
}
