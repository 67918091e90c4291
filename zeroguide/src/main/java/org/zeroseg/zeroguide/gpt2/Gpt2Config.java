package org.zeroseg.zeroguide.gpt2;

import static org.zeroseg.core.network.CheckpointShapes.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.network.CheckpointShapes;
import org.zeroseg.core.network.Initialiser;

/**
 * The sizes of a GPT-2 (Radford et al. 2019).
 *
 * @param layers blocks
 * @param width of the tokens
 * @param heads of each block
 * @param vocabulary number of token ids
 * @param positions longest text in tokens
 * @param epsilon of the layer norms
 */
public record Gpt2Config(
    int layers, int width, int heads, int vocabulary, int positions, double epsilon) {

  /** All published models have heads of 64 channels. */
  private static final int HEAD_WIDTH = 64;

  private static final double EPSILON = 1e-5;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is not positive, or the heads do not divide the width
   */
  public Gpt2Config {
    if (layers < 1
        || width < 1
        || heads < 1
        || width % heads != 0
        || vocabulary < 1
        || positions < 1) {
      throw new IllegalArgumentException(
          "No such GPT-2: %d layers, width %d, %d heads, %d words, %d positions"
              .formatted(layers, width, heads, vocabulary, positions));
    }
  }

  /**
   * The sizes that a checkpoint's shapes tell. The number of heads leaves no trace there: it is
   * what the caller knows, else what the checkpoint's metadata say ({@code heads}), else heads have
   * 64 channels.
   *
   * @param checkpoint tensors under the published names, without prefix
   * @param heads if known
   * @return the sizes
   * @throws CheckpointException if the tensors that tell them are missing or contradict each other
   */
  public static Gpt2Config of(Checkpoint checkpoint, OptionalInt heads) {
    CheckpointShapes found = new CheckpointShapes(checkpoint, "GPT-2");
    Shape words = found.get("wte.weight", 2);
    Shape positions = found.get("wpe.weight", 2);
    int layers = found.count("h.", ".ln_1.weight");
    Optional<String> noted = Optional.ofNullable(checkpoint.metadata().get("heads"));
    return found.checked(
        () -> {
          int width = Math.toIntExact(words.get(1));
          int count =
              heads.orElseGet(() -> noted.map(Integer::parseInt).orElse(width / HEAD_WIDTH));
          return new Gpt2Config(
              layers,
              width,
              count,
              Math.toIntExact(words.get(0)),
              Math.toIntExact(positions.get(0)),
              EPSILON);
        });
  }

  /**
   * What the transformers library's configuration says of the heads.
   *
   * @param config {@code config.json}
   * @return {@code n_head}, if the file exists and says so
   * @throws IOException if it cannot be read or is no configuration
   */
  static OptionalInt heads(Path config) throws IOException {
    if (!Files.exists(config)) {
      return OptionalInt.empty();
    }
    return JsonFile.object(
        config,
        json ->
            json.has("n_head")
                ? OptionalInt.of(json.get("n_head").getAsInt())
                : OptionalInt.empty());
  }

  /** The sizes as the transformers library writes them. */
  String json() {
    JsonObject json = new JsonObject();
    json.addProperty("model_type", "gpt2");
    json.addProperty("vocab_size", vocabulary);
    json.addProperty("n_positions", positions);
    json.addProperty("n_embd", width);
    json.addProperty("n_layer", layers);
    json.addProperty("n_head", heads);
    json.addProperty("activation_function", "gelu_new");
    json.addProperty("layer_norm_epsilon", epsilon);
    // <|endoftext|> is the last id.
    json.addProperty("bos_token_id", vocabulary - 1);
    json.addProperty("eos_token_id", vocabulary - 1);
    return new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n";
  }

  /**
   * Random weights as OpenAI's code draws them: a normal distribution of deviation 0.02, positions
   * 0.01, biases zero; layers that add to the residual stream {@code sqrt(2 layers)} times smaller
   * (Radford et al. 2019, Sec. 2.3).
   */
  Map<String, NDArray> initialWeights(RandomGenerator random, NDManager manager) {
    return Initialiser.arrays(
        shapes(),
        (name, shape) ->
            shape.dimension() > 1
                ? Initialiser.normal(deviation(name))
                : Initialiser.constant(name.endsWith(".weight") ? 1 : 0),
        random,
        manager);
  }

  private double deviation(String name) {
    if (name.equals("wpe.weight")) {
      return 0.01;
    }
    return name.endsWith("c_proj.weight") ? 0.02 / Math.sqrt(2.0 * layers) : 0.02;
  }

  /**
   * Every tensor of the checkpoint.
   *
   * @return published names with shapes; linear weights are {@code [in, out]}
   */
  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("wte.weight", new Shape(vocabulary, width));
    shapes.put("wpe.weight", new Shape(positions, width));
    for (int i = 0; i < layers; i++) {
      String block = "h." + i + ".";
      layer(shapes, block + "ln_1", new Shape(width));
      linear(shapes, block + "attn.c_attn", width, 3L * width);
      linear(shapes, block + "attn.c_proj", width, width);
      layer(shapes, block + "ln_2", new Shape(width));
      linear(shapes, block + "mlp.c_fc", width, 4L * width);
      linear(shapes, block + "mlp.c_proj", 4L * width, width);
    }
    layer(shapes, "ln_f", new Shape(width));
    return shapes;
  }

  private static void linear(Map<String, Shape> shapes, String name, long in, long out) {
    shapes.put(name + ".weight", new Shape(in, out));
    shapes.put(name + ".bias", new Shape(out));
  }
}
