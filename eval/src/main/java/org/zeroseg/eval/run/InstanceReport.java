package org.zeroseg.eval.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.Outline;
import org.zeroseg.eval.coco.CocoScores;
import org.zeroseg.eval.coco.ZeroShotScores;
import org.zeroseg.eval.report.Report.Chart;
import org.zeroseg.eval.report.Report.Curve;
import org.zeroseg.eval.report.Report.Example;
import org.zeroseg.eval.report.Report.Point;
import org.zeroseg.eval.report.Report.Row;
import org.zeroseg.eval.report.Report.Table;

/** Tables, curves and pictures of detections. */
final class InstanceReport {

  private InstanceReport() {}

  /** COCO's numbers with and without categories, side by side. */
  static Table summary(CocoScores aware, CocoScores agnostic) {
    Map<String, Double> without = agnostic.summary();
    return new Table(
        "Summary",
        List.of("with categories", "class-agnostic"),
        aware.summary().entrySet().stream()
            .map(
                entry ->
                    Row.of(
                        entry.getKey(),
                        existing(entry.getValue()),
                        existing(without.get(entry.getKey()))))
            .toList());
  }

  private static double existing(double value) {
    return value < 0 ? Double.NaN : value;
  }

  static Table categories(CocoScores scores) {
    return new Table(
        "Categories",
        List.of("AP", "AP50", "AP75", "AR"),
        scores.perCategory().stream()
            .map(
                score ->
                    Row.of(
                        score.category().name(),
                        existing(score.ap()),
                        existing(score.ap50()),
                        existing(score.ap75()),
                        existing(score.recall())))
            .toList());
  }

  static Chart precisionRecall(CocoScores scores) {
    List<Curve> curves = new ArrayList<>();
    double[] ious = scores.iouThresholds();
    double[] recalls = scores.recallThresholds();
    int limit = scores.maxDetections().length - 1;
    for (int t = 0; t < ious.length; t++) {
      List<Point> points = new ArrayList<>();
      for (int r = 0; r < recalls.length; r++) {
        OptionalDouble precision = meanPrecision(scores, t, r, limit);
        if (precision.isPresent()) {
          points.add(new Point(recalls[r], precision.getAsDouble()));
        }
      }
      curves.add(new Curve(String.format(Locale.ROOT, "IoU %.2f", ious[t]), points));
    }
    return new Chart("Precision and recall, mean over categories", "recall", "precision", curves);
  }

  private static OptionalDouble meanPrecision(CocoScores scores, int iou, int recall, int limit) {
    return IntStream.range(0, scores.categories().size())
        .mapToDouble(k -> scores.precision(iou, recall, k, 0, limit))
        .filter(precision -> precision >= 0)
        .average();
  }

  /** ZSI's numbers: all categories, seen and unseen ones, each. */
  static List<Table> zeroShot(CocoScores scores, Collection<Long> seen) {
    int limit = scores.maxDetections().length - 1;
    List<Row> rows = new ArrayList<>();
    for (double iou : scores.iouThresholds()) {
      OptionalDouble at = OptionalDouble.of(iou);
      rows.add(
          Row.of(
              "IoU " + iou,
              percent(scores.averageRecall(at, 0, limit)),
              percent(scores.averagePrecision(at, 0, limit))));
    }
    ZeroShotScores groups = ZeroShotScores.of(scores, seen);
    return List.of(
        new Table("All categories, percent", List.of("Recall@100", "mAP"), rows),
        new Table(
            "IoU 0.5, percent",
            List.of("mAP", "Recall@100"),
            List.of(
                row("seen", groups.seen()),
                row("unseen", groups.unseen()),
                row("harmonic mean", groups.harmonicMean()))),
        new Table(
            "Categories, percent",
            List.of("AP50", "Recall@100"),
            groups.categories().stream()
                .map(
                    score ->
                        Row.of(
                            score.category().name(), percent(score.ap()), percent(score.recall())))
                .toList()));
  }

  private static Row row(String name, ZeroShotScores.GroupScore score) {
    return Row.of(name, existing(score.ap()), existing(score.recall()));
  }

  private static double percent(double value) {
    return value < 0 ? Double.NaN : 100 * value;
  }

  /** The worst and best images, by their scores. */
  static List<Example> examples(
      int most, CocoDetections detections, Map<Long, Double> scores, Path images)
      throws IOException {
    Extremes<CocoGroundTruth.Image> extremes = new Extremes<>(most);
    for (CocoGroundTruth.Image image : detections.truth().images()) {
      double score = scores.getOrDefault(image.id(), Double.NaN);
      extremes.offer(
          image.fileName().isEmpty() ? "image " + image.id() : image.fileName(), score, image);
    }
    List<Example> shown = new ArrayList<>();
    for (Extremes.Scored<CocoGroundTruth.Image> scored : extremes.all()) {
      Path file = images.resolve(scored.value().fileName());
      if (!Files.isRegularFile(file)) {
        throw new InvalidDataException(file, "there is no such picture to show");
      }
      int width = scored.value().width();
      int height = scored.value().height();
      // A set of boxes need not say its images' sizes.
      Picture picture =
          width == 0 || height == 0
              ? Picture.readAsStored(file)
              : Examples.picture(file, width, height);
      shown.add(example(scored, picture, detections));
    }
    return shown;
  }

  private static Example example(
      Extremes.Scored<CocoGroundTruth.Image> scored, Picture picture, CocoDetections detections) {
    CocoGroundTruth truth = detections.truth();
    List<String> names = truth.categories().stream().map(Category::name).toList();
    List<Segment> objects =
        truth.annotations(scored.value().id()).stream()
            .filter(annotation -> !(annotation.outline() instanceof Outline.Missing))
            .map(annotation -> segment(truth, annotation, 1, picture))
            .toList();
    // As many of the best detections as there are objects: more would hide the picture.
    List<Segment> found =
        detections.detections(scored.value().id()).stream()
            .sorted(Comparator.comparingDouble(Instance::score).reversed())
            .limit(Math.max(1, objects.size()))
            .map(detection -> segment(truth, detection, detection.score(), picture))
            .toList();
    int width = picture.width();
    int height = picture.height();
    return new Example(
        scored.name(),
        scored.score(),
        Examples.overlay(picture, Segmentation.ofSegments(width, height, names, found)),
        Examples.overlay(picture, Segmentation.ofSegments(width, height, names, objects)));
  }

  private static Segment segment(
      CocoGroundTruth truth, Instance object, double score, Picture picture) {
    return Segment.of(
        object.category() + 1,
        truth.categories().get(object.category()).name(),
        score,
        object.outline().rle(picture.width(), picture.height()).mask());
  }
}
