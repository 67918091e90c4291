package org.zeroseg.zutis;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.zeroseg.clip.PositionResampling;
import org.zeroseg.clip.VisionTransformer;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.QueryDecoder;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * The network of ZUTIS as functions over arrays (Shin et al. 2023, Sec. 3.1): CLIP's image tower
 * with a semantic branch, which meets the words, and an instance branch, which proposes masks of
 * whatever there is.
 *
 * <p>Instances are immutable and thread-safe. They hold arrays of the model's manager and end with
 * it; every result belongs to the manager of the array passed in.
 */
public final class ZutisModel {

  static final Kernels KERNELS = Kernels.of(ZutisModel.class, "zutis.torchscript");

  private final ZutisConfig config;
  private final Weights weights;
  private final VisionTransformer encoder;
  private final QueryDecoder decoder;
  private final Mode mode;

  private ZutisModel(
      ZutisConfig config,
      Weights weights,
      VisionTransformer encoder,
      QueryDecoder decoder,
      Mode mode) {
    this.config = config;
    this.weights = weights;
    this.encoder = encoder;
    this.decoder = decoder;
    this.mode = mode;
  }

  /**
   * A network of weights that exist.
   *
   * @param config the sizes
   * @param weights every tensor of {@link ZutisConfig#shapes()}
   * @param manager the model's manager; owns a few small arrays
   * @return the network, for inference
   */
  public static ZutisModel of(ZutisConfig config, Weights weights, NDManager manager) {
    VisionTransformer encoder =
        VisionTransformer.of(config.encoder(), weights.at("encoder"), manager);
    QueryDecoder decoder =
        QueryDecoder.of(
            weights.at("decoder"),
            config.decoderLayers(),
            ZutisConfig.DECODER_HEADS,
            false,
            manager);
    return new ZutisModel(config, weights, encoder, decoder, Mode.INFERENCE);
  }

  /**
   * Reads a network; its sizes are those of the checkpoint's tensors.
   *
   * @param checkpoint a published state dictionary, or what training writes
   * @param precision of the products of transformers and perceptrons
   * @param manager the model's manager; owns the weights
   * @return the network, for inference
   * @throws CheckpointException if the checkpoint holds not exactly the tensors of a ZUTIS
   */
  public static ZutisModel load(Checkpoint checkpoint, Precision precision, NDManager manager) {
    ZutisConfig config = ZutisConfig.of(checkpoint);
    Weights weights =
        Weights.load(
            checkpoint,
            config.shapes(),
            precision,
            ZutisModel::inProducts,
            Transformer.Names.CLIP::isMatrix,
            manager);
    return of(config, weights, manager);
  }

  /** What may be bfloat16: norms, embeddings, patches and the projection to words stay float32. */
  static boolean inProducts(String name) {
    return (name.contains("transformer.resblocks.") && !name.contains(".ln_"))
        || (name.startsWith("decoder.layers.") && !name.contains(".norm"))
        || name.startsWith("ffn");
  }

  /** The same network for another purpose, on the same weights. */
  ZutisModel in(Mode changed) {
    return new ZutisModel(config, weights, encoder.in(changed), decoder.in(changed), changed);
  }

  ZutisConfig config() {
    return config;
  }

  /**
   * An image's features on a grid twice as fine as the patches.
   *
   * @param tokens {@code [B, height width, C]}, row-major
   * @param height cells from top to bottom
   * @param width cells from left to right
   */
  public record Features(NDArray tokens, int height, int width) {}

  /**
   * The encoder.
   *
   * @param pixels {@code [B, 3, H, W]}, with ImageNet's statistics; a remainder smaller than a
   *     patch is dropped, and what follows is stretched over the whole picture
   * @return features of {@code 2 floor(H / patch)} by {@code 2 floor(W / patch)} cells
   * @throws IllegalArgumentException if a side is shorter than a patch
   */
  public Features features(NDArray pixels) {
    return doubled(patches(pixels), pixels.getShape());
  }

  /** Patch tokens after the final norm, {@code [B, h w, C]}. */
  NDArray patches(NDArray pixels) {
    return encoder.patches(pixels, PositionResampling.SCALE_FACTOR);
  }

  /** Patch tokens of pixels of a shape on the finer grid. */
  Features doubled(NDArray patches, Shape pixels) {
    int patch = config.encoder().patch();
    int height = (int) pixels.get(2) / patch;
    int width = (int) pixels.get(3) / patch;
    try (NDArray size = Kernels.numbers(patches.getManager(), height, width)) {
      return new Features(call("doubled", patches, size), 2 * height, 2 * width);
    }
  }

  /**
   * The semantic branch: features as unit vectors of CLIP's joint space. They depend on the picture
   * as a whole, by a norm over all cells and channels jointly.
   *
   * @param features of the encoder
   * @return {@code [B, height width, E]}
   */
  public NDArray patchTokens(Features features) {
    return call("to_text_space", features.tokens(), weights.get("encoder.proj"));
  }

  /**
   * How well every cell goes with every word.
   *
   * @param patchTokens {@code [B, N, E]}
   * @param words {@code [K, E]} of unit length
   * @return cosines {@code [B, K, N]}
   */
  public NDArray cosines(NDArray patchTokens, NDArray words) {
    return call("cosines", patchTokens, words);
  }

  /**
   * What the instance branch makes of a picture.
   *
   * @param memory {@code [B, height width, C]}, what proposals are compared with
   * @param queries for each decoder layer {@code [B, Q, C]}, not of unit length
   */
  public record Decoded(NDArray memory, NDList queries) {}

  /**
   * The instance branch up to the queries.
   *
   * @param features of the encoder
   * @param everyLayer whether the queries of all decoder layers are wanted, for training, or the
   *     last layer's alone
   * @return memory and queries
   */
  public Decoded decode(Features features, boolean everyLayer) {
    NDArray memory = perceptron("ffn1", features.tokens());
    NDList layers = forward(memory, features.height(), features.width());
    NDList queries = new NDList();
    for (int i = everyLayer ? 0 : layers.size() - 1; i < layers.size(); i++) {
      queries.add(perceptron("ffn2", layers.get(i)));
    }
    return new Decoded(memory, queries);
  }

  /** The decoder alone: memory {@code [B, height width, C]} to {@code [B, Q, C]} a layer. */
  NDList forward(NDArray memory, int height, int width) {
    NDManager call = memory.getManager();
    int channels = config.encoder().width();
    NDArray positions =
        call.create(
            SinePositions.of(height, width, channels),
            new Shape(1, (long) height * width, channels));
    // A handle of the call's: views belong to the manager of what they look at.
    NDArray asked = weights.get(ZutisConfig.QUERIES).reshape(config.queries(), channels);
    asked.attach(call);
    return decoder.forward(memory, Optional.of(positions), asked);
  }

  /**
   * Mask proposals of one decoder layer.
   *
   * @param decoded memory and queries
   * @param layer its index among the decoded queries
   * @return probabilities {@code [B, Q, height width]}
   */
  public NDArray proposals(Decoded decoded, int layer) {
    return call("proposals", decoded.queries().get(layer), decoded.memory());
  }

  /**
   * Mask proposals of all decoded layers.
   *
   * @param decoded memory and queries
   * @return probabilities {@code [B, L, Q, height width]}
   */
  public NDArray proposals(Decoded decoded) {
    NDList layers = new NDList();
    for (int layer = 0; layer < decoded.queries().size(); layer++) {
      layers.add(proposals(decoded, layer));
    }
    return NDArrays.stack(layers, 1);
  }

  /**
   * What is inside proposals, once they are cut.
   *
   * @param objectness {@code [B, Q]}: mean probability
   * @param cosines {@code [B, Q, K]}: the mean patch token with every word
   */
  record Inside(NDArray objectness, NDArray cosines) {}

  static Inside inside(NDArray proposals, NDArray patchTokens, NDArray words, double threshold) {
    try (NDArray least = Kernels.numbers(proposals.getManager(), threshold)) {
      NDList found = KERNELS.callAll("inside", proposals, patchTokens, words, least);
      return new Inside(found.get(0), found.get(1));
    }
  }

  private NDArray perceptron(String name, NDArray x) {
    Weights layers = weights.at(name + ".layers");
    return call(
        "mlp",
        x,
        layers.get("0.weight"),
        layers.get("0.bias"),
        layers.get("1.weight"),
        layers.get("1.bias"),
        layers.get("2.weight"),
        layers.get("2.bias"));
  }

  private NDArray call(String kernel, NDArray... arguments) {
    return mode.call(KERNELS, kernel, arguments);
  }
}
