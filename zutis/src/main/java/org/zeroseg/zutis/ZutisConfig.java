package org.zeroseg.zutis;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.network.CheckpointShapes;
import org.zeroseg.core.network.Initialiser;
import org.zeroseg.core.network.QueryDecoder;

/**
 * The sizes of a ZUTIS network, all of which a checkpoint's shapes tell.
 *
 * @param encoder CLIP's vision transformer
 * @param embedding width of CLIP's joint space
 * @param queries proposals for each picture; 100 in the published models
 * @param decoderLayers layers of the query decoder; 6 in the published models
 * @param feedForward inner width of the decoder's layers
 * @param hidden inner width of the two multi-layer perceptrons
 */
public record ZutisConfig(
    ClipConfig.Vit encoder,
    int embedding,
    int queries,
    int decoderLayers,
    int feedForward,
    int hidden) {

  /** Of both attentions in every published model. */
  static final int DECODER_HEADS = 8;

  static final String ENCODER = "encoder.";
  static final String QUERIES = "query_embed";

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is not positive, or the width does not divide into the
   *     decoder's eight heads
   */
  public ZutisConfig {
    if (embedding < 1 || queries < 1 || decoderLayers < 1 || feedForward < 1 || hidden < 1) {
      throw new IllegalArgumentException(
          "sizes must be positive: embedding %d, queries %d, decoder layers %d, feed-forward %d, hidden %d"
              .formatted(embedding, queries, decoderLayers, feedForward, hidden));
    }
    if (encoder.width() % DECODER_HEADS != 0) {
      throw new IllegalArgumentException(
          "a width of " + encoder.width() + " does not divide into " + DECODER_HEADS + " heads");
    }
  }

  /**
   * The published sizes around an image tower: 100 queries, 6 decoder layers of 2048, perceptrons
   * of 256.
   *
   * @param encoder CLIP's vision transformer
   * @param embedding width of CLIP's joint space
   * @return the configuration
   */
  public static ZutisConfig of(ClipConfig.Vit encoder, int embedding) {
    return new ZutisConfig(encoder, embedding, 100, 6, 2048, 256);
  }

  /**
   * The configuration that a checkpoint's shapes tell.
   *
   * @param checkpoint tensors under the published names
   * @return the configuration
   * @throws CheckpointException if the checkpoint holds no ZUTIS, or one of impossible sizes
   */
  public static ZutisConfig of(Checkpoint checkpoint) {
    CheckpointShapes found = new CheckpointShapes(checkpoint, "ZUTIS model");
    Shape queries = found.get(QUERIES, 2);
    Shape projection = found.get(ENCODER + "proj", 2);
    Shape perceptron = found.get("ffn1.layers.0.weight", 2);
    int layers = found.count("decoder.layers.", ".linear1.weight");
    Shape inner = found.get("decoder.layers.0.linear1.weight", 2);
    return found.checked(
        () ->
            new ZutisConfig(
                ClipConfig.Vit.of(checkpoint, ENCODER),
                (int) projection.get(1),
                (int) queries.get(0),
                layers,
                (int) inner.get(0),
                (int) perceptron.get(0)));
  }

  /**
   * Every tensor of the network under its published name.
   *
   * @return names and shapes
   */
  public Map<String, Shape> shapes() {
    int width = encoder.width();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put(QUERIES, new Shape(queries, width));
    shapes.putAll(encoder.shapes(ENCODER, embedding));
    for (String perceptron : new String[] {"ffn1", "ffn2"}) {
      int[] widths = {width, hidden, hidden, width};
      for (int i = 0; i < 3; i++) {
        Shape weight = new Shape(widths[i + 1], widths[i]);
        CheckpointShapes.layer(shapes, perceptron + ".layers." + i, weight);
      }
    }
    QueryDecoder.shapes(shapes, "decoder.", decoderLayers, width, feedForward);
    return shapes;
  }

  /**
   * The weights that training starts from: the image tower of a CLIP, and random ones elsewhere,
   * distributed as the reference's. All layers of the decoder start equal, since the reference
   * copies one.
   *
   * @param clip arrays under OpenAI's names; those of the image tower are copied
   * @param random where the others come from; the same generator state gives the same weights
   * @param manager owns the arrays
   * @return every name of {@link #shapes()} with its array
   * @throws IllegalArgumentException if the CLIP's image tower has other sizes
   */
  public Map<String, NDArray> initialWeights(
      Map<String, NDArray> clip, RandomGenerator random, NDManager manager) {
    Map<String, NDArray> weights = new LinkedHashMap<>();
    Map<String, float[]> firstLayer = new LinkedHashMap<>();
    Map<String, Shape> shapes = shapes();
    shapes.forEach(
        (name, shape) -> {
          if (name.startsWith(ENCODER)) {
            weights.put(name, towerArray(clip, name, shape, manager));
          } else {
            String drawn = name.replaceFirst("^decoder\\.layers\\.\\d+\\.", "decoder.layers.");
            float[] values =
                firstLayer.computeIfAbsent(drawn, key -> rule(name, shapes).values(shape, random));
            weights.put(name, manager.create(values, shape));
          }
        });
    return weights;
  }

  private static NDArray towerArray(
      Map<String, NDArray> clip, String name, Shape shape, NDManager manager) {
    String original = "visual." + name.substring(ENCODER.length());
    NDArray array = clip.get(original);
    if (array == null || !array.getShape().equals(shape)) {
      throw new IllegalArgumentException(
          "the CLIP to start from needs the tensor %s %s, found %s"
              .formatted(original, shape, array == null ? "none" : array.getShape()));
    }
    return manager.create(array.toFloatArray(), shape);
  }

  /** PyTorch's defaults for linear layers, norms and attention; queries as {@code nn.Embedding}. */
  private static Initialiser rule(String name, Map<String, Shape> shapes) {
    if (name.contains("norm")) {
      return Initialiser.constant(name.endsWith("weight") ? 1 : 0);
    } else if (name.equals(QUERIES)) {
      return Initialiser.normal(1);
    } else if (name.contains("attn") && name.endsWith("bias")) {
      return Initialiser.constant(0);
    }
    // A bias has the bound of its layer.
    Shape weight = shapes.get(name.replaceFirst("bias$", "weight"));
    return name.endsWith("in_proj_weight")
        ? Initialiser.xavierUniform(weight)
        : Initialiser.layer(weight);
  }
}
