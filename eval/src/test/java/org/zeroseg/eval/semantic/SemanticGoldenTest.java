package org.zeroseg.eval.semantic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.Boundaries;

class SemanticGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "eval",
        Map.of(
            "semseg_confusion", this::countsConfusions,
            "semseg_binary_iou", this::measuresOneClass,
            "semseg_resize", this::resizes,
            "boundary_mask", this::findsBoundaries,
            "imagenet_s", this::evaluatesImageNetS));
  }

  @TestFactory
  Stream<DynamicTest> namedMaskCases() {
    return Golden.tests(
        "namedmask",
        Map.of(
            "running_score", this::countsConfusionsOfASet,
            "binary_iou", this::measuresOnePicture,
            "imagenet_s_metric", this::measuresImageNetS));
  }

  private void countsConfusions(GoldenCase golden) {
    Map<String, GoldenTensor> tensors = golden.tensors("tensors.safetensors");
    double tolerance = golden.outputs().getAsJsonObject("summary").get("atol").getAsDouble();
    for (JsonObject entry : entries(golden)) {
      String name = entry.get("name").getAsString();
      ConfusionMatrix matrix = new ConfusionMatrix(entry.get("classes").getAsInt());
      for (int i = 0; i < entry.get("images").getAsInt(); i++) {
        LabelMap truth = labels(tensors.get(name + ".gt" + i));
        matrix.add(truth, labels(tensors.get(name + ".pred" + i)), name);
      }
      checkCounts(name, matrix, tensors.get(name + ".confusion"));
      double[] summary = {
        matrix.pixelAccuracy(),
        matrix.meanAccuracy(),
        matrix.frequencyWeightedIou(),
        matrix.meanIou()
      };
      assertArrayEquals(tensors.get(name + ".summary").values(), summary, tolerance, name);
      assertArrayEquals(tensors.get(name + ".class_iou").values(), ious(matrix), tolerance, name);
    }
  }

  private static double[] ious(ConfusionMatrix matrix) {
    return IntStream.range(0, matrix.classes()).mapToDouble(matrix::iou).toArray();
  }

  private static void checkCounts(String name, ConfusionMatrix matrix, GoldenTensor expected) {
    int classes = matrix.classes();
    for (int i = 0; i < expected.values().length; i++) {
      assertEquals((long) expected.values()[i], matrix.count(i / classes, i % classes), name);
    }
  }

  private void countsConfusionsOfASet(GoldenCase golden) {
    ConfusionMatrix matrix = new ConfusionMatrix(golden.config().get("classes").getAsInt());
    matrix.add(integers(golden.input("targets")), integers(golden.input("predictions")));
    checkCounts(golden.toString(), matrix, golden.output("confusion"));
    double[] ious = Arrays.stream(ious(matrix)).map(iou -> Double.isNaN(iou) ? -1 : iou).toArray();
    golden.check("class_iou", GoldenTensor.of(ious, ious.length));
    Map<String, ToDoubleFunction<ConfusionMatrix>> numbers =
        Map.of(
            "pixel_accuracy", ConfusionMatrix::pixelAccuracy,
            "mean_accuracy", ConfusionMatrix::meanAccuracy,
            "frequency_weighted_accuracy", ConfusionMatrix::frequencyWeightedIou,
            "mean_iou", ConfusionMatrix::meanIou);
    JsonObject expected = golden.json().getAsJsonObject("expected");
    double tolerance = expected.get("tolerance").getAsDouble();
    numbers.forEach(
        (name, number) ->
            assertEquals(
                expected.get(name).getAsDouble(), number.applyAsDouble(matrix), tolerance, name));
  }

  private void measuresOneClass(GoldenCase golden) {
    Map<String, GoldenTensor> tensors = golden.tensors("tensors.safetensors");
    double tolerance = golden.outputs().getAsJsonObject("iou").get("atol").getAsDouble();
    for (JsonObject entry : entries(golden)) {
      String name = entry.get("name").getAsString();
      double iou =
          BinaryIou.of(integers(tensors.get(name + ".gt")), integers(tensors.get(name + ".pred")));
      assertEquals(entry.get("iou").getAsDouble(), iou, tolerance, name);
    }
  }

  private void measuresOnePicture(GoldenCase golden) {
    JsonObject expected = golden.json().getAsJsonObject("expected");
    double iou =
        BinaryIou.of(integers(golden.input("target")), integers(golden.input("prediction")));
    assertEquals(expected.get("iou").getAsDouble(), iou, expected.get("tolerance").getAsDouble());
  }

  private void resizes(GoldenCase golden) {
    Map<String, GoldenTensor> tensors = golden.tensors("tensors.safetensors");
    double tolerance = golden.outputs().getAsJsonObject("resized").get("atol").getAsDouble();
    double mismatch = golden.outputs().getAsJsonObject("labels").get("max_mismatch").getAsDouble();
    for (JsonObject entry : entries(golden)) {
      String name = entry.get("name").getAsString();
      int[] to = size(entry, "to");
      if (name.startsWith("nearest")) {
        LabelMap map = labels(tensors.get(name + ".in"));
        assertEquals(
            labels(tensors.get(name + ".torch")), map.resize(to[1], to[0], LabelMap.Nearest.FLOOR));
        assertEquals(
            labels(tensors.get(name + ".pil")), map.resize(to[1], to[0], LabelMap.Nearest.CENTRE));
        continue;
      }
      int[] from = size(entry, "from");
      double[] logits = tensors.get(name + ".logits").values();
      float[] maps = new float[logits.length];
      for (int i = 0; i < maps.length; i++) {
        maps[i] = (float) logits[i];
      }
      float[] resized = Logits.resize(maps, from[0], from[1], from[2], to[0], to[1]);
      if (entry.get("resized_stored").getAsBoolean()) {
        double[] expected = tensors.get(name + ".resized").values();
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], resized[i], tolerance, name);
        }
      }
      int[] expected = integers(tensors.get(name + ".labels"));
      int[] actual = Logits.argMax(resized, from[0], to[0], to[1]).labels();
      long different =
          IntStream.range(0, expected.length).filter(i -> expected[i] != actual[i]).count();
      assertEquals(0, (double) different, mismatch * expected.length, name);
    }
  }

  private void findsBoundaries(GoldenCase golden) {
    Map<String, GoldenTensor> tensors = golden.tensors("tensors.safetensors");
    for (JsonObject entry : entries(golden)) {
      Mask mask = labels(tensors.get(entry.get("input").getAsString())).mask(1);
      int distance =
          Boundaries.distance(mask.width(), mask.height(), entry.get("ratio").getAsDouble());
      assertEquals(entry.get("distance").getAsInt(), distance);
      Mask boundary = Boundaries.of(mask, distance);
      assertEquals(labels(tensors.get(entry.get("expected").getAsString())).mask(1), boundary);
      assertEquals(entry.get("area").getAsInt(), boundary.area());
    }
  }

  private void evaluatesImageNetS(GoldenCase golden) throws IOException {
    ImageNetSEvaluator evaluator = evaluate(golden, "prediction", map -> map);
    checkSummary(golden.json(), "summary", "summary_atol", evaluator);
    int labels = golden.config().get("classes").getAsInt() + 1;
    Map<String, GoldenTensor> expected = golden.tensors("expected.safetensors");
    double tolerance = golden.outputs().getAsJsonObject("iou").get("atol").getAsDouble();
    for (int c = 0; c < labels; c++) {
      assertEquals(expected.get("iou").values()[c], evaluator.iou(c), tolerance);
      assertEquals((long) expected.get("intersection").values()[c], evaluator.intersection(c));
      assertEquals((long) expected.get("predicted").values()[c], evaluator.predicted(c));
      assertEquals((long) expected.get("truth").values()[c], evaluator.truth(c));
    }
    matchesClusters(golden, evaluator);
  }

  private void matchesClusters(GoldenCase golden, ImageNetSEvaluator expected) throws IOException {
    ClusterMatching matching = new ClusterMatching(golden.config().get("classes").getAsInt());
    for (String line : Files.readAllLines(golden.file("names.txt"))) {
      String name = line.substring(line.indexOf(' ') + 1);
      matching.add(
          LabelMap.readRedGreen(golden.folder().resolve("validation-segmentation").resolve(name)),
          LabelMap.readRedGreen(golden.folder().resolve("prediction_clusters").resolve(name)));
    }
    Map<Integer, Integer> recorded = new HashMap<>(Map.of(0, 0));
    JsonParser.parseString(Files.readString(golden.file("match.json")))
        .getAsJsonObject()
        .asMap()
        .forEach((cluster, label) -> recorded.put(Integer.valueOf(cluster), label.getAsInt()));
    // Clusters that share no picture with their class are assigned arbitrarily.
    assertEquals(matching.sharedPictures(recorded), matching.sharedPictures(matching.match()));
    ImageNetSEvaluator matched =
        evaluate(golden, "prediction_clusters", map -> ClusterMatching.rename(map, recorded));
    checkSummary(golden.json(), "matched_summary", "summary_atol", matched);
    assertEquals(expected.summary(), matched.summary());
  }

  private static ImageNetSEvaluator evaluate(
      GoldenCase golden, String predictions, java.util.function.UnaryOperator<LabelMap> renaming)
      throws IOException {
    ImageNetSEvaluator evaluator =
        new ImageNetSEvaluator(golden.config().get("classes").getAsInt());
    for (String line : Files.readAllLines(golden.file("names.txt"))) {
      String name = line.substring(line.indexOf(' ') + 1);
      LabelMap truth =
          LabelMap.readRedGreen(golden.folder().resolve("validation-segmentation").resolve(name));
      Path prediction = golden.folder().resolve(predictions).resolve(name);
      evaluator.add(truth, renaming.apply(LabelMap.readRedGreen(prediction)), name);
    }
    return evaluator;
  }

  private void measuresImageNetS(GoldenCase golden) {
    ImageNetSEvaluator evaluator =
        new ImageNetSEvaluator(golden.config().get("classes").getAsInt());
    for (int i = 0; golden.inputs().has("target" + i); i++) {
      evaluator.add(
          labels(golden.input("target" + i)), labels(golden.input("prediction" + i)), "" + i);
    }
    double[] ious =
        IntStream.rangeClosed(0, golden.config().get("classes").getAsInt())
            .mapToDouble(evaluator::iou)
            .toArray();
    golden.check("class_iou", GoldenTensor.of(ious, ious.length));
    checkSummary(golden.json(), "expected", "tolerance_expected", evaluator);
  }

  private static void checkSummary(
      JsonObject json, String summary, String tolerance, ImageNetSEvaluator evaluator) {
    for (Map.Entry<String, JsonElement> entry : json.getAsJsonObject(summary).entrySet()) {
      double actual = evaluator.summary().get(entry.getKey());
      double expected = entry.getValue().isJsonNull() ? Double.NaN : entry.getValue().getAsDouble();
      assertEquals(expected, actual, json.get(tolerance).getAsDouble(), entry.getKey());
    }
  }

  private static List<JsonObject> entries(GoldenCase golden) {
    return golden.json().getAsJsonArray("entries").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .toList();
  }

  private static int[] size(JsonObject entry, String name) {
    return entry.getAsJsonArray(name).asList().stream().mapToInt(JsonElement::getAsInt).toArray();
  }

  private static int[] integers(GoldenTensor tensor) {
    return Arrays.stream(tensor.values()).mapToInt(value -> (int) value).toArray();
  }

  private static LabelMap labels(GoldenTensor tensor) {
    return LabelMap.of((int) tensor.shape()[1], (int) tensor.shape()[0], integers(tensor));
  }
}
