package org.zeroseg.eval.coco;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.Instance;

class CocoGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "eval",
        Map.of(
            "coco_eval", this::evaluates,
            "coco_eval_zsi", this::evaluates,
            "coco_eval_boundary", this::evaluatesBoundaries,
            "coco_match", this::matches));
  }

  private void evaluates(GoldenCase golden) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(golden.file(text(golden.inputs(), "gt")));
    for (JsonElement element : golden.json().getAsJsonArray("runs")) {
      JsonObject run = element.getAsJsonObject();
      CocoDetections detections = CocoDetections.read(golden.file(text(run, "detections")), truth);
      CocoProtocol protocol =
          CocoProtocol.coco()
              .overlap(overlap(text(run, "iouType")))
              .useCategories(run.get("useCats").getAsInt() == 1)
              .maxDetections(doubles(run, "maxDets").mapToInt(value -> (int) value).toArray())
              .iouThresholds(doubles(run, "iouThrs").toArray());
      if (golden.json().has("subset")) {
        JsonObject subset = golden.json().getAsJsonObject("subset");
        protocol = protocol.images(doubles(subset, "imgIds").mapToObj(id -> (long) id).toList());
        protocol =
            protocol.categories(doubles(subset, "catIds").mapToObj(id -> (long) id).toList());
      }
      CocoScores scores = new CocoEvaluator(protocol).evaluate(detections);
      check(golden, run.getAsJsonObject("outputs"), text(run, "expected"), scores);
      if (golden.json().has("derived")) {
        checkDerived(golden, text(run, "name"), scores);
      }
    }
  }

  private static void checkDerived(GoldenCase golden, String run, CocoScores scores) {
    JsonObject derived = golden.json().getAsJsonObject("derived");
    if (derived.has(run)) {
      ZeroShotGolden.check(golden, run, scores);
    }
    if (derived.has(run + "_ap_per_category")) {
      compare(
          run,
          doubles(derived, run + "_ap_per_category").toArray(),
          scores.perCategory().stream().mapToDouble(CocoScores.CategoryScore::ap).toArray(),
          golden.outputs().get("atol").getAsDouble());
    }
  }

  private void evaluatesBoundaries(GoldenCase golden) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(golden.file(text(golden.inputs(), "gt")));
    CocoDetections detections =
        CocoDetections.read(golden.file(text(golden.inputs(), "detections")), truth);
    CocoScores scores =
        new CocoEvaluator(
                CocoProtocol.coco()
                    .overlap(Overlap.BOUNDARY)
                    .boundaryRatio(golden.config().get("dilation_ratio").getAsDouble()))
            .evaluate(detections);
    JsonObject outputs = golden.outputs();
    check(golden, outputs.getAsJsonObject("tensors"), text(outputs, "file"), scores);
  }

  private void matches(GoldenCase golden) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(golden.file(text(golden.inputs(), "gt")));
    CocoDetections detections =
        CocoDetections.read(golden.file(text(golden.inputs(), "detections")), truth);
    Map<String, GoldenTensor> recorded = golden.tensors(text(golden.outputs(), "file"));
    double tolerance = golden.outputs().get("atol").getAsDouble();
    for (JsonElement element : golden.json().getAsJsonArray("units")) {
      JsonObject unit = element.getAsJsonObject();
      CocoEvaluator evaluator =
          new CocoEvaluator(CocoProtocol.coco().useCategories(unit.get("useCats").getAsInt() == 1));
      UnitMatcher matcher =
          evaluator.matcher(
              detections, unit.get("image_id").getAsLong(), unit.get("category_id").getAsLong());
      AreaRange range =
          AreaRange.COCO.stream()
              .filter(area -> area.name().equals(text(unit, "area")))
              .findFirst()
              .orElseThrow();
      matcher.match(range);
      new UnitCheck(text(unit, "key"), recorded, tolerance).check(matcher, range);
    }
  }

  /** Compares one unit's tables; ground truth is recorded regular ones first. */
  private record UnitCheck(String key, Map<String, GoldenTensor> recorded, double tolerance) {

    void check(UnitMatcher matcher, AreaRange range) {
      int n = matcher.detections().length;
      int[] order =
          java.util.stream.IntStream.range(0, matcher.truths().length)
              .boxed()
              .sorted(java.util.Comparator.comparing(matcher::isIgnored))
              .mapToInt(Integer::intValue)
              .toArray();
      compare("gtIds", Arrays.stream(order).mapToDouble(g -> matcher.truths()[g].id()).toArray());
      compare(
          "gtIgnore",
          Arrays.stream(order).mapToDouble(g -> matcher.isIgnored(g) ? 1 : 0).toArray());
      compare("dtIds", Arrays.stream(matcher.detections()).mapToDouble(Instance::id).toArray());
      double[] dtMatches = new double[10 * n];
      double[] dtIgnore = new double[10 * n];
      double[] gtMatches = new double[10 * order.length];
      for (int t = 0; t < 10; t++) {
        for (int d = 0; d < n; d++) {
          int match = matcher.match(t, d);
          dtMatches[t * n + d] = match < 0 ? 0 : matcher.truths()[match].id();
          boolean outside = range.excludes(matcher.detections()[d].area());
          dtIgnore[t * n + d] = (match < 0 ? outside : matcher.isIgnored(match)) ? 1 : 0;
          for (int i = 0; i < order.length; i++) {
            if (order[i] == match) {
              gtMatches[t * order.length + i] = matcher.detections()[d].id();
            }
          }
        }
      }
      compare("dtMatches", dtMatches);
      compare("dtIgnore", dtIgnore);
      compare("gtMatches", gtMatches);
      double[] overlaps = new double[n * order.length];
      for (int i = 0; i < overlaps.length; i++) {
        overlaps[i] = matcher.overlap(i / order.length, i % order.length);
      }
      compare("iou", overlaps);
    }

    private void compare(String name, double[] actual) {
      GoldenTensor expected = recorded.get(key + "." + name);
      if (expected != null) {
        CocoGoldenTest.compare(key + "." + name, expected.values(), actual, tolerance);
      }
    }
  }

  private static void check(GoldenCase golden, JsonObject outputs, String file, CocoScores scores) {
    Map<String, GoldenTensor> recorded = golden.tensors(file);
    for (String name : outputs.keySet()) {
      double[] expected = recorded.get(name).values();
      double tolerance = outputs.getAsJsonObject(name).get("atol").getAsDouble();
      compare(file + " " + name, expected, values(name, scores), tolerance);
    }
  }

  private static double[] values(String name, CocoScores scores) {
    int areas = scores.areas().size();
    int limits = scores.maxDetections().length;
    return switch (name) {
      case "stats" -> scores.referenceSummary();
      case "recall" -> recalls(scores);
      case "precision" -> curve(scores, areas, 0, limits, false);
      case "scores" -> curve(scores, areas, 0, limits, true);
      case "precision_a0_mlast" -> curve(scores, 1, limits - 1, limits, false);
      case "scores_a0_mlast" -> curve(scores, 1, limits - 1, limits, true);
      default -> throw new AssertionError("unknown tensor " + name);
    };
  }

  private static double[] recalls(CocoScores scores) {
    List<Double> values = new java.util.ArrayList<>();
    for (int t = 0; t < scores.iouThresholds().length; t++) {
      for (int k = 0; k < scores.categories().size(); k++) {
        for (int a = 0; a < scores.areas().size(); a++) {
          for (int m = 0; m < scores.maxDetections().length; m++) {
            values.add(scores.recall(t, k, a, m));
          }
        }
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static double[] curve(
      CocoScores scores, int areas, int firstLimit, int limits, boolean ofScores) {
    List<Double> values = new java.util.ArrayList<>();
    for (int t = 0; t < scores.iouThresholds().length; t++) {
      for (int r = 0; r < scores.recallThresholds().length; r++) {
        for (int k = 0; k < scores.categories().size(); k++) {
          for (int a = 0; a < areas; a++) {
            for (int m = firstLimit; m < limits; m++) {
              values.add(ofScores ? scores.score(t, r, k, a, m) : scores.precision(t, r, k, a, m));
            }
          }
        }
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void compare(String name, double[] expected, double[] actual, double tolerance) {
    assertEquals(expected.length, actual.length, name);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], tolerance, name + "[" + i + "]");
    }
  }

  private static Overlap overlap(String iouType) {
    return iouType.equals("bbox") ? Overlap.BOX : Overlap.MASK;
  }

  static java.util.stream.DoubleStream doubles(JsonObject object, String name) {
    JsonArray array = object.getAsJsonArray(name);
    return array.asList().stream().mapToDouble(JsonElement::getAsDouble);
  }

  static String text(JsonObject object, String name) {
    return object.get(name).getAsString();
  }

  /** The numbers of the zero-shot protocol. */
  private static final class ZeroShotGolden {
    static void check(GoldenCase golden, String run, CocoScores scores) {
      JsonObject derived = golden.json().getAsJsonObject("derived").getAsJsonObject(run);
      double tolerance = golden.config().get("derived_tolerance").getAsDouble();
      List<Long> seen = doubles(golden.config(), "seen").mapToObj(id -> (long) id).toList();
      ZeroShotScores actual = ZeroShotScores.of(scores, seen);
      for (double iou : scores.iouThresholds()) {
        assertEquals(
            derived.get("recall@100_iou" + iou).getAsDouble(),
            scores.averageRecall(OptionalDouble.of(iou), 0, 2),
            tolerance);
        assertEquals(
            derived.get("map_iou" + iou).getAsDouble(),
            scores.averagePrecision(OptionalDouble.of(iou), 0, 2),
            tolerance);
      }
      assertEquals(derived.get("seen_ap").getAsDouble(), actual.seen().ap(), tolerance);
      assertEquals(derived.get("unseen_ap").getAsDouble(), actual.unseen().ap(), tolerance);
      assertEquals(derived.get("hm_ap").getAsDouble(), actual.harmonicMean().ap(), tolerance);
      assertEquals(derived.get("seen_recall").getAsDouble(), actual.seen().recall(), tolerance);
      assertEquals(derived.get("unseen_recall").getAsDouble(), actual.unseen().recall(), tolerance);
      assertEquals(
          derived.get("hm_recall").getAsDouble(), actual.harmonicMean().recall(), tolerance);
      JsonArray ap = derived.getAsJsonArray("ap50_per_class");
      JsonArray recall = derived.getAsJsonArray("recall50_per_class");
      for (int k = 0; k < ap.size(); k++) {
        ZeroShotScores.CategoryScore one = actual.categories().get(k);
        assertEquals(number(ap.get(k)), one.ap(), tolerance);
        assertEquals(number(recall.get(k)), one.recall(), tolerance);
      }
    }

    private static double number(JsonElement element) {
      return element.isJsonNull() ? -1 : element.getAsDouble();
    }
  }
}
