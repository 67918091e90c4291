package org.zeroseg.zeroguide.caption;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.zeroguide.gpt2.Gpt2;
import org.zeroseg.zeroguide.gpt2.Gpt2Cases;
import org.zeroseg.zeroguide.gpt2.Memory;

class ZeroCapGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "zerocap",
        Map.of(
            "forbidden-tokens", this::forbiddenTokens,
            "special-token-factors", this::specialTokens,
            "beam-search", this::beamSearch,
            "kv-step", this::steeringStep,
            "caption-table", this::captionByTable,
            "clip-text", this::clipText,
            "caption", this::caption));
  }

  private void forbiddenTokens(GoldenCase golden) throws IOException {
    ByteLevelTokenizer tokenizer =
        ByteLevelTokenizer.read(golden.file(golden.config().get("merges").getAsString()));
    int[] found = SpecialTokens.of(tokenizer).forbidden();
    golden.check("ids", GoldenTensor.of(found, found.length));
  }

  private void specialTokens(GoldenCase golden) {
    GoldenTensor logits = golden.input("logits");
    int beams = (int) logits.shape()[0];
    int vocabulary = (int) logits.shape()[1];
    float[][] rows = split(logits.floats(), vocabulary);
    int[][] ids = contexts(golden.input("ids"));
    JsonObject config = golden.config();
    for (int beam = 0; beam < beams; beam++) {
      special(config)
          .apply(
              rows[beam],
              ids[beam],
              config.get("step_index").getAsInt(),
              CaptionCases.settings(config, 1, 1));
    }
    golden.check("logits", GoldenTensor.of(join(rows), beams, vocabulary));
  }

  private static SpecialTokens special(JsonObject config) {
    int[] forbidden =
        config.getAsJsonArray("forbidden").asList().stream()
            .mapToInt(JsonElement::getAsInt)
            .toArray();
    return SpecialTokens.of(config.get("end_token").getAsInt(), forbidden);
  }

  private void beamSearch(GoldenCase golden) {
    JsonObject config = golden.config();
    int vocabulary = config.get("vocab_size").getAsInt();
    float scale = config.get("table_scale").getAsFloat();
    float[][] table =
        split(
            PortableWeights.values(golden.salt(), "next.table", new Shape(vocabulary, vocabulary)),
            vocabulary);
    int end = config.get("end_token").getAsInt();
    int length = config.get("target_seq_length").getAsInt();
    int[] start =
        config.getAsJsonArray("start").asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    int beams = config.get("beam_size").getAsInt();
    BeamSearch search = new BeamSearch(beams, end);
    for (int step = 0; step < length && search.running().length > 0; step++) {
      List<float[]> rows = new ArrayList<>();
      for (int beam : search.running()) {
        int[] context = concat(start, search.generated(beam));
        float[] logits = new float[vocabulary];
        for (int i = 0; i < vocabulary; i++) {
          logits[i] =
              scale
                  * (table[context[context.length - 1]][i]
                      + 0.5f * table[context[context.length - 2]][i]);
        }
        logits[end] += config.get("end_boost").getAsFloat() * step;
        rows.add(softmax(logits));
      }
      search.advance(Generation.normalize(rows, search.size()));
    }
    checkFinal(golden, start, search, beams);
  }

  private static void checkFinal(GoldenCase golden, int[] start, BeamSearch search, int beams) {
    int[][] contexts =
        IntStream.range(0, beams)
            .mapToObj(beam -> concat(start, search.generated(beam)))
            .toArray(int[][]::new);
    GoldenTensor recorded = golden.output("final_context");
    int width = (int) recorded.shape()[1];
    int[] flat =
        Arrays.stream(contexts)
            .flatMapToInt(row -> Arrays.stream(Arrays.copyOf(row, width)))
            .toArray();
    golden.check("final_context", GoldenTensor.of(flat, beams, width));
    checkRanked(golden, search.ranked());
  }

  private static void checkRanked(GoldenCase golden, List<BeamSearch.Sequence> ranked) {
    int length = (int) golden.output("ranked_tokens").shape()[1];
    int[] flat = new int[ranked.size() * length];
    Arrays.fill(flat, -1);
    for (int i = 0; i < ranked.size(); i++) {
      int[] tokens = ranked.get(i).tokens();
      System.arraycopy(tokens, 0, flat, i * length, tokens.length);
    }
    golden.check("ranked_tokens", GoldenTensor.of(flat, ranked.size(), length));
  }

  private static float[] softmax(float[] logits) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = (float) (Math.exp(logits[i]) / sum);
    }
    return probabilities;
  }

  /** Stands in for CLIP: the feature of a text decays from token to token. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Table(float[][] rows, int start) implements ContinuationScorer {

    static Table of(GoldenCase golden, JsonObject config) {
      int dimension = config.get("scorer_dim").getAsInt();
      Shape shape = new Shape(config.get("vocab_size").getAsInt(), dimension);
      return new Table(
          split(PortableWeights.values(golden.salt(), "scorer.table", shape), dimension),
          config.get("bos").getAsInt());
    }

    static float[] image(GoldenCase golden, int dimension) {
      return TextEmbeddings.unit(
          PortableWeights.values(golden.salt(), "scorer.image", new Shape(1, dimension)));
    }

    @Override
    public float[][] cosines(List<int[]> contexts, int[][] candidates, List<float[]> targets) {
      float[][] cosines = new float[candidates.length][candidates[0].length];
      for (int row = 0; row < cosines.length; row++) {
        for (int i = 0; i < cosines[row].length; i++) {
          float[] feature = new float[targets.get(row).length];
          for (int id : concat(contexts.get(row), candidates[row][i])) {
            for (int k = 0; k < feature.length && id != start; k++) {
              feature[k] = 0.5f * feature[k] + rows[id][k];
            }
          }
          feature = TextEmbeddings.unit(feature);
          for (int k = 0; k < feature.length; k++) {
            cosines[row][i] += feature[k] * targets.get(row)[k];
          }
        }
      }
      return cosines;
    }
  }

  private void steeringStep(GoldenCase golden) {
    JsonObject config = golden.config();
    try (NDManager manager = NDManager.newBaseManager()) {
      Gpt2 model = Gpt2Cases.model(config, golden.salt(), manager);
      GoldenTensor ids = golden.input("ids");
      List<int[]> contexts = List.of(contexts(ids));
      int beams = contexts.size();
      int vocabulary = model.config().vocabulary();
      int last = (int) ids.shape()[1] - 1;
      Memory memory = model.read(ids.toArray(manager).get(":, :" + last)).memory();
      Seen seen = new Seen();
      seen.memory("context", memory);
      Steering steering =
          new Steering(
              model,
              special(config),
              CaptionCases.settings(config, beams, 1),
              Table.of(golden, config),
              seen);
      float[] image = Table.image(golden, config.get("scorer_dim").getAsInt());
      List<float[]> targets = Stream.generate(() -> image).limit(beams).toList();
      Steering.Step step =
          steering.next(manager, memory, contexts, config.get("step_index").getAsInt(), targets);
      seen.put(
          "probs",
          GoldenTensor.of(
              join(Generation.normalize(step.fused(), beams).toArray(float[][]::new)),
              beams,
              vocabulary));
      seen.finish(beams, config.get("ce_scale").getAsDouble());
      for (String name : golden.outputs().keySet()) {
        GoldenTensor found = seen.found.get(name);
        golden.check(name, found == null ? fail(golden, name) : found);
      }
    }
  }

  private static GoldenTensor fail(GoldenCase golden, String name) {
    throw new AssertionError(golden + ": nothing computes " + name);
  }

  /** Keeps all that a step shows. */
  private static final class Seen implements Steering.Observer {
    final Map<String, GoldenTensor> found = new HashMap<>();
    final List<float[]> clipLosses = new ArrayList<>();
    final List<float[]> fluencyLosses = new ArrayList<>();

    /**
     * Of each iteration: the rows' norms, those of layer i's keys and values at 2 i and 2 i + 1.
     */
    final List<Map<Integer, double[]>> norms = new ArrayList<>();

    void put(String name, GoldenTensor tensor) {
      found.put(name, tensor);
    }

    void memory(String name, Memory memory) {
      for (int layer = 0; layer < memory.layers().size(); layer++) {
        put(name + "_key_" + layer, GoldenTensor.of(memory.layers().get(layer).keys()));
        put(name + "_value_" + layer, GoldenTensor.of(memory.layers().get(layer).values()));
      }
    }

    @Override
    public void iteration(long[] candidates, float[] clipLoss, float[] fluencyLoss) {
      if (clipLosses.isEmpty()) {
        int count = candidates.length / clipLoss.length;
        put("first_top" + count, GoldenTensor.of(candidates, clipLoss.length, count));
      }
      clipLosses.add(clipLoss);
      fluencyLosses.add(fluencyLoss);
      norms.add(new TreeMap<>());
    }

    @Override
    public void gradient(int layer, Memory.Layer part) {
      if (clipLosses.size() == 1) {
        put("first_key_gradient_" + layer, GoldenTensor.of(part.keys()));
        put("first_value_gradient_" + layer, GoldenTensor.of(part.values()));
      }
      Map<Integer, double[]> own = norms.get(norms.size() - 1);
      own.put(2 * layer, norms(part.keys()));
      own.put(2 * layer + 1, norms(part.values()));
    }

    /** The norm of each row. */
    private static double[] norms(NDArray gradient) {
      float[] values = gradient.toFloatArray();
      int rows = (int) gradient.getShape().get(0);
      double[] squares = new double[rows];
      for (int i = 0; i < values.length; i++) {
        squares[i / (values.length / rows)] += (double) values[i] * values[i];
      }
      return Arrays.stream(squares).map(Math::sqrt).toArray();
    }

    @Override
    public void steered(float[][] logits, float[][] special, float[][] unsteered, Memory moved) {
      int rows = logits.length;
      put("shifted_logits", GoldenTensor.of(join(logits), rows, logits[0].length));
      put("special_logits", GoldenTensor.of(join(special), rows, logits[0].length));
      double[] before = new double[rows * logits[0].length];
      float[] logarithms = join(unsteered);
      Arrays.setAll(before, i -> Math.exp(logarithms[i]));
      put("probs_before_shift", GoldenTensor.of(before, rows, logits[0].length));
      memory("final", moved);
    }

    void finish(int beams, double fluencyScale) {
      int iterations = clipLosses.size();
      double[] totals =
          clipLosses.stream()
              .mapToDouble(losses -> IntStream.range(0, beams).mapToDouble(i -> losses[i]).sum())
              .toArray();
      put("clip_loss_total", GoldenTensor.of(totals, iterations));
      put("clip_loss_each", each(clipLosses, iterations, beams, 1));
      put("fluency_loss_each", each(fluencyLosses, iterations, beams, fluencyScale));
      int parts = norms.get(0).size();
      double[] flat = new double[iterations * beams * parts];
      for (int i = 0; i < flat.length; i++) {
        flat[i] = norms.get(i / (beams * parts)).get(i % parts)[i / parts % beams];
      }
      put("gradient_norms", GoldenTensor.of(flat, iterations, beams, parts / 2, 2));
    }

    private static GoldenTensor each(
        List<float[]> losses, int iterations, int beams, double scale) {
      float[] unscaled = join(losses.toArray(float[][]::new));
      double[] scaled = new double[unscaled.length];
      Arrays.setAll(scaled, i -> scale * unscaled[i]);
      return GoldenTensor.of(scaled, iterations, beams);
    }
  }

  /** Compares each step with the recorded one, and sums up the losses. */
  private static final class Steps implements Generation.Observer {
    final GoldenCase golden;
    final int end;
    final List<Double> clipLosses = new ArrayList<>();

    Steps(GoldenCase golden, int end) {
      this.golden = golden;
      this.end = end;
    }

    @Override
    public void iteration(long[] candidates, float[] clipLoss, float[] fluencyLoss) {
      double total = 0;
      for (float loss : clipLoss) {
        total += loss;
      }
      clipLosses.add(total);
    }

    @Override
    public void step(int step, List<int[]> contexts, List<float[]> probabilities) {
      checkStep(golden, step, contexts, probabilities, end);
    }

    void checkLosses() {
      double[] found = clipLosses.stream().mapToDouble(Double::doubleValue).toArray();
      golden.check("clip_losses", GoldenTensor.of(found, found.length));
    }
  }

  private void captionByTable(GoldenCase golden) {
    JsonObject config = golden.config();
    try (NDManager manager = NDManager.newBaseManager()) {
      Gpt2 model = Gpt2Cases.model(config, golden.salt(), manager);
      int beams = config.get("beam_size").getAsInt();
      int length = config.get("target_seq_length").getAsInt();
      Generation generation =
          new Generation(
              model,
              special(config),
              CaptionCases.settings(config, beams, length),
              Table.of(golden, config),
              new Steps(golden, special(config).end()));
      int[] prefix =
          config.getAsJsonArray("prefix").asList().stream()
              .mapToInt(JsonElement::getAsInt)
              .toArray();
      int[] prompt = concat(new int[] {config.get("bos").getAsInt()}, prefix);
      float[] image = Table.image(golden, config.get("scorer_dim").getAsInt());
      checkRanked(golden, generation.generate(manager, prompt, List.of(image)).get(0));
    }
  }

  /** Compares the rows of beams that run; the recorded ones of stopped beams are skipped. */
  private static void checkStep(
      GoldenCase golden, int step, List<int[]> contexts, List<float[]> probabilities, int end) {
    String tag = String.format("_%02d", step);
    if (!golden.outputs().has("context" + tag)) {
      return;
    }
    int[][] recorded = contexts(golden.output("context" + tag));
    int prompt = recorded[0].length - step;
    GoldenTensor ids = golden.output("top8_ids" + tag);
    GoldenTensor values = golden.output("top8_probs" + tag);
    int best = (int) ids.shape()[1];
    double[] allIds = ids.values().clone();
    double[] allValues = values.values().clone();
    int row = 0;
    for (int beam = 0; beam < recorded.length; beam++) {
      boolean stopped =
          Arrays.stream(recorded[beam], prompt, recorded[beam].length).anyMatch(id -> id == end);
      if (!stopped) {
        assertEquals(
            Arrays.toString(recorded[beam]), Arrays.toString(contexts.get(row)), "context" + tag);
        float[] found = probabilities.get(row++);
        List<Integer> places =
            IntStream.range(0, found.length)
                .boxed()
                .sorted(Comparator.comparing(i -> -found[i]))
                .limit(best)
                .collect(Collectors.toList());
        for (int i = 0; i < best; i++) {
          allIds[beam * best + i] = places.get(i);
          allValues[beam * best + i] = found[places.get(i)];
        }
      }
    }
    assertEquals(contexts.size(), row, "running beams" + tag);
    golden.check("top8_ids" + tag, new GoldenTensor(DataType.INT64, ids.shape(), allIds));
    golden.check("top8_probs" + tag, new GoldenTensor(DataType.FLOAT32, values.shape(), allValues));
  }

  private void clipText(GoldenCase golden) throws IOException {
    List<String> texts =
        golden.json().getAsJsonArray("texts").asList().stream()
            .map(JsonElement::getAsString)
            .toList();
    try (Clip clip = CaptionCases.clip(golden.config(), golden.salt())) {
      long[][] ids = clip.tokenizer().tokenize(texts);
      long[] flat = Arrays.stream(ids).flatMapToLong(Arrays::stream).toArray();
      golden.check("ids", GoldenTensor.of(flat, texts.size(), ids[0].length));
      float[][] features = clip.encode(texts);
      golden.check("features", GoldenTensor.of(join(features), texts.size(), features[0].length));
    }
  }

  private void caption(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    try (Clip clip = CaptionCases.clip(config.getAsJsonObject("clip"), golden.salt());
        ZeroCap namer = CaptionCases.namer(golden, clip)) {
      float[] image = Table.image(golden, clip.config().embedding());
      Steps steps = new Steps(golden, 13);
      List<Caption> found = namer.captions(List.of(image), steps).get(0);
      assertEquals(
          golden.json().getAsJsonArray("texts").asList().stream()
              .map(JsonElement::getAsString)
              .toList(),
          found.stream().map(Caption::text).toList());
      steps.checkLosses();
    }
  }

  private static int[][] contexts(GoldenTensor ids) {
    int width = (int) ids.shape()[1];
    int[] values = ids.ints();
    return IntStream.range(0, (int) ids.shape()[0])
        .mapToObj(row -> Arrays.copyOfRange(values, row * width, (row + 1) * width))
        .toArray(int[][]::new);
  }

  private static int[] concat(int[] first, int... second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }

  private static float[][] split(float[] values, int width) {
    return IntStream.range(0, values.length / width)
        .mapToObj(row -> Arrays.copyOfRange(values, row * width, (row + 1) * width))
        .toArray(float[][]::new);
  }

  private static float[] join(float[][] rows) {
    float[] joined = new float[rows.length * rows[0].length];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, joined, row * rows[0].length, rows[0].length);
    }
    return joined;
  }
}
