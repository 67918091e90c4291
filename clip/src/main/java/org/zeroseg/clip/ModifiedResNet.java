package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.network.BatchNorm;
import org.zeroseg.core.network.Convolution;
import org.zeroseg.core.network.Convolution.Sampling;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.Pooling;
import org.zeroseg.core.tensor.Weights;

/**
 * CLIP's ResNet: a stem of three convolutions, bottlenecks that average-pool where others stride,
 * and attention pooling in place of the mean.
 */
public final class ModifiedResNet implements ImageTower {

  private final ClipConfig.ResNet config;
  private final List<Convolution> stem;
  private final List<List<Bottleneck>> stages;
  private final AttentionPool pool;
  private final boolean folded;
  private final Mode mode;

  private ModifiedResNet(
      ClipConfig.ResNet config,
      List<Convolution> stem,
      List<List<Bottleneck>> stages,
      AttentionPool pool,
      boolean folded,
      Mode mode) {
    this.config = config;
    this.stem = stem;
    this.stages = stages;
    this.pool = pool;
    this.folded = folded;
    this.mode = mode;
  }

  static ModifiedResNet of(ClipConfig.ResNet config, Weights visual, NDManager manager) {
    List<Convolution> stem =
        List.of(
            normed(visual, "conv1", "bn1", Sampling.same(3, 2, 1), manager),
            normed(visual, "conv2", "bn2", Sampling.same(3, 1, 1), manager),
            normed(visual, "conv3", "bn3", Sampling.same(3, 1, 1), manager));
    List<List<Bottleneck>> stages = new ArrayList<>();
    for (int stage = 0; stage < config.blocks().size(); stage++) {
      Weights at = visual.at("layer" + (stage + 1));
      List<Bottleneck> blocks = new ArrayList<>();
      for (int block = 0; block < config.blocks().get(stage); block++) {
        boolean halve = stage > 0 && block == 0;
        blocks.add(Bottleneck.of(at.at(Integer.toString(block)), halve, manager));
      }
      stages.add(List.copyOf(blocks));
    }
    AttentionPool pool = new AttentionPool(visual.at("attnpool"), config.heads(), manager);
    return new ModifiedResNet(config, stem, List.copyOf(stages), pool, false, Mode.INFERENCE);
  }

  ModifiedResNet in(Mode changed) {
    if (folded && changed.records()) {
      throw new IllegalStateException("A tower with its norms worked in is for inference alone");
    }
    return new ModifiedResNet(config, stem, stages, pool, folded, changed);
  }

  /**
   * The tower with its norms worked into the convolutions, for inference alone; equal up to
   * rounding.
   *
   * @param manager owns the new filters; of the weights only the attention pool's are still needed
   */
  ModifiedResNet folded(NDManager manager) {
    return new ModifiedResNet(
        config,
        stem.stream().map(convolution -> convolution.folded(manager)).toList(),
        stages.stream()
            .map(blocks -> blocks.stream().map(block -> block.folded(manager)).toList())
            .toList(),
        pool,
        true,
        mode);
  }

  /** Training never counted batches here, and goes on from what it wrote. */
  private static Convolution normed(
      Weights at, String convolution, String norm, Sampling sampling, NDManager manager) {
    return Convolution.of(at.at(convolution), sampling, manager)
        .normed(BatchNorm.uncounted(at.at(norm), manager));
  }

  /** A block of 1x1, 3x3 and 1x1 convolutions beside a shortcut; halves the sides if asked to. */
  record Bottleneck(
      Convolution narrow,
      Convolution around,
      Convolution wide,
      Optional<Convolution> shortcut,
      boolean halve) {

    static Bottleneck of(Weights at, boolean halve, NDManager manager) {
      Sampling point = Sampling.POINTWISE;
      return new Bottleneck(
          normed(at, "conv1", "bn1", point, manager),
          normed(at, "conv2", "bn2", Sampling.same(3, 1, 1), manager),
          normed(at, "conv3", "bn3", point, manager),
          at.find("downsample.0.weight")
              .map(found -> normed(at, "downsample.0", "downsample.1", point, manager)),
          halve);
    }

    Bottleneck folded(NDManager manager) {
      return new Bottleneck(
          narrow.folded(manager),
          around.folded(manager),
          wide.folded(manager),
          shortcut.map(convolution -> convolution.folded(manager)),
          halve);
    }

    NDArray forward(NDArray x, Mode mode) {
      NDArray y = mode.relu(narrow.forward(x, mode));
      y = mode.relu(replace(y, around.forward(y, mode)));
      if (halve) {
        y = replace(y, Pooling.average(y, 2, mode));
      }
      y = replace(y, wide.forward(y, mode));
      if (shortcut.isEmpty()) {
        return mode.addRelu(y, x);
      }
      NDArray small = halve ? Pooling.average(x, 2, mode) : x;
      try (NDArray other = shortcut.get().forward(small, mode)) {
        if (halve) {
          small.close();
        }
        return mode.addRelu(y, other);
      }
    }
  }

  /** What the backward pass needs of an array, autograd keeps. */
  private static NDArray replace(NDArray before, NDArray after) {
    before.close();
    return after;
  }

  ClipConfig.ResNet config() {
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

  /** The features after every stage, one {@code [B, 4 planes, h, w]} each. */
  NDList stages(NDArray pixels) {
    if (Math.min(pixels.getShape().get(2), pixels.getShape().get(3)) < config.stride()) {
      throw new IllegalArgumentException(
          "pixels " + pixels.getShape() + " are smaller than the stride of " + config.stride());
    }
    NDArray x = mode.relu(stem.get(0).forward(pixels, mode));
    for (Convolution convolution : stem.subList(1, stem.size())) {
      x = mode.relu(replace(x, convolution.forward(x, mode)));
    }
    x = replace(x, Pooling.average(x, 2, mode));
    NDList outputs = new NDList();
    for (List<Bottleneck> blocks : stages) {
      for (int j = 0; j < blocks.size(); j++) {
        NDArray next = blocks.get(j).forward(x, mode);
        // The output of a stage before is the caller's.
        x = outputs.isEmpty() || j > 0 ? replace(x, next) : next;
      }
      outputs.add(x);
    }
    return outputs;
  }

  /** Attention pooling: the mean of all cells asks, cells and mean answer; {@code [B, D]}. */
  NDArray pool(NDArray features, PositionResampling positions) {
    return pool.pool(features, positions, mode);
  }

  AttentionPool attentionPool() {
    return pool;
  }
}
