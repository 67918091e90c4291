package org.zeroseg.dino;

import static org.zeroseg.core.network.CheckpointShapes.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.network.CheckpointShapes;

/**
 * The sizes of a DINO vision transformer (Caron et al. 2021, Sec. 3).
 *
 * @param patch side of a patch in pixels
 * @param width channels of a token, D
 * @param depth number of blocks
 * @param heads attention heads
 * @param side side of the stored positional table in patches
 */
public record DinoConfig(int patch, int width, int depth, int heads, int side) {

  /** All published models have heads of 64 channels. */
  private static final int HEAD_WIDTH = 64;

  /** ViT-S/16. */
  public static final DinoConfig SMALL_16 = new DinoConfig(16, 384, 12, 6, 14);

  /** ViT-S/8. */
  public static final DinoConfig SMALL_8 = new DinoConfig(8, 384, 12, 6, 28);

  /** ViT-B/16. */
  public static final DinoConfig BASE_16 = new DinoConfig(16, 768, 12, 12, 14);

  /** ViT-B/8. */
  public static final DinoConfig BASE_8 = new DinoConfig(8, 768, 12, 12, 28);

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is not positive or the heads do not divide the width
   */
  public DinoConfig {
    if (patch < 1 || width < 1 || depth < 1 || heads < 1 || side < 1 || width % heads != 0) {
      throw new IllegalArgumentException(
          "No such transformer: patch %d, width %d, depth %d, heads %d, grid %d"
              .formatted(patch, width, depth, heads, side));
    }
  }

  /**
   * Reads the sizes off a checkpoint's shapes. The number of heads leaves no trace there: it is
   * taken from the checkpoint's metadata ({@code heads}), or heads have 64 channels.
   *
   * @param checkpoint with the original names
   * @return the sizes
   * @throws CheckpointException if the tensors that tell them are missing or contradict each other
   */
  public static DinoConfig of(Checkpoint checkpoint) {
    CheckpointShapes found = new CheckpointShapes(checkpoint, "DINO transformer");
    Shape filter = found.get("patch_embed.proj.weight", 4);
    int grid = found.grid("pos_embed", 3);
    int depth = found.count("blocks.", ".norm1.weight");
    String heads = checkpoint.metadata().get("heads");
    return found.checked(
        () -> {
          int width = Math.toIntExact(filter.get(0));
          int patch = Math.toIntExact(filter.get(2));
          if (heads == null && width % HEAD_WIDTH != 0) {
            throw new IllegalArgumentException(
                "heads of %d channels do not fill a width of %d, and the metadata names no number (heads)"
                    .formatted(HEAD_WIDTH, width));
          }
          int count = heads != null ? Integer.parseInt(heads) : width / HEAD_WIDTH;
          return new DinoConfig(patch, width, depth, count, grid);
        });
  }

  /**
   * The positions at which pixels of a shape are looked at.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @param stride pixels between positions; must divide the patch
   * @return the grid; what does not fill a patch at the right and bottom is left out
   * @throws IllegalArgumentException if the picture is smaller than a patch, or the stride does not
   *     divide the patch
   */
  public Grid grid(Shape pixels, int stride) {
    if (stride < 1 || patch % stride != 0) {
      throw new IllegalArgumentException(
          "Stride " + stride + " does not divide the patch of " + patch);
    }
    long height = pixels.get(2);
    long width = pixels.get(3);
    if (height < patch || width < patch) {
      throw new IllegalArgumentException(
          "A picture of %d x %d is smaller than a patch of %d x %d"
              .formatted(width, height, patch, patch));
    }
    return new Grid(
        Math.toIntExact((height - patch) / stride + 1),
        Math.toIntExact((width - patch) / stride + 1));
  }

  /**
   * Every tensor of the checkpoint.
   *
   * @return original names with shapes
   */
  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("cls_token", new Shape(1, 1, width));
    shapes.put("pos_embed", new Shape(1, 1 + (long) side * side, width));
    layer(shapes, "patch_embed.proj", new Shape(width, 3, patch, patch));
    for (int i = 0; i < depth; i++) {
      String block = "blocks." + i + ".";
      layer(shapes, block + "norm1", new Shape(width));
      layer(shapes, block + "attn.qkv", new Shape(3L * width, width));
      layer(shapes, block + "attn.proj", new Shape(width, width));
      layer(shapes, block + "norm2", new Shape(width));
      layer(shapes, block + "mlp.fc1", new Shape(4L * width, width));
      layer(shapes, block + "mlp.fc2", new Shape(width, 4L * width));
    }
    layer(shapes, "norm", new Shape(width));
    return shapes;
  }

  /**
   * Weights to train from: DINO's initial distributions.
   *
   * @param random where the numbers come from, tensor by tensor in the order of {@link #shapes()}
   * @param manager the manager that will own the arrays
   * @return every tensor of {@link #shapes()}
   */
  public Map<String, NDArray> initialWeights(RandomGenerator random, NDManager manager) {
    return DinoInitialisation.of(shapes(), random, manager);
  }
}
