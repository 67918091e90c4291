package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * A ResNet (He et al. 2016) without its classifier, as functions of weights under torchvision's
 * names. Views differ in what a pass is for ({@link #in}); instances are immutable and thread-safe,
 * hold arrays of the model's manager, and results belong to the manager of the pixels.
 */
public final class ResNet {

  /** Of a wide map so many strips are computed, one after the other, at least. */
  private static final long STRIPS = 8;

  private final ResNetConfig config;
  private final Convolution stem;
  private final List<List<Block>> stages;
  private final Mode mode;
  private final long most;

  private ResNet(
      ResNetConfig config, Convolution stem, List<List<Block>> stages, Mode mode, long most) {
    this.config = config;
    this.stem = stem;
    this.stages = stages;
    this.mode = mode;
    this.most = most;
  }

  /**
   * The network on given weights.
   *
   * @param config its sizes
   * @param weights arrays under torchvision's names; counts of batches may be missing
   * @param manager the model's manager; owns a few small arrays
   * @return the network, for inference
   */
  public static ResNet of(ResNetConfig config, Weights weights, NDManager manager) {
    Parts parts = new Parts(config, manager);
    List<List<Block>> stages = new ArrayList<>();
    int dilation = 1;
    for (int stage = 0; stage < config.blocks().size(); stage++) {
      boolean dilates = config.dilates(stage);
      int stride = stage == 0 || dilates ? 1 : 2;
      int before = dilation;
      dilation = dilates ? 2 * dilation : dilation;
      List<Block> blocks = new ArrayList<>();
      for (int j = 0; j < config.blocks().get(stage); j++) {
        Weights at = weights.at("layer" + (stage + 1) + "." + j);
        blocks.add(parts.block(at, stage, j, j == 0 ? stride : 1, j == 0 ? before : dilation));
      }
      stages.add(List.copyOf(blocks));
    }
    Convolution stem = parts.normed(weights, "conv1", "bn1", Convolution.Sampling.same(7, 2, 1));
    return new ResNet(config, stem, List.copyOf(stages), Mode.INFERENCE, Long.MAX_VALUE);
  }

  /**
   * The network of a checkpoint.
   *
   * @param stored a file of torchvision, DINO, MoCo, SwAV or mmdetection as published; not closed
   * @param config its sizes
   * @param manager the model's manager; owns the weights
   * @return the network, for inference
   * @throws CheckpointException if the checkpoint holds no such ResNet, or more than one
   */
  public static ResNet load(Checkpoint stored, ResNetConfig config, NDManager manager) {
    Checkpoint backbone = BackboneLayout.backbone(stored);
    Map<String, Shape> shapes = config.shapes("");
    shapes
        .keySet()
        .removeIf(name -> BatchNorm.isCount(name) && !backbone.tensors().containsKey(name));
    return of(config, Weights.load(backbone, shapes, manager), manager);
  }

  /** Makes blocks of weights. */
  private record Parts(ResNetConfig config, NDManager manager) {

    Convolution normed(Weights at, String convolution, String norm, Convolution.Sampling sampling) {
      return Convolution.of(at.at(convolution), sampling, manager)
          .normed(BatchNorm.of(at.at(norm), config.momentum(), config.epsilon(), manager));
    }

    Block block(Weights at, int stage, int index, int stride, int dilation) {
      ResNetConfig.Block kind = config.block();
      List<Convolution> layers = new ArrayList<>();
      for (int i = 0; i < kind.layers(); i++) {
        // The second convolution of a basic block dilates as the first does.
        int spread = kind.side(i) == 3 ? dilation : 1;
        int step = i == kind.striding() ? stride : 1;
        Convolution.Sampling sampling = Convolution.Sampling.same(kind.side(i), step, spread);
        layers.add(normed(at, "conv" + (i + 1), "bn" + (i + 1), sampling));
      }
      Optional<Convolution> shortcut =
          config.hasShortcut(stage, index)
              ? Optional.of(
                  normed(
                      at, "downsample.0", "downsample.1", Convolution.Sampling.same(1, stride, 1)))
              : Optional.empty();
      return new Block(List.copyOf(layers), shortcut);
    }
  }

  /** Convolutions beside a shortcut. */
  private record Block(List<Convolution> layers, Optional<Convolution> shortcut) {

    NDArray forward(NDArray x, Mode mode) {
      NDArray y = layers.get(0).forward(x, mode);
      for (Convolution layer : layers.subList(1, layers.size())) {
        try (NDArray inner = mode.relu(y)) {
          y = layer.forward(inner, mode);
        }
      }
      NDArray other = shortcut.isEmpty() ? x : shortcut.get().forward(x, mode);
      NDArray sum = mode.addRelu(y, other);
      if (shortcut.isPresent()) {
        other.close();
      }
      return sum;
    }

    /** Numbers of the output. */
    long size(NDArray x) {
      Shape shape = x.getShape();
      Convolution last = layers.get(layers.size() - 1);
      return shape.get(0) * last.channels() * rows(shape.get(2)) * rows(shape.get(3));
    }

    private long rows(long side) {
      long rows = side;
      for (Convolution layer : layers) {
        rows = layer.size(rows);
      }
      return rows;
    }

    /**
     * The same a few rows at a time.
     *
     * @param x overwritten, and the result, where there is no convolution on the shortcut
     */
    NDArray inStrips(NDArray x, long numbers) {
      NDManager manager = x.getManager();
      Shape shape = x.getShape();
      int height = (int) rows(shape.get(2));
      int strip = (int) Math.max(1, numbers / STRIPS * height / size(x));
      try (NDArray narrow = first(x, strip)) {
        NDArray result =
            shortcut.isEmpty()
                ? x
                : manager.create(
                    new Shape(
                        shape.get(0),
                        layers.get(layers.size() - 1).channels(),
                        height,
                        rows(shape.get(3))));
        for (int top = 0; top < height; top += strip) {
          int bottom = Math.min(height, top + strip);
          NDArray y = layers.get(1).rows(narrow, top, bottom);
          for (Convolution layer : layers.subList(2, layers.size())) {
            try (NDArray inner = Mode.INFERENCE.relu(y)) {
              y = layer.forward(inner, Mode.INFERENCE);
            }
          }
          try (NDArray own = y;
              NDArray at = Kernels.numbers(manager, top);
              NDArray other = shortcut.isEmpty() ? view(x) : shortcut.get().rows(x, top, bottom)) {
            Mode.INFERENCE.call("put_rows_of_sum", result, own, other, at).close();
          }
        }
        return result;
      }
    }

    /** A handle that may be closed. */
    private static NDArray view(NDArray x) {
      return x.reshape(x.getShape());
    }

    /** The positive part of the first layer's output. */
    private NDArray first(NDArray x, int strip) {
      Convolution layer = layers.get(0);
      Shape shape = x.getShape();
      int height = layer.size(shape.get(2));
      NDArray narrow =
          x.getManager()
              .create(new Shape(shape.get(0), layer.channels(), height, layer.size(shape.get(3))));
      for (int top = 0; top < height; top += strip) {
        int bottom = Math.min(height, top + strip);
        try (NDArray y = Mode.INFERENCE.relu(layer.rows(x, top, bottom));
            NDArray at = Kernels.numbers(x.getManager(), top)) {
          Mode.INFERENCE.call("put_rows", narrow, y, at).close();
        }
      }
      return narrow;
    }

    Block folded(NDManager manager, Precision precision) {
      return new Block(
          layers.stream().map(layer -> layer.folded(manager, precision)).toList(),
          shortcut.map(convolution -> convolution.folded(manager, precision)));
    }
  }

  /**
   * The same network for another purpose.
   *
   * @param changed what its passes are for; with frozen norms training is the same as {@link
   *     Mode#DIFFERENTIABLE}
   * @return a view on the same weights
   */
  public ResNet in(Mode changed) {
    boolean stored = changed == Mode.TRAINING && config.frozenNorms();
    return new ResNet(config, stem, stages, stored ? Mode.DIFFERENTIABLE : changed, most);
  }

  /**
   * The network with its norms worked into the convolutions, for inference alone: faster, and equal
   * up to rounding (about 1e-6 of a stage's largest value).
   *
   * @param manager owns the new filters, which are all that it needs of the weights
   * @return another network
   */
  public ResNet folded(NDManager manager) {
    return folded(manager, Precision.FLOAT32);
  }

  /**
   * The same with products in a reduced precision; what lies between convolutions stays float32.
   *
   * @param manager owns the new filters, which are all that it needs of the weights
   * @param precision the format of products, not {@link Precision#AUTO}
   * @return another network
   */
  public ResNet folded(NDManager manager, Precision precision) {
    return new ResNet(
        config,
        stem.folded(manager, precision),
        stages.stream()
            .map(blocks -> blocks.stream().map(block -> block.folded(manager, precision)).toList())
            .toList(),
        Mode.INFERENCE,
        most);
  }

  /**
   * The same network, which computes wide maps a few rows at a time where nothing is recorded: of a
   * block only its input, its output and the first, narrow map between them are whole. Slightly
   * more work, and equal up to rounding.
   *
   * @param numbers of a map from which on it is wide
   * @return a view on the same weights
   */
  public ResNet inStrips(long numbers) {
    return new ResNet(config, stem, stages, mode, numbers);
  }

  /**
   * The sizes.
   *
   * @return the configuration
   */
  public ResNetConfig config() {
    return config;
  }

  /**
   * The stem: convolution, norm, ReLU and max pooling.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @return {@code [B, width, H / 4, W / 4]}, sides rounded up
   */
  public NDArray stem(NDArray pixels) {
    Mode own = mode(0);
    try (NDArray maps = own.relu(stem.forward(pixels, own))) {
      return released(Pooling.max(maps, 3, 2, 1, own), own);
    }
  }

  /**
   * The outputs of the stages, C2 to C5 of a detector.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @return of each stage {@code [B, channels, H', W']}; a side is that before by the stride,
   *     rounded up
   */
  public NDList stages(NDArray pixels) {
    NDList outputs = new NDList();
    forward(pixels, (stage, output) -> outputs.add(output));
    return outputs;
  }

  /**
   * The last stage's output.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @return {@code [B, channels, H / stride, W / stride]}
   */
  public NDArray last(NDArray pixels) {
    return last(pixels, (stage, output) -> {});
  }

  /**
   * The last stage's output, and a look at those before it, which are freed as soon as the next
   * stage has seen them.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @param look takes the number of a stage, from 0, and its output, which stays this method's
   * @return {@code [B, channels, H / stride, W / stride]}
   */
  public NDArray last(NDArray pixels, BiConsumer<Integer, NDArray> look) {
    NDArray[] before = new NDArray[1];
    int end = stages.size() - 1;
    return forward(
        pixels,
        (stage, output) -> {
          if (before[0] != null) {
            before[0].close();
          }
          before[0] = stage < end ? output : null;
          look.accept(stage, output);
        });
  }

  /** Hands over every stage's output, which the next stage still sees, and is not closed here. */
  private NDArray forward(NDArray pixels, BiConsumer<Integer, NDArray> outputs) {
    NDArray x = stem(pixels);
    for (int stage = 0; stage < stages.size(); stage++) {
      Mode own = mode(stage + 1);
      for (int j = 0; j < stages.get(stage).size(); j++) {
        Block block = stages.get(stage).get(j);
        boolean strips = !own.records() && block.size(x) > most;
        NDArray next = strips ? block.inStrips(x, most) : block.forward(x, own);
        if (next != x && (stage == 0 || j > 0)) { // the output of a stage before is handed over
          x.close();
        }
        x = next;
      }
      x = released(x, own);
      outputs.accept(stage, x);
    }
    return x;
  }

  /** What a pass through a part is for: a frozen one is not recorded. */
  private Mode mode(int part) {
    return part < config.frozen() ? Mode.INFERENCE : mode;
  }

  /** What left a frozen part as something that a recorded pass may go on with. */
  private NDArray released(NDArray x, Mode own) {
    if (own == mode) {
      return x;
    }
    try (x) {
      return x.duplicate();
    }
  }
}
