package org.zeroseg.eval.naming;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * Sentence-BERT (Reimers and Gurevych 2019): a BERT or MPNet encoder whose token vectors are pooled
 * and brought to unit length, as in {@code all-MiniLM-L6-v2}, {@code all-mpnet-base-v2} and {@code
 * bge-small-en}. Reads the files that Hugging Face publishes: {@code config.json}, {@code
 * tokenizer.json} of any kind, weights and, where they are, {@code modules.json}, {@code
 * sentence_bert_config.json} and {@code 1_Pooling/config.json}. Thread-safe.
 */
public final class SentenceBert implements TextEmbedder, AutoCloseable {

  private static final Kernels KERNELS =
      Kernels.withDense(SentenceBert.class, "sentences.torchscript");
  private static final int BATCH = 32;
  private static final String FLAVOUR = "RUST_FLAVOR"; // of the tokenizer's natives
  private static final int FARTHEST = 128; // MPNet: distances from here on share a bucket

  private final SentenceBertConfig config;
  private final SentenceModules modules;
  private final HuggingFaceTokenizer tokenizer;
  private final NDManager manager;
  private final Weights weights;
  private final NDArray[][] blocks;
  private final NDArray options;
  private final NDArray epsilon;
  private final NDArray pooling;
  private final NDArray extra; // the type of all tokens; nothing for MPNet

  private SentenceBert(
      SentenceBertConfig config,
      SentenceModules modules,
      HuggingFaceTokenizer tokenizer,
      Checkpoint checkpoint,
      Precision precision,
      NDManager manager) {
    this.config = config;
    this.modules = modules;
    this.tokenizer = tokenizer;
    this.manager = manager;
    weights =
        Weights.load(
            checkpoint, config.shapes(), precision, name -> false, config::isMatrix, manager);
    options =
        manager.create(new double[] {config.heads(), config.epsilon(), config.activation().code()});
    epsilon = manager.create(config.epsilon());
    pooling = manager.create(modules.pooling().code());
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
   * @throws InvalidDataException if a configuration asks for what is not supported
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
   * @throws InvalidDataException if a configuration asks for what is not supported
   * @throws org.zeroseg.core.checkpoint.CheckpointException naming tensors that are missing,
   *     misshapen or left over
   */
  public static SentenceBert load(String model, ModelHub hub) throws IOException {
    return load(model, hub, Precision.FLOAT32);
  }

  /**
   * Loads a model.
   *
   * @param model as for {@link #load(String)}
   * @param hub where ids are looked up
   * @param precision float32, int8, or {@link Precision#AUTO}, which is float32
   * @return the encoder, to be closed
   * @throws IOException if a file cannot be fetched or read
   * @throws InvalidDataException if a configuration asks for what is not supported
   * @throws org.zeroseg.core.checkpoint.CheckpointException naming tensors that are missing,
   *     misshapen or left over
   * @throws IllegalArgumentException if the precision is another
   */
  public static SentenceBert load(String model, ModelHub hub, Precision precision)
      throws IOException {
    Precision format =
        switch (precision) {
          case FLOAT32, INT8 -> precision;
          case AUTO -> Precision.FLOAT32;
          case BFLOAT16, FLOAT16 ->
              throw new IllegalArgumentException(
                  "Sentence-BERT computes in float32 or int8, not in " + precision);
        };
    SentenceBertConfig config = SentenceBertConfig.read(hub.file(model, "config.json"));
    SentenceModules modules = SentenceModules.find(model, hub);
    try (Checkpoint weights = Checkpoints.open(hub.weights(model))) {
      return of(config, modules, hub.file(model, "tokenizer.json"), weights, format);
    }
  }

  static SentenceBert of(
      SentenceBertConfig config,
      SentenceModules modules,
      Path tokenizerFile,
      Checkpoint file,
      Precision precision)
      throws IOException {
    if (System.getenv(FLAVOUR) == null && System.getProperty(FLAVOUR) == null) {
      // Beside a GPU the tokenizer's natives for it would be fetched from the network.
      System.setProperty(FLAVOUR, "cpu");
    }
    TorchEngine.get(); // which settles where natives are unpacked to, the tokenizer's included
    HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.builder()
            .optTokenizerPath(tokenizerFile)
            .optTruncation(true)
            .optMaxLength(Math.min(config.longest(), modules.longest()))
            .optPadding(false)
            .build();
    // The pooling layer belongs to another task; position ids are a counting buffer.
    Checkpoint own =
        file.unwrapped()
            .renamed(name -> name.replaceFirst("^(bert|mpnet)\\.", ""))
            .without(name -> name.startsWith("pooler.") || name.equals("embeddings.position_ids"));
    NDManager manager = TorchEngine.newManager();
    try {
      return new SentenceBert(config, modules, tokenizer, own, precision, manager);
    } catch (RuntimeException e) {
      manager.close();
      tokenizer.close();
      throw e;
    }
  }

  /**
   * Embeds texts.
   *
   * @param texts any number; of a text the model takes some hundred words, the rest is cut off
   * @return a vector of unit length for each
   */
  @Override
  public float[][] embed(List<String> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += BATCH) {
      List<String> some =
          texts.subList(from, Math.min(texts.size(), from + BATCH)).stream()
              .map(modules::prepared)
              .toList();
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
          KERNELS
              .call("pool", x, call.create(there, new Shape(n, longest, 1)), pooling)
              .toFloatArray();
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
