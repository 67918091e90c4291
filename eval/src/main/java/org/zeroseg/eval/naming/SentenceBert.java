package org.zeroseg.eval.naming;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * Sentence-BERT (Reimers and Gurevych 2019): a BERT or MPNet encoder whose token vectors are
 * averaged and brought to unit length, as in {@code all-MiniLM-L6-v2} and {@code
 * all-mpnet-base-v2}. Reads the files that Hugging Face publishes. Thread-safe.
 */
public final class SentenceBert implements TextEmbedder, AutoCloseable {

  private static final Kernels KERNELS = Kernels.of(SentenceBert.class, "sentences.torchscript");
  private static final int BATCH = 32;
  private static final int FARTHEST = 128; // MPNet: distances from here on share a bucket

  /** How a model is built: {@code config.json}. */
  record Config(
      boolean mpnet,
      int width,
      int layers,
      int heads,
      int hidden,
      int words,
      int positions,
      int padding,
      int buckets,
      double epsilon) {

    static Config read(Path file) throws IOException {
      try {
        JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        String type = json.get("model_type").getAsString();
        if (!type.equals("bert") && !type.equals("mpnet")) {
          throw new InvalidDataException(file, "expected model_type bert or mpnet, found " + type);
        }
        boolean mpnet = type.equals("mpnet");
        return new Config(
            mpnet,
            json.get("hidden_size").getAsInt(),
            json.get("num_hidden_layers").getAsInt(),
            json.get("num_attention_heads").getAsInt(),
            json.get("intermediate_size").getAsInt(),
            json.get("vocab_size").getAsInt(),
            json.get("max_position_embeddings").getAsInt(),
            json.has("pad_token_id") ? json.get("pad_token_id").getAsInt() : 0,
            mpnet ? json.get("relative_attention_num_buckets").getAsInt() : 0,
            json.get("layer_norm_eps").getAsDouble());
      } catch (JsonParseException
          | IllegalStateException
          | NumberFormatException
          | UnsupportedOperationException
          | NullPointerException e) {
        throw new InvalidDataException(file, "no configuration of a BERT: " + e.getMessage());
      }
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
      norm(shapes, "embeddings.LayerNorm");
      for (int i = 0; i < layers; i++) {
        String block = "encoder.layer." + i + ".";
        for (String part : names().subList(0, 4)) {
          linear(shapes, block + part, width, width);
        }
        norm(shapes, block + names().get(4));
        linear(shapes, block + names().get(5), width, hidden);
        linear(shapes, block + names().get(6), hidden, width);
        norm(shapes, block + names().get(7));
      }
      return shapes;
    }

    private void norm(Map<String, Shape> shapes, String name) {
      shapes.put(name + ".weight", new Shape(width));
      shapes.put(name + ".bias", new Shape(width));
    }

    private static void linear(Map<String, Shape> shapes, String name, int in, int out) {
      shapes.put(name + ".weight", new Shape(out, in));
      shapes.put(name + ".bias", new Shape(out));
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

  private final Config config;
  private final HuggingFaceTokenizer tokenizer;
  private final NDManager manager;
  private final Weights weights;
  private final NDArray[][] blocks;
  private final NDArray options;
  private final NDArray epsilon;
  private final NDArray extra; // the type of all tokens; nothing for MPNet

  private SentenceBert(
      Config config, HuggingFaceTokenizer tokenizer, Checkpoint checkpoint, NDManager manager) {
    this.config = config;
    this.tokenizer = tokenizer;
    this.manager = manager;
    weights = Weights.load(checkpoint, config.shapes(), manager);
    options = manager.create(new double[] {config.heads(), config.epsilon()});
    epsilon = manager.create(config.epsilon());
    blocks = new NDArray[config.layers()][];
    for (int i = 0; i < blocks.length; i++) {
      Weights block = weights.at("encoder.layer." + i);
      blocks[i] =
          config.names().stream()
              .flatMap(name -> List.of(name + ".weight", name + ".bias").stream())
              .map(block::get)
              .toArray(NDArray[]::new);
    }
    extra =
        config.mpnet()
            ? manager.zeros(new Shape(config.width()))
            : weights.get("embeddings.token_type_embeddings.weight").get(0);
  }

  /**
   * Loads a model, looked up where the environment says.
   *
   * @param model a folder with {@code config.json}, {@code tokenizer.json} and weights under the
   *     hub's usual names, or an id such as {@code sentence-transformers/all-mpnet-base-v2}
   * @return the encoder, to be closed
   * @throws IOException if a file cannot be fetched or read
   * @throws InvalidDataException if the configuration is not that of a BERT or MPNet
   * @throws org.zeroseg.core.checkpoint.CheckpointException naming tensors that are missing,
   *     misshapen or left over
   */
  public static SentenceBert load(String model) throws IOException {
    return load(model, ModelHub.fromEnvironment());
  }

  /**
   * Loads a model.
   *
   * @param model as for {@link #load(String)}
   * @param hub where ids are looked up
   * @return the encoder, to be closed
   * @throws IOException if a file cannot be fetched or read
   * @throws InvalidDataException if the configuration is not that of a BERT or MPNet
   * @throws org.zeroseg.core.checkpoint.CheckpointException naming tensors that are missing,
   *     misshapen or left over
   */
  public static SentenceBert load(String model, ModelHub hub) throws IOException {
    Config config = Config.read(hub.file(model, "config.json"));
    try (Checkpoint weights = Checkpoints.open(hub.weights(model))) {
      return of(config, hub.file(model, "tokenizer.json"), weights);
    }
  }

  static SentenceBert of(Config config, Path tokenizerFile, Checkpoint file) throws IOException {
    TorchEngine.get(); // which settles where natives are unpacked to, the tokenizer's included
    HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.builder()
            .optTokenizerPath(tokenizerFile)
            .optTruncation(true)
            .optMaxLength(config.longest())
            .optPadding(false)
            .build();
    // The pooling layer belongs to another task; position ids are a counting buffer.
    Checkpoint own =
        file.renamed(name -> name.replaceFirst("^(bert|mpnet)\\.", ""))
            .without(name -> name.startsWith("pooler.") || name.equals("embeddings.position_ids"));
    NDManager manager = TorchEngine.newManager();
    try {
      return new SentenceBert(config, tokenizer, own, manager);
    } catch (RuntimeException e) {
      manager.close();
      tokenizer.close();
      throw e;
    }
  }

  /**
   * Embeds texts.
   *
   * @param texts any number; the longest a model takes is some hundred words, the rest is cut off
   * @return a vector of unit length for each
   */
  @Override
  public float[][] embed(List<String> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += BATCH) {
      List<String> some = texts.subList(from, Math.min(texts.size(), from + BATCH));
      long[][] ids =
          Arrays.stream(tokenizer.batchEncode(some)).map(Encoding::getIds).toArray(long[][]::new);
      vectors.addAll(Arrays.asList(encode(ids)));
    }
    return vectors.toArray(float[][]::new);
  }

  /** Vectors of token sequences of any lengths. */
  float[][] encode(long[][] sequences) {
    int n = sequences.length;
    int longest = Arrays.stream(sequences).mapToInt(ids -> ids.length).max().orElse(0);
    long[] ids = new long[n * longest];
    long[] positions = new long[n * longest];
    float[] there = new float[n * longest];
    Arrays.fill(ids, config.padding());
    Arrays.fill(positions, config.mpnet() ? config.padding() : 0);
    for (int i = 0; i < n; i++) {
      for (int t = 0; t < sequences[i].length; t++) {
        int at = i * longest + t;
        ids[at] = sequences[i][t];
        positions[at] = config.mpnet() ? config.padding() + 1 + t : t;
        there[at] = 1;
      }
    }
    try (NDManager call = manager.newSubManager()) {
      Shape shape = new Shape(n, longest);
      NDArray x =
          KERNELS.call(
              "embed",
              call.create(ids, shape),
              call.create(positions, shape),
              weights.get("embeddings.word_embeddings.weight"),
              weights.get("embeddings.position_embeddings.weight"),
              extra,
              weights.get("embeddings.LayerNorm.weight"),
              weights.get("embeddings.LayerNorm.bias"),
              epsilon);
      NDArray mask = call.create(mask(there, n, longest), maskShape(n, longest));
      for (NDArray[] block : blocks) {
        NDArray[] arguments = new NDArray[3 + block.length];
        arguments[0] = x;
        arguments[1] = mask;
        arguments[2] = options;
        System.arraycopy(block, 0, arguments, 3, block.length);
        x = KERNELS.call("block", arguments);
      }
      float[] flat =
          KERNELS.call("pool", x, call.create(there, new Shape(n, longest, 1))).toFloatArray();
      float[][] vectors = new float[n][];
      for (int i = 0; i < n; i++) {
        vectors[i] = Arrays.copyOfRange(flat, i * config.width(), (i + 1) * config.width());
      }
      return vectors;
    }
  }

  private Shape maskShape(int n, int longest) {
    return config.mpnet()
        ? new Shape(n, config.heads(), longest, longest)
        : new Shape(n, 1, 1, longest);
  }

  /** What is added to the scores: padding is out of sight; MPNet adds a bias by distance. */
  private float[] mask(float[] there, int n, int longest) {
    int rows = config.mpnet() ? config.heads() * longest : 1;
    float[] bias = config.mpnet() ? relativeBias(longest) : new float[longest];
    float[] mask = new float[n * rows * longest];
    for (int i = 0; i < n; i++) {
      for (int at = 0; at < rows * longest; at++) {
        boolean seen = there[i * longest + at % longest] == 1;
        mask[i * rows * longest + at] = seen ? bias[at] : Float.NEGATIVE_INFINITY;
      }
    }
    return mask;
  }

  /** [heads, longest, longest], from query to key. */
  private float[] relativeBias(int longest) {
    float[] table = weights.get("encoder.relative_attention_bias.weight").toFloatArray();
    int heads = config.heads();
    float[] bias = new float[heads * longest * longest];
    for (int query = 0; query < longest; query++) {
      for (int key = 0; key < longest; key++) {
        int bucket = bucket(key - query, config.buckets());
        for (int head = 0; head < heads; head++) {
          bias[(head * longest + query) * longest + key] = table[bucket * heads + head];
        }
      }
    }
    return bias;
  }

  /**
   * T5's buckets of distances (Raffel et al. 2020, Sec. 2.1): half for each direction, near ones
   * exact, far ones by their logarithm; in float as in the reference.
   */
  static int bucket(int distance, int buckets) {
    int half = buckets / 2;
    int offset = distance > 0 ? half : 0;
    int far = Math.abs(distance);
    int exact = half / 2;
    if (far < exact) {
      return offset + far;
    }
    float share =
        (float) Math.log((float) far / exact) / (float) Math.log((double) FARTHEST / exact);
    return offset + Math.min(half - 1, exact + (int) (share * (half - exact)));
  }

  /** Frees the model; no other method may be called afterwards. */
  @Override
  public void close() {
    tokenizer.close();
    manager.close();
  }
}
