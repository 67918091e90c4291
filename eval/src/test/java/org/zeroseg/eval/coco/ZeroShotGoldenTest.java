package org.zeroseg.eval.coco;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;

class ZeroShotGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests("zsi", Map.of("coco_eval", this::evaluates));
  }

  private void evaluates(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    CocoGroundTruth truth =
        CocoGroundTruth.read(golden.file(golden.inputs().get("annotations").getAsString()));
    CocoDetections detections =
        CocoDetections.read(golden.file(golden.inputs().get("detections").getAsString()), truth);
    CocoScores scores =
        new CocoEvaluator(
                CocoProtocol.coco()
                    .overlap(
                        config.get("iou_type").getAsString().equals("bbox")
                            ? Overlap.BOX
                            : Overlap.MASK)
                    .iouThresholds(CocoGoldenTest.doubles(config, "iou_thresholds").toArray())
                    .maxDetections(
                        CocoGoldenTest.doubles(config, "max_dets").mapToInt(n -> (int) n).toArray())
                    .categoriesInFileOrder())
            .evaluate(detections);
    int limit = scores.maxDetections().length - 1;
    int[] categories = IntStream.range(0, scores.categories().size()).toArray();
    int[] ious = IntStream.range(0, scores.iouThresholds().length).toArray();
    int recalls = scores.recallThresholds().length;
    check(
        golden,
        "precision",
        IntStream.of(ious)
            .boxed()
            .flatMapToDouble(
                t ->
                    IntStream.range(0, recalls)
                        .boxed()
                        .flatMapToDouble(
                            r ->
                                IntStream.of(categories)
                                    .mapToDouble(k -> scores.precision(t, r, k, 0, limit)))),
        ious.length,
        recalls,
        categories.length);
    check(
        golden,
        "recall",
        IntStream.of(ious)
            .boxed()
            .flatMapToDouble(
                t -> IntStream.of(categories).mapToDouble(k -> scores.recall(t, k, 0, limit))),
        ious.length,
        categories.length);
    DoubleStream precisions =
        DoubleStream.of(scores.iouThresholds())
            .map(iou -> scores.averagePrecision(OptionalDouble.of(iou), 0, limit));
    DoubleStream averageRecalls =
        DoubleStream.of(scores.iouThresholds())
            .map(iou -> scores.averageRecall(OptionalDouble.of(iou), 0, limit));
    check(golden, "stats", DoubleStream.concat(precisions, averageRecalls), 2L * ious.length);
    if (golden.outputs().has("gzsi")) {
      int seenCategories = config.get("num_seen_classes").getAsInt();
      List<Long> seen =
          truth.categories().stream()
              .limit(seenCategories)
              .map(CocoGroundTruth.Category::id)
              .toList();
      ZeroShotScores groups = ZeroShotScores.of(scores, seen);
      check(
          golden,
          "gzsi",
          DoubleStream.of(
              groups.seen().ap(),
              groups.unseen().ap(),
              groups.seen().recall(),
              groups.unseen().recall(),
              groups.harmonicMean().ap(),
              groups.harmonicMean().recall()),
          6);
    }
  }

  private static void check(GoldenCase golden, String name, DoubleStream values, long... shape) {
    golden.check(name, GoldenTensor.of(values.toArray(), shape));
  }
}
