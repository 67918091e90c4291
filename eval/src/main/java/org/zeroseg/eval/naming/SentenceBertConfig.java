package org.zeroseg.eval.naming;

import static org.zeroseg.core.network.CheckpointShapes.layer;

import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.supervision.InvalidDataException;

/** How a model is built: {@code config.json}. */
record SentenceBertConfig(
    boolean mpnet,
    int width,
    int layers,
    int heads,
    int hidden,
    int words,
    int positions,
    int padding,
    int buckets,
    double epsilon,
    Activation activation) {

  private static final int MOST_LAYERS = 1000;
  private static final int MOST_WIDTH = 1 << 16;

  /** What the kernel applies between the maps of a block. */
  enum Activation {
    GELU(0),
    GELU_TANH(1),
    RELU(2),
    SILU(3);

    /** The kernel's name for it. */
    private final int code;

    Activation(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    static Activation named(String name) {
      return switch (name) {
        case "gelu" -> GELU;
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> GELU_TANH;
        case "relu" -> RELU;
        case "silu", "swish" -> SILU;
        default -> throw new IllegalArgumentException("hidden_act: " + name + " is not supported");
      };
    }
  }

  static SentenceBertConfig read(Path file) throws IOException {
    try {
      return JsonFile.object(file, json -> of(file, json));
    } catch (InvalidFileException e) {
      throw new InvalidDataException(file, "no configuration of a BERT: " + e.problem());
    }
  }

  private static SentenceBertConfig of(Path file, JsonObject json) {
    String type = json.get("model_type").getAsString();
    if (!type.equals("bert") && !type.equals("mpnet")) {
      throw new InvalidDataException(file, "expected model_type bert or mpnet, found " + type);
    }
    if (json.has("position_embedding_type")
        && !json.get("position_embedding_type").getAsString().equals("absolute")) {
      throw new InvalidDataException(
          file, "expected absolute positions, found " + json.get("position_embedding_type"));
    }
    boolean mpnet = type.equals("mpnet");
    int width = between(json, "hidden_size", MOST_WIDTH);
    int heads = between(json, "num_attention_heads", width);
    if (width % heads != 0) {
      throw new IllegalArgumentException(
          "hidden_size " + width + " is no multiple of num_attention_heads " + heads);
    }
    return new SentenceBertConfig(
        mpnet,
        width,
        between(json, "num_hidden_layers", MOST_LAYERS),
        heads,
        between(json, "intermediate_size", MOST_WIDTH),
        between(json, "vocab_size", Integer.MAX_VALUE),
        between(json, "max_position_embeddings", MOST_WIDTH),
        json.has("pad_token_id") ? json.get("pad_token_id").getAsInt() : 0,
        mpnet ? between(json, "relative_attention_num_buckets", MOST_WIDTH) : 0,
        json.get("layer_norm_eps").getAsDouble(),
        json.has("hidden_act")
            ? Activation.named(json.get("hidden_act").getAsString())
            : Activation.GELU);
  }

  private static int between(JsonObject json, String name, int most) {
    int value = json.get(name).getAsInt();
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(name + ": expected 1 to " + most + ", found " + value);
    }
    return value;
  }

  /** The longest text in tokens; MPNet counts positions from behind its padding. */
  int longest() {
    return mpnet ? positions - padding - 1 : positions;
  }

  /** Every tensor that the encoder needs. */
  Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("embeddings.word_embeddings.weight", new Shape(words, width));
    shapes.put("embeddings.position_embeddings.weight", new Shape(positions, width));
    if (mpnet) {
      shapes.put("encoder.relative_attention_bias.weight", new Shape(buckets, heads));
    } else {
      shapes.put("embeddings.token_type_embeddings.weight", new Shape(2, width));
    }
    layer(shapes, "embeddings.LayerNorm", new Shape(width));
    for (int i = 0; i < layers; i++) {
      String block = "encoder.layer." + i + ".";
      for (String part : names().subList(0, 4)) {
        layer(shapes, block + part, new Shape(width, width));
      }
      layer(shapes, block + names().get(4), new Shape(width));
      layer(shapes, block + names().get(5), new Shape(hidden, width));
      layer(shapes, block + names().get(6), new Shape(width, hidden));
      layer(shapes, block + names().get(7), new Shape(width));
    }
    return shapes;
  }

  /** Whether a weight is a matrix of a block's linear layers. */
  boolean isMatrix(String name) {
    return name.startsWith("encoder.layer.")
        && name.endsWith(".weight")
        && !name.contains("LayerNorm");
  }

  /** The parts of a block in the kernel's order. */
  List<String> names() {
    return mpnet
        ? List.of(
            "attention.attn.q",
            "attention.attn.k",
            "attention.attn.v",
            "attention.attn.o",
            "attention.LayerNorm",
            "intermediate.dense",
            "output.dense",
            "output.LayerNorm")
        : List.of(
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "attention.output.LayerNorm",
            "intermediate.dense",
            "output.dense",
            "output.LayerNorm");
  }
}
