package org.zeroseg.eval.naming;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.supervision.InvalidDataException;

class SentenceBertTest {

  private static final long[][] SEQUENCES = {
    {2, 4, 5, 3}, {2, 4, 10, 6, 7, 4, 8, 9, 11, 3}, {2, 1, 3},
  };

  private static SentenceBertConfig config(boolean mpnet) {
    return config(mpnet, SentenceBertConfig.Activation.GELU);
  }

  private static SentenceBertConfig config(
      boolean mpnet, SentenceBertConfig.Activation activation) {
    return new SentenceBertConfig(mpnet, 24, 2, 3, 40, 12, 20, mpnet ? 1 : 0, 8, 1e-5, activation);
  }

  private static Path tokenizer() {
    try {
      return Path.of(
          Objects.requireNonNull(SentenceBertTest.class.getResource("tokenizer.json")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SentenceBert model(boolean mpnet) throws IOException {
    return model(mpnet, Precision.FLOAT32);
  }

  private static SentenceBert model(boolean mpnet, Precision precision) throws IOException {
    return SentenceBert.of(
        config(mpnet),
        SentenceModules.DEFAULT,
        tokenizer(),
        new PortableWeights(config(mpnet).shapes(), "sentences"),
        precision);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void integersTurnNoVectorByMoreThanACosineOfAThousandth(boolean mpnet) throws IOException {
    try (SentenceBert model = model(mpnet);
        SentenceBert integers = model(mpnet, Precision.INT8)) {
      float[][] expected = model.encode(SEQUENCES);
      float[][] found = integers.encode(SEQUENCES);
      for (int i = 0; i < expected.length; i++) {
        double cosine = 0;
        for (int c = 0; c < expected[i].length; c++) {
          cosine += expected[i][c] * found[i][c];
        }
        assertTrue(cosine >= 0.999 && !Arrays.equals(expected[i], found[i]), "cosine " + cosine);
      }
    }
  }

  @Test
  void sixteenBitsAreRefused(@TempDir Path folder) throws IOException {
    String model = publish(folder);
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> SentenceBert.load(model, ModelHub.fromEnvironment(), Precision.BFLOAT16));
    assertTrue(error.getMessage().contains("BFLOAT16"), error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void equalsAPlainImplementation(boolean mpnet) throws IOException {
    Plain plain = new Plain(config(mpnet), SentenceModules.Pooling.MEAN);
    try (SentenceBert model = model(mpnet)) {
      float[][] together = model.encode(SEQUENCES);
      for (int i = 0; i < SEQUENCES.length; i++) {
        assertClose(plain.encode(SEQUENCES[i]), together[i]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void activationIsTheModels(SentenceBertConfig.Activation activation) throws IOException {
    SentenceBertConfig config = config(false, activation);
    Plain plain = new Plain(config, SentenceModules.Pooling.MEAN);
    try (SentenceBert model =
        SentenceBert.of(
            config,
            SentenceModules.DEFAULT,
            tokenizer(),
            new PortableWeights(config.shapes(), "sentences"),
            Precision.FLOAT32)) {
      assertClose(plain.encode(SEQUENCES[1]), model.encode(SEQUENCES)[1]);
    }
  }

  @ParameterizedTest
  @CsvSource({"mean_tokens, MEAN", "cls_token, FIRST", "max_tokens, LARGEST"})
  void poolingIsTheModels(String name, SentenceModules.Pooling pooling, @TempDir Path folder)
      throws IOException {
    publish(folder);
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(
        folder.resolve("1_Pooling/config.json"),
        """
        {"word_embedding_dimension": 24, "pooling_mode_%s": true, "pooling_mode_other": false}
        """
            .formatted(name));
    Plain plain = new Plain(config(false), pooling);
    try (SentenceBert opened = SentenceBert.load(folder.toString())) {
      float[][] vectors = opened.encode(SEQUENCES);
      for (int i = 0; i < vectors.length; i++) {
        assertClose(plain.encode(SEQUENCES[i]), vectors[i]);
      }
    }
  }

  @Test
  void textsAreCutWhereTheModelSays(@TempDir Path folder) throws IOException {
    publish(folder);
    Files.writeString(
        folder.resolve("sentence_bert_config.json"),
        "{\"max_seq_length\": 4, \"do_lower_case\": false}");
    try (SentenceBert opened = SentenceBert.load(folder.toString())) {
      float[][] vectors = opened.embed(List.of("a cat", "a cat on a red sofa"));
      assertArrayEquals(vectors[0], vectors[1]);
    }
  }

  @Test
  void whatIsNotSupportedIsRefusedByName(@TempDir Path folder) throws IOException {
    publish(folder);
    String config = Files.readString(folder.resolve("config.json"));
    refused(folder, "config.json", config.replace("{", "{\"hidden_act\": \"mish\","), "mish");
    refused(
        folder,
        "config.json",
        config.replace("{", "{\"position_embedding_type\": \"relative_key\","),
        "relative_key");
    refused(
        folder,
        "config.json",
        config.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 2000000000"),
        "num_hidden_layers");
    Files.writeString(folder.resolve("config.json"), config);
    refused(folder, "sentence_bert_config.json", "{\"max_seq_length\": -1}", "max_seq_length");
    Files.delete(folder.resolve("sentence_bert_config.json"));
    String dense =
        "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"},"
            + "{\"path\": \"pool\", \"type\": \"sentence_transformers.models.Pooling\"},"
            + "{\"path\": \"2_Dense\", \"type\": \"sentence_transformers.models.Dense\"}]";
    refused(folder, "modules.json", dense, "Dense");
    Files.writeString(folder.resolve("modules.json"), dense.replace("Dense", "Normalize"));
    Files.createDirectories(folder.resolve("pool"));
    refused(folder, "pool/config.json", "{\"pooling_mode_lasttoken\": true}", "lasttoken");
    refused(
        folder,
        "pool/config.json",
        "{\"pooling_mode_cls_token\": true, \"pooling_mode_max_tokens\": true}",
        "one pooling mode");
  }

  private static void refused(Path folder, String file, String content, String part)
      throws IOException {
    Files.writeString(folder.resolve(file), content);
    String message =
        assertThrows(InvalidDataException.class, () -> SentenceBert.load(folder.toString()))
            .getMessage();
    assertTrue(message.contains(part) && message.contains(file), message);
  }

  @Test
  void paddingChangesNothing() throws IOException {
    try (SentenceBert model = model(false)) {
      float[][] together = model.encode(SEQUENCES);
      float[][] alone = model.encode(new long[][] {SEQUENCES[0]});
      for (int c = 0; c < alone[0].length; c++) {
        assertEquals(alone[0][c], together[0][c], 1e-6);
      }
    }
  }

  @Test
  void readsTextsAndGivesUnitVectors() throws IOException {
    try (SentenceBert model = model(false)) {
      float[][] vectors = model.embed(List.of("A cat", "a red dog on a sofas.", "zebra"));
      assertEquals(3, vectors.length);
      assertEquals(1, Similarities.cosine(vectors[0], vectors[0]), 1e-6);
      float[][] ids = model.encode(SEQUENCES);
      for (int i = 0; i < ids.length; i++) {
        assertArrayEquals(ids[i], vectors[i], 1e-6f);
      }
    }
  }

  @Test
  void nearDistancesHaveBucketsOfTheirOwnAndFarOnesShare() {
    assertEquals(0, SentenceBert.bucket(0, 32));
    assertEquals(7, SentenceBert.bucket(-7, 32));
    assertEquals(23, SentenceBert.bucket(7, 32));
    assertEquals(8, SentenceBert.bucket(-8, 32));
    assertEquals(10, SentenceBert.bucket(-16, 32));
    assertEquals(12, SentenceBert.bucket(-32, 32));
    assertEquals(15, SentenceBert.bucket(-128, 32));
    assertEquals(31, SentenceBert.bucket(500, 32));
  }

  /** A model's folder without side files; its configuration as text. */
  private static String publish(Path folder) throws IOException {
    Map<String, Shape> shapes = new HashMap<>(config(false).shapes());
    shapes.put("pooler.dense.weight", new Shape(24, 24));
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"), new PortableWeights(shapes, "sentences"), Map.of());
    Files.copy(tokenizer(), folder.resolve("tokenizer.json"));
    String json =
        """
        {"model_type": "bert", "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3,
         "intermediate_size": 40, "vocab_size": 12, "max_position_embeddings": 20,
         "pad_token_id": 0, "layer_norm_eps": 1e-5}
        """;
    Files.writeString(folder.resolve("config.json"), json);
    return json;
  }

  @Test
  void opensWeightsSavedAroundACompiledModel() throws IOException {
    Checkpoint plain = new PortableWeights(config(false).shapes(), "sentences");
    for (String wrapper : List.of("_orig_mod.", "module.", "module._orig_mod.bert.")) {
      try (SentenceBert wrapped =
              SentenceBert.of(
                  config(false),
                  SentenceModules.DEFAULT,
                  tokenizer(),
                  plain.renamed(name -> wrapper + name),
                  Precision.FLOAT32);
          SentenceBert model = model(false)) {
        assertArrayEquals(model.encode(SEQUENCES)[1], wrapped.encode(SEQUENCES)[1], wrapper);
      }
    }
  }

  @Test
  void opensAFolderAsPublished(@TempDir Path folder) throws IOException {
    String json = publish(folder);
    try (SentenceBert opened = SentenceBert.load(folder.toString());
        SentenceBert model = model(false)) {
      assertArrayEquals(model.encode(SEQUENCES)[1], opened.encode(SEQUENCES)[1]);
    }
    Files.writeString(folder.resolve("config.json"), json.replace("\"bert\"", "\"gpt2\""));
    InvalidDataException error =
        assertThrows(InvalidDataException.class, () -> SentenceBert.load(folder.toString()));
    assertTrue(error.getMessage().contains("gpt2"), error.getMessage());
    for (String wrong : List.of("\"wide\"", "null", "[1, 2]", "{}")) {
      Files.writeString(folder.resolve("config.json"), json.replace("24", wrong));
      InvalidDataException refusal =
          assertThrows(
              InvalidDataException.class, () -> SentenceBert.load(folder.toString()), wrong);
      assertTrue(refusal.getMessage().contains("config.json"), refusal.getMessage());
    }
    Files.writeString(folder.resolve("config.json"), json.replace("24", "36"));
    assertThrows(CheckpointException.class, () -> SentenceBert.load(folder.toString()));
  }

  private static void assertClose(double[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    for (int c = 0; c < expected.length; c++) {
      assertEquals(expected[c], actual[c], 2e-6);
    }
  }

  /** The same encoder in doubles and loops, one sequence at a time. */
  private record Plain(SentenceBertConfig config, SentenceModules.Pooling pooling) {

    private float[] tensor(String name) {
      return PortableWeights.values("sentences", name, config.shapes().get(name));
    }

    double[] encode(long[] ids) {
      int n = ids.length;
      int width = config.width();
      double[][] x = new double[n][width];
      float[] words = tensor("embeddings.word_embeddings.weight");
      float[] places = tensor("embeddings.position_embeddings.weight");
      for (int t = 0; t < n; t++) {
        int place = config.mpnet() ? t + 2 : t;
        for (int c = 0; c < width; c++) {
          x[t][c] = words[(int) ids[t] * width + c] + places[place * width + c];
          if (!config.mpnet()) {
            x[t][c] += tensor("embeddings.token_type_embeddings.weight")[c];
          }
        }
        norm(x[t], "embeddings.LayerNorm");
      }
      for (int i = 0; i < config.layers(); i++) {
        x = block(x, "encoder.layer." + i + ".");
      }
      double[] pooled = new double[width];
      double squares = 0;
      for (int c = 0; c < width; c++) {
        int column = c;
        DoubleStream tokens = Arrays.stream(x).mapToDouble(row -> row[column]);
        pooled[c] =
            switch (pooling) {
              case MEAN -> tokens.average().orElseThrow();
              case FIRST -> tokens.findFirst().orElseThrow();
              case LARGEST -> tokens.max().orElseThrow();
            };
        squares += pooled[c] * pooled[c];
      }
      for (int c = 0; c < width; c++) {
        pooled[c] /= Math.sqrt(squares);
      }
      return pooled;
    }

    private double[][] block(double[][] x, String prefix) {
      List<String> names = config.names();
      double[][] q = linear(x, prefix + names.get(0));
      double[][] k = linear(x, prefix + names.get(1));
      double[][] v = linear(x, prefix + names.get(2));
      int n = x.length;
      int heads = config.heads();
      int size = config.width() / heads;
      double[][] mixed = new double[n][config.width()];
      for (int head = 0; head < heads; head++) {
        for (int query = 0; query < n; query++) {
          double[] scores = new double[n];
          double sum = 0;
          for (int key = 0; key < n; key++) {
            double product = 0;
            for (int c = head * size; c < (head + 1) * size; c++) {
              product += q[query][c] * k[key][c];
            }
            scores[key] = Math.exp(product / Math.sqrt(size) + bias(query, key, head));
            sum += scores[key];
          }
          for (int key = 0; key < n; key++) {
            for (int c = head * size; c < (head + 1) * size; c++) {
              mixed[query][c] += scores[key] / sum * v[key][c];
            }
          }
        }
      }
      double[][] y = add(x, linear(mixed, prefix + names.get(3)), prefix + names.get(4));
      double[][] h = linear(y, prefix + names.get(5));
      for (double[] row : h) {
        for (int c = 0; c < row.length; c++) {
          row[c] = activated(row[c]);
        }
      }
      return add(y, linear(h, prefix + names.get(6)), prefix + names.get(7));
    }

    /** Its series around 0; beyond 4.5 it is 1 but for 2e-10. */
    private static double erf(double x) {
      if (Math.abs(x) > 4.5) {
        return Math.signum(x);
      }
      double sum = 0;
      double power = x;
      for (int n = 0; n < 100; n++) {
        sum += power / (2 * n + 1);
        power *= -x * x / (n + 1);
      }
      return 2 / Math.sqrt(Math.PI) * sum;
    }

    private double activated(double x) {
      double cubic = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
      return switch (config.activation()) {
        case GELU -> 0.5 * x * (1 + erf(x / Math.sqrt(2)));
        case GELU_TANH -> 0.5 * x * (1 + Math.tanh(cubic));
        case RELU -> Math.max(0, x);
        case SILU -> x / (1 + Math.exp(-x));
      };
    }

    /** Eight buckets: four a direction, of which two are exact. */
    private double bias(int query, int key, int head) {
      if (!config.mpnet()) {
        return 0;
      }
      int distance = Math.abs(key - query);
      // From 2 to 128 the logarithm is cut in two: below 16 and from 16 on.
      int bucket = (distance < 2 ? distance : distance < 16 ? 2 : 3) + (key > query ? 4 : 0);
      return tensor("encoder.relative_attention_bias.weight")[bucket * config.heads() + head];
    }

    private double[][] add(double[][] a, double[][] b, String normName) {
      double[][] sum = new double[a.length][config.width()];
      for (int t = 0; t < a.length; t++) {
        for (int c = 0; c < config.width(); c++) {
          sum[t][c] = a[t][c] + b[t][c];
        }
        norm(sum[t], normName);
      }
      return sum;
    }

    private double[][] linear(double[][] x, String name) {
      float[] weight = tensor(name + ".weight");
      float[] bias = tensor(name + ".bias");
      double[][] y = new double[x.length][bias.length];
      for (int t = 0; t < x.length; t++) {
        for (int o = 0; o < bias.length; o++) {
          y[t][o] = bias[o];
          for (int i = 0; i < x[t].length; i++) {
            y[t][o] += x[t][i] * weight[o * x[t].length + i];
          }
        }
      }
      return y;
    }

    private void norm(double[] row, String name) {
      float[] weight = tensor(name + ".weight");
      float[] bias = tensor(name + ".bias");
      double mean = 0;
      double variance = 0;
      for (double value : row) {
        mean += value / row.length;
      }
      for (double value : row) {
        variance += (value - mean) * (value - mean) / row.length;
      }
      for (int c = 0; c < row.length; c++) {
        row[c] = (row[c] - mean) / Math.sqrt(variance + config.epsilon()) * weight[c] + bias[c];
      }
    }
  }
}
