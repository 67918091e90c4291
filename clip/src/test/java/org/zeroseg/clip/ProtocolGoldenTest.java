package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.refine.LaplacianPropagation;
import org.zeroseg.core.refine.Pamr;

class ProtocolGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "clip",
        Map.of(
            "dense_segment", ProtocolGoldenTest::segment,
            "dense_postprocess", ProtocolGoldenTest::postprocess,
            "window_grid", ProtocolGoldenTest::windows));
  }

  private static void windows(GoldenCase golden) {
    JsonArray expected = golden.json().getAsJsonObject("expected").getAsJsonArray("windows");
    JsonArray runs = golden.config().getAsJsonArray("runs");
    for (int i = 0; i < runs.size(); i++) {
      JsonObject run = runs.get(i).getAsJsonObject();
      JsonArray found = new JsonArray();
      for (WindowedAttention.Window window :
          WindowedAttention.windows(
              run.get("height").getAsInt(),
              run.get("width").getAsInt(),
              run.get("crop").getAsInt(),
              run.get("stride").getAsInt())) {
        JsonArray edges = new JsonArray();
        edges.add(window.top());
        edges.add(window.left());
        edges.add(window.bottom());
        edges.add(window.right());
        found.add(edges);
      }
      golden.checkJson("run " + i, expected.get(i), found, 0);
    }
  }

  private static boolean has(JsonObject json, String key) {
    return json.has(key) && !json.get(key).isJsonNull();
  }

  private static Protocol protocol(JsonObject segment) {
    Protocol protocol =
        Protocol.SCLIP
            .withWindows(
                segment.get("crop").getAsInt(),
                segment.get("stride").getAsInt(),
                has(segment, "pad_multiple") ? segment.get("pad_multiple").getAsInt() : 0)
            .withScale(segment.getAsJsonObject("postprocess").get("logit_scale").getAsDouble());
    if (!has(segment, "one_resize") || !segment.get("one_resize").getAsBoolean()) {
      protocol = protocol.withTwoResizes();
    }
    if (has(segment, "pamr")) {
      JsonObject pamr = segment.getAsJsonObject("pamr");
      List<Integer> dilations =
          pamr.getAsJsonArray("dilations").asList().stream().map(JsonElement::getAsInt).toList();
      protocol = protocol.withPamr(new Pamr(pamr.get("iterations").getAsInt(), dilations));
    }
    if (has(segment, "propagation_grid")) {
      int grid = segment.get("propagation_grid").getAsInt();
      protocol = protocol.withPropagation(new LaplacianPropagation(grid, 25, false));
    }
    return protocol;
  }

  private static void segment(GoldenCase golden) throws IOException {
    JsonObject segment = golden.config().getAsJsonObject("segment");
    try (NDManager manager = NDManager.newBaseManager()) {
      VisionTransformer vit = (VisionTransformer) ClipCases.imageTower(golden, manager);
      NDArray pixels = ClipCases.pixels(golden, ClipCases.CLIP, manager);
      NDArray words = ClipCases.textEmbeddings(golden, manager);
      Attention attention = AttentionCases.attention(golden.config().getAsJsonObject("attention"));
      Optional<PatchEncoder> encoder = AttentionCases.encoder(golden, manager);
      WindowedAttention windowed =
          new WindowedAttention(new DenseAttention(vit, attention, encoder), protocol(segment));
      float[][] vectors = new float[(int) words.getShape().get(0)][];
      for (int i = 0; i < vectors.length; i++) {
        vectors[i] = words.get(i).toFloatArray();
      }
      JsonArray size = segment.getAsJsonArray("original_size");
      ScoreRows rows =
          windowed.scores(pixels, vectors, size.get(0).getAsInt(), size.get(1).getAsInt());
      golden.check(
          "logits", GoldenTensor.of(rows.all(), rows.count(), rows.height(), rows.width()));
      check(golden, segment.getAsJsonObject("postprocess"), rows);
    }
  }

  private static void postprocess(GoldenCase golden) {
    GoldenTensor logits = golden.input("logits");
    long[] shape = logits.shape();
    check(
        golden,
        golden.config(),
        new ScoreRows.Stored(logits.floats(), (int) shape[0], (int) shape[1], (int) shape[2]));
  }

  private static void check(GoldenCase golden, JsonObject rule, ScoreRows rows) {
    int[] owners =
        rule.getAsJsonArray("query_index").asList().stream()
            .mapToInt(JsonElement::getAsInt)
            .toArray();
    int background = rule.get("background_index").getAsInt();
    int classes = 1 + Arrays.stream(owners).max().orElseThrow();
    ClassScores scores =
        new ClassScores(
            owners,
            classes,
            has(rule, "area_threshold") ? 0 : background,
            rule.get("logit_scale").getAsDouble(),
            OptionalDouble.of(rule.get("probability_threshold").getAsDouble()),
            has(rule, "area_threshold") ? rule.get("area_threshold").getAsDouble() : 0);
    boolean[] removed = scores.removed(rows);
    float[] all = new float[classes * rows.height() * rows.width()];
    float[][] row = new float[rows.count()][rows.width()];
    float[][] probabilities = new float[classes][rows.width()];
    ScoreRows.Reader reader = rows.reader();
    boolean renormalise = rule.get("renormalise").getAsBoolean();
    for (int y = 0; y < rows.height(); y++) {
      reader.row(y, row);
      scores.probabilities(row, removed, probabilities);
      for (int x = 0; x < rows.width(); x++) {
        float sum = 0;
        for (int c = 0; c < classes; c++) {
          sum += probabilities[c][x];
        }
        for (int c = 0; c < classes; c++) {
          all[(c * rows.height() + y) * rows.width() + x] =
              probabilities[c][x] / (renormalise ? sum : 1);
        }
      }
    }
    golden.check("probabilities", GoldenTensor.of(all, classes, rows.height(), rows.width()));
    long[] labels =
        Arrays.stream(scores.labels(rows).labels())
            .mapToLong(label -> label < 0 ? background : label)
            .toArray();
    golden.check("labels", GoldenTensor.of(labels, rows.height(), rows.width()));
  }
}
