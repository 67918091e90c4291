package org.zeroseg.eval.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.report.Report.Row;
import org.zeroseg.eval.report.Report.Table;
import org.zeroseg.eval.semantic.BinaryIou;

/** Masks of single categories, measured and told. */
final class MaskReport {

  private final SemanticDataset dataset;
  private final Map<Integer, List<Double>> ious = new TreeMap<>(); // by label

  MaskReport(SemanticDataset dataset) {
    this.dataset = dataset;
  }

  /** The categories that a picture holds. */
  List<String> categories(LabelMap truth) {
    return labels(truth).stream().map(dataset.labels()::get).toList();
  }

  private List<Integer> labels(LabelMap truth) {
    return dataset.labels().keySet().stream().filter(truth::has).toList();
  }

  /** What was done with a picture: its mean IoU and, for show, all masks on one map. */
  record Outcome(double iou, LabelMap painted) {}

  /** Adds a picture. */
  Outcome add(String name, LabelMap truth, Map<String, LabelMap> masks) {
    int[] painted = new int[truth.width() * truth.height()];
    double sum = 0;
    List<Integer> labels = labels(truth);
    for (int label : labels) {
      LabelMap mask = masks.get(dataset.labels().get(label));
      if (mask.width() != truth.width() || mask.height() != truth.height()) {
        throw new IllegalArgumentException(name + ": the truth is " + truth + ", a mask " + mask);
      }
      int[] predicted = mask.map(value -> value == 0 ? 0 : 1).labels();
      for (int i = 0; i < painted.length; i++) {
        painted[i] = predicted[i] == 1 ? label : painted[i];
      }
      int[] own = dataset.against(truth, label).labels();
      double iou = BinaryIou.of(own, predicted);
      ious.computeIfAbsent(label, first -> new ArrayList<>()).add(iou);
      sum += iou;
    }
    return new Outcome(sum / labels.size(), LabelMap.of(truth.width(), truth.height(), painted));
  }

  Report.Builder report() {
    List<Double> all = ious.values().stream().flatMap(List::stream).toList();
    List<Double> means = ious.values().stream().map(MaskReport::mean).toList();
    return new Report.Builder(dataset.toString())
        .notes(List.of("Each picture is looked at once for every category that it holds."))
        .table(
            new Table(
                "Summary",
                List.of("value"),
                List.of(
                    Row.of("IoU, mean over categories", mean(means)),
                    Row.of("IoU, mean over masks", mean(all)))))
        .table(
            new Table(
                "Categories",
                List.of("IoU", "pictures"),
                ious.entrySet().stream()
                    .map(
                        entry ->
                            Row.of(
                                dataset.labels().get(entry.getKey()),
                                mean(entry.getValue()),
                                (double) entry.getValue().size()))
                    .toList()));
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }
}
