package org.zeroseg.namedmask;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.network.CheckpointShapes;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.ModelMemory;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.dino.DinoConfig;

/**
 * A DeiT with a distillation token (Touvron et al. 2021), whose patches ReCo compares; trained on
 * Stylized ImageNet it looks at shapes (Naseer et al. 2021). Results belong to the manager of the
 * pixels.
 */
record DeiT(DinoConfig config, Weights weights, Transformer blocks, NDArray epsilon) {

  /** The epsilon of every layer norm. */
  private static final double EPSILON = 1e-6;

  /** The class token and the distillation token. */
  private static final int SPECIAL = 2;

  /** Channels of a head, where nothing else is said. */
  private static final int HEAD_WIDTH = 64;

  /** As a checkpoint's shapes tell; the heads are in its metadata, or have 64 channels. */
  static DinoConfig config(Checkpoint checkpoint) {
    CheckpointShapes found = new CheckpointShapes(checkpoint, "DeiT with a distillation token");
    Shape filter = found.get("patch_embed.proj.weight", 4);
    found.get("dist_token", 3);
    long cells = found.get("pos_embed", 3).get(1) - SPECIAL;
    int side = (int) Math.round(Math.sqrt((double) Math.max(0, cells)));
    int depth = found.count("blocks.", ".norm1.weight");
    String heads = checkpoint.metadata().get("heads");
    if ((long) side * side != cells) {
      throw new CheckpointException(
          "%s: rows of pos_embed must be two more than a square, found %d"
              .formatted(checkpoint.source(), cells + SPECIAL));
    }
    return found.checked(
        () -> {
          int width = Math.toIntExact(filter.get(0));
          int count = heads != null ? Integer.parseInt(heads) : Math.max(1, width / HEAD_WIDTH);
          return new DinoConfig(Math.toIntExact(filter.get(2)), width, depth, count, side);
        });
  }

  /** DINO's tensors, and a second token. */
  static Map<String, Shape> shapes(DinoConfig config) {
    Map<String, Shape> shapes = new LinkedHashMap<>(config.shapes());
    long cells = (long) config.side() * config.side();
    shapes.put("dist_token", new Shape(1, 1, config.width()));
    shapes.put("pos_embed", new Shape(1, SPECIAL + cells, config.width()));
    return shapes;
  }

  static DeiT of(DinoConfig config, Weights weights, NDManager manager) {
    Transformer.Options options =
        new Transformer.Options(config.heads(), EPSILON, Transformer.Activation.GELU, false);
    Transformer blocks =
        Transformer.of(
            weights.at("blocks"), config.depth(), Transformer.Names.TIMM, options, manager);
    return new DeiT(config, weights, blocks, Kernels.numbers(manager, EPSILON));
  }

  /**
   * The encoder of a checkpoint.
   *
   * @param stored the file as published, whose heads are left out; not closed
   * @param device where to compute
   * @return to be closed
   * @throws CheckpointException if it holds no such transformer
   */
  static DenseEncoder encoder(Checkpoint stored, Device device) {
    Checkpoint unwrapped = stored.unwrapped();
    Checkpoint network =
        (unwrapped.tensors().containsKey("model.cls_token") ? unwrapped.under("model") : unwrapped)
            .without(name -> name.startsWith("head.") || name.startsWith("head_dist."));
    DinoConfig config = config(network);
    NDManager manager = TorchEngine.newManager(device);
    try {
      DeiT deit = of(config, Weights.load(network, shapes(config), manager), manager);
      return new Encoders.Of(config.patch(), deit::patches, new ModelMemory(manager, "this DeiT"));
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * The patches after the final norm.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised; what does not fill a patch is left out
   * @return {@code [B, h w, C]}
   */
  NDArray patches(NDArray pixels) {
    NDManager call = pixels.getManager();
    Shape shape = pixels.getShape();
    long rows = shape.get(2) / config.patch();
    long columns = shape.get(3) / config.patch();
    NDArray filtered =
        Mode.INFERENCE.call(
            "conv2d",
            pixels,
            weights.get("patch_embed.proj.weight"),
            weights.get("patch_embed.proj.bias"),
            Kernels.numbers(call, config.patch(), 0, 1, 1));
    NDArray cells = filtered.reshape(shape.get(0), config.width(), -1).swapAxes(1, 2);
    Shape one = new Shape(shape.get(0), 1, config.width());
    NDArray first = weights.get("cls_token").broadcast(one);
    NDArray second = weights.get("dist_token").broadcast(one);
    first.attach(call);
    second.attach(call);
    NDArray tokens = first.concat(second, 1).concat(cells, 1).add(positions(rows, columns, call));
    NDArray normed =
        Mode.INFERENCE.call(
            "layer_norm",
            blocks.forward(tokens),
            weights.get("norm.weight"),
            weights.get("norm.bias"),
            epsilon);
    return normed.get(":, {}:", SPECIAL);
  }

  /**
   * The positional table, resized bicubically unless the number of cells is the stored one; a grid
   * of another shape with as many keeps the table, as published.
   */
  NDArray positions(long rows, long columns, NDManager call) {
    NDArray stored = weights.get("pos_embed");
    NDArray view = stored.reshape(stored.getShape());
    view.attach(call);
    int side = config.side();
    if (rows * columns == (long) side * side) {
      return view;
    }
    NDArray table =
        view.get(":, {}:", SPECIAL).reshape(1, side, side, config.width()).transpose(0, 3, 1, 2);
    NDArray resized =
        Interpolation.resize(table, rows, columns, Interpolation.Mode.BICUBIC)
            .transpose(0, 2, 3, 1)
            .reshape(1, rows * columns, config.width());
    return view.get(":, :{}", SPECIAL).concat(resized, 1);
  }
}
