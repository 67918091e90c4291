package org.zeroseg.clip;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Weights;

/**
 * CLIP's ResNet: a stem of three convolutions, bottlenecks that average-pool where others stride,
 * and attention pooling in place of the mean.
 */
public final class ModifiedResNet implements ImageTower {

  /** PyTorch's default: the weight of the batch in the running statistics. */
  private static final double MOMENTUM = 0.1;

  private final ClipConfig.ResNet config;
  private final Weights weights;
  private final AttentionPool pool;
  private final Numbers numbers;
  private final Mode mode;

  ModifiedResNet(ClipConfig.ResNet config, Weights visual, NDManager manager) {
    this.config = config;
    this.weights = visual;
    this.pool = new AttentionPool(visual.at("attnpool"), config.heads(), manager);
    this.numbers = Numbers.of(manager);
    this.mode = Mode.INFERENCE;
  }

  private ModifiedResNet(
      ClipConfig.ResNet config, Weights weights, AttentionPool pool, Numbers numbers, Mode mode) {
    this.config = config;
    this.weights = weights;
    this.pool = pool;
    this.numbers = numbers;
    this.mode = mode;
  }

  ModifiedResNet in(Mode changed) {
    return new ModifiedResNet(config, weights, pool, numbers, changed);
  }

  /** Options of kernels, as small arrays of the model's manager. */
  private record Numbers(
      NDArray pointwise,
      NDArray padded,
      NDArray strided,
      NDArray two,
      NDArray frozen,
      NDArray training,
      NDArray noBias) {

    static Numbers of(NDManager manager) {
      return new Numbers(
          numbers(manager, 1, 0, 1, 1),
          numbers(manager, 1, 1, 1, 1),
          numbers(manager, 2, 1, 1, 1),
          manager.create(2L).toDevice(Device.cpu(), false),
          numbers(manager, 0, MOMENTUM, 1e-5),
          numbers(manager, 1, MOMENTUM, 1e-5),
          manager.create(new Shape(0)));
    }

    /** Kernels read them as numbers, which would stall a GPU that held them. */
    private static NDArray numbers(NDManager manager, double... values) {
      return manager.create(values).toDevice(Device.cpu(), false);
    }
  }

  /**
   * The sizes.
   *
   * @return the configuration
   */
  public ClipConfig.ResNet config() {
    return config;
  }

  @Override
  public NDArray encode(NDArray pixels) {
    return pool(features(pixels), PositionResampling.TARGET_SIZE);
  }

  /**
   * The last stage's features.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @return {@code [B, C, h, w]}, where a side is that of the pixels divided by the stride
   */
  public NDArray features(NDArray pixels) {
    NDList stages = stages(pixels);
    return stages.get(stages.size() - 1);
  }

  /**
   * The features after every stage.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @return one {@code [B, 4 planes, h, w]} a stage
   */
  public NDList stages(NDArray pixels) {
    if (Math.min(pixels.getShape().get(2), pixels.getShape().get(3)) < config.stride()) {
      throw new IllegalArgumentException(
          "pixels " + pixels.getShape() + " are smaller than the stride of " + config.stride());
    }
    NDArray x = pixels;
    x = relu(convolve(weights, "conv1", "bn1", numbers.strided, x));
    x = relu(convolve(weights, "conv2", "bn2", numbers.padded, x));
    x = relu(convolve(weights, "conv3", "bn3", numbers.padded, x));
    x = mode.call("average_pool", x, numbers.two);
    NDList stages = new NDList();
    for (int stage = 0; stage < config.blocks().size(); stage++) {
      for (int block = 0; block < config.blocks().get(stage); block++) {
        Weights at = weights.at("layer" + (stage + 1)).at(Integer.toString(block));
        x = bottleneck(at, x, stage > 0 && block == 0);
      }
      stages.add(x);
    }
    return stages;
  }

  /** A block of 1x1, 3x3 and 1x1 convolutions beside a shortcut; halves the sides if asked to. */
  NDArray bottleneck(Weights at, NDArray x, boolean halve) {
    NDArray y = relu(convolve(at, "conv1", "bn1", numbers.pointwise, x));
    y = relu(convolve(at, "conv2", "bn2", numbers.padded, y));
    if (halve) {
      y = mode.call("average_pool", y, numbers.two);
    }
    y = convolve(at, "conv3", "bn3", numbers.pointwise, y);
    NDArray shortcut = x;
    if (at.find("downsample.0.weight").isPresent()) {
      if (halve) {
        shortcut = mode.call("average_pool", x, numbers.two);
      }
      shortcut = convolve(at, "downsample.0", "downsample.1", numbers.pointwise, shortcut);
    }
    return relu(y.add(shortcut));
  }

  private NDArray convolve(
      Weights at, String convolution, String norm, NDArray options, NDArray x) {
    NDArray y = mode.call("conv2d", x, at.get(convolution + ".weight"), numbers.noBias, options);
    Weights bn = at.at(norm);
    return mode.call(
        "batch_norm",
        y,
        bn.get("weight"),
        bn.get("bias"),
        bn.get("running_mean"),
        bn.get("running_var"),
        mode == Mode.TRAINING ? numbers.training : numbers.frozen);
  }

  /**
   * Attention pooling: the mean of all cells asks, cells and mean answer.
   *
   * @param features {@code [B, C, h, w]}
   * @param positions how the position table is resampled
   * @return {@code [B, D]}
   */
  public NDArray pool(NDArray features, PositionResampling positions) {
    return pool.pool(features, positions, mode);
  }

  AttentionPool attentionPool() {
    return pool;
  }

  private NDArray relu(NDArray x) {
    return mode.call("relu", x);
  }
}
