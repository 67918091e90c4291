package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.network.CheckpointShapes;
import org.zeroseg.core.network.QueryDecoder;

/**
 * The sizes of a SelfMask network (Shin et al. 2022, Sec. 3.2).
 *
 * @param encoder its vision transformer
 * @param queries number of masks that are proposed
 * @param layers of the decoder
 * @param heads of the decoder's attention
 * @param inner width of the decoder's feed-forward layers
 */
public record SelfMaskConfig(DinoConfig encoder, int queries, int layers, int heads, int inner) {

  /** The published network, {@code selfmask_nq20}: ViT-S/8, 20 queries, 6 layers. */
  public static final SelfMaskConfig SMALL_8 =
      new SelfMaskConfig(DinoConfig.SMALL_8, 20, 6, 6, 1536);

  static final String ENCODER = "encoder";
  static final String DECODER = "decoder";
  static final String QUERIES = "query_embed";
  private static final int OBJECTNESS_LAYERS = 3;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is not positive or the heads do not divide the width
   */
  public SelfMaskConfig {
    if (queries < 1 || layers < 1 || heads < 1 || inner < 1 || encoder.width() % heads != 0) {
      throw new IllegalArgumentException(
          "No such network: %d queries, %d layers, %d heads, %d inner channels on %s"
              .formatted(queries, layers, heads, inner, encoder));
    }
  }

  /**
   * Reads the sizes off a checkpoint's shapes; encoder and decoder have the same number of heads.
   *
   * @param checkpoint with the original names
   * @return the sizes
   * @throws CheckpointException if the tensors that tell them are missing or contradict each other
   */
  public static SelfMaskConfig of(Checkpoint checkpoint) {
    DinoConfig encoder = DinoConfig.of(checkpoint.under(ENCODER));
    CheckpointShapes found = new CheckpointShapes(checkpoint, "SelfMask");
    int layers = found.count(DECODER + ".layers.", ".norm1.weight");
    Shape queries = found.get(QUERIES, 2);
    Shape inner = found.get(DECODER + ".layers.0.linear1.weight", 2);
    return found.checked(
        () ->
            new SelfMaskConfig(
                encoder,
                Math.toIntExact(queries.get(0)),
                layers,
                encoder.heads(),
                Math.toIntExact(inner.get(0))));
  }

  /**
   * Every tensor of the checkpoint.
   *
   * @return names with shapes
   */
  public Map<String, Shape> shapes() {
    int width = encoder.width();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put(QUERIES, new Shape(queries, width));
    encoder.shapes().forEach((name, shape) -> shapes.put(ENCODER + "." + name, shape));
    QueryDecoder.shapes(shapes, DECODER + ".", layers, width, inner);
    for (int i = 0; i < OBJECTNESS_LAYERS; i++) {
      int out = i < OBJECTNESS_LAYERS - 1 ? width : 1;
      CheckpointShapes.layer(shapes, "ffn.layers." + i, new Shape(out, width));
    }
    return shapes;
  }

  /**
   * Weights to train from. The encoder's are to be replaced by DINO's, as in the paper.
   *
   * @param random where the numbers come from, tensor by tensor in the order of {@link #shapes()}
   * @param manager the manager that will own the arrays
   * @return every tensor of {@link #shapes()}
   */
  public Map<String, NDArray> initialWeights(RandomGenerator random, NDManager manager) {
    return DinoInitialisation.of(shapes(), random, manager);
  }
}
