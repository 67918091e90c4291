package org.zeroseg.eval.run;

import java.util.List;
import java.util.stream.IntStream;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.report.Report.Chart;
import org.zeroseg.eval.report.Report.Curve;
import org.zeroseg.eval.report.Report.Point;
import org.zeroseg.eval.report.Report.Row;
import org.zeroseg.eval.report.Report.Table;
import org.zeroseg.eval.saliency.SaliencyEvaluator;
import org.zeroseg.eval.saliency.SaliencyMetrics;
import org.zeroseg.eval.saliency.SaliencyScores;

/** Saliency maps, measured and told. */
final class SaliencyReport {

  private final SemanticDataset dataset;
  private final SaliencyMetrics metrics;
  private final SaliencyEvaluator evaluator;

  SaliencyReport(SemanticDataset dataset, SaliencyMetrics metrics) {
    this.dataset = dataset;
    this.metrics = metrics;
    evaluator = new SaliencyEvaluator(metrics);
  }

  /**
   * Adds a picture.
   *
   * @param map grey, 255 being 1
   * @return its IoU
   */
  double add(String name, LabelMap truth, LabelMap map) {
    if (map.width() != truth.width() || map.height() != truth.height()) {
      throw new IllegalArgumentException(name + ": the truth is " + truth + ", the map " + map);
    }
    int[] grey = map.labels();
    float[] values = new float[grey.length];
    for (int i = 0; i < values.length; i++) {
      if (grey[i] < 0 || grey[i] > 255) {
        throw new IllegalArgumentException(
            name + ": expected grey values from 0 to 255, found " + grey[i]);
      }
      values[i] = grey[i] / 255f;
    }
    return evaluator.add(values, truth.mask(0).not()).iou();
  }

  Report.Builder report() {
    SaliencyScores mean = evaluator.mean();
    List<Point> points =
        IntStream.range(0, 255)
            .mapToObj(k -> new Point(evaluator.recall(k), evaluator.precision(k)))
            .toList();
    return new Report.Builder(dataset.toString())
        .notes(List.of("F with beta squared = " + metrics.betaSquare()))
        .table(
            new Table(
                "Means over " + evaluator.pictures() + " pictures",
                List.of("value"),
                List.of(
                    Row.of("IoU", mean.iou()),
                    Row.of("pixel accuracy", mean.pixelAccuracy()),
                    Row.of("MAE", mean.meanAbsoluteError()),
                    Row.of("F", mean.f()),
                    Row.of("max F", mean.maxF()),
                    Row.of("mean F", mean.meanF()),
                    Row.of("S-measure", mean.sMeasure()),
                    Row.of("max of mean F curve (TokenCut)", evaluator.maxOfMeanF()))))
        .chart(
            new Chart(
                "Precision and recall over thresholds",
                "recall",
                "precision",
                List.of(new Curve("mean over pictures", points))));
  }
}
