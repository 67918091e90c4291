package org.zeroseg.eval.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.report.Report.Confusion;
import org.zeroseg.eval.report.Report.Row;
import org.zeroseg.eval.report.Report.Table;
import org.zeroseg.eval.semantic.BinaryIou;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import org.zeroseg.eval.semantic.ImageNetSEvaluator;

/** Label maps, counted and told. */
final class SemanticReport {

  private static final int MOST_STRANGE = 10; // labels that a report tells one by one
  static final int MOST_CONFUSABLE = 200; // more classes make a matrix nobody can read

  private final SemanticDataset dataset;
  private final ConfusionMatrix matrix;
  private final Optional<ImageNetSEvaluator> sizes; // of ImageNet-S
  private final boolean single;
  private final List<Double> binary = new ArrayList<>(); // of a single category
  private final Map<Integer, Strange> strange = new TreeMap<>();

  /** Pixels of a label that is neither a class nor ignored. */
  private static final class Strange {
    private String first = "";
    private long pictures;
    private long pixels;

    void add(String name, long more) {
      first = pictures == 0 ? name : first;
      pictures++;
      pixels += more;
    }
  }

  SemanticReport(SemanticDataset dataset) {
    this.dataset = dataset;
    matrix = new ConfusionMatrix(dataset.classes());
    sizes =
        dataset
            .ignore()
            .filter(label -> label == ImageNetSEvaluator.IGNORE)
            .map(label -> new ImageNetSEvaluator(dataset.vocabulary().size()));
    single = dataset.hasBackground() && dataset.vocabulary().size() == 1;
  }

  /** Adds a picture and says how well it was done. */
  double add(String name, LabelMap truth, LabelMap prediction) {
    dataset
        .strange(truth)
        .forEach(
            (label, pixels) ->
                strange.computeIfAbsent(label, l -> new Strange()).add(name, pixels));
    matrix.add(truth, prediction, name);
    sizes.ifPresent(evaluator -> evaluator.add(truth, prediction, name));
    if (single) {
      binary.add(BinaryIou.of(truth.labels(), prediction.labels()));
    }
    return pictureIou(truth, prediction, dataset.classes());
  }

  /** Mean IoU of the classes that are in the picture's truth or prediction. */
  private static double pictureIou(LabelMap truth, LabelMap prediction, int classes) {
    int[] trueLabels = truth.labels();
    int[] predicted = prediction.labels();
    long[] both = new long[classes];
    long[] either = new long[classes];
    for (int i = 0; i < Math.min(trueLabels.length, predicted.length); i++) {
      int t = trueLabels[i];
      int p = predicted[i];
      if (t >= 0 && t < classes && p >= 0 && p < classes) {
        either[t]++;
        if (t == p) {
          both[t]++;
        } else {
          either[p]++;
        }
      }
    }
    return IntStream.range(0, classes)
        .filter(c -> either[c] > 0)
        .mapToDouble(c -> (double) both[c] / either[c])
        .average()
        .orElse(Double.NaN);
  }

  Report.Builder report() {
    Report.Builder report = new Report.Builder(dataset.toString());
    report.notes(strange.entrySet().stream().limit(MOST_STRANGE).map(this::describe).toList());
    if (strange.size() > MOST_STRANGE) {
      report.notes(List.of((strange.size() - MOST_STRANGE) + " more labels are neither."));
    }
    report.table(summary());
    if (single) {
      double mean = binary.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
      report.table(
          new Table(
              "One category, as NamedMask evaluates experts",
              List.of("value"),
              List.of(Row.of("IoU averaged over pictures", mean))));
    }
    sizes.ifPresent(
        evaluator ->
            report.table(
                new Table(
                    "ImageNet-S",
                    List.of("percent"),
                    evaluator.summary().entrySet().stream()
                        .map(entry -> Row.of(entry.getKey(), entry.getValue()))
                        .toList())));
    List<String> names = new ArrayList<>(dataset.vocabulary().names());
    if (dataset.hasBackground()) {
      names.add(0, "background");
    }
    report.table(
        new Table(
            "Classes",
            List.of("IoU", "true pixels", "predicted pixels"),
            IntStream.range(0, names.size())
                .mapToObj(
                    c ->
                        Row.of(
                            names.get(c),
                            matrix.iou(c),
                            (double) matrix.truths(c),
                            (double) matrix.predictions(c)))
                .toList()));
    confusion(names, matrix).ifPresent(report::confusion);
    return report;
  }

  private String describe(Map.Entry<Integer, Strange> entry) {
    Strange found = entry.getValue();
    return "The truth has label %d at %d pixels of %d pictures (first %s): neither a class, 0 to %d, nor ignored; left out."
        .formatted(
            entry.getKey(), found.pixels, found.pictures, found.first, dataset.classes() - 1);
  }

  private Table summary() {
    List<Row> rows = new ArrayList<>();
    rows.add(Row.of("mean IoU", matrix.meanIou()));
    if (dataset.hasBackground()) {
      rows.add(Row.of("mean IoU without background", matrix.meanIou(1)));
    }
    rows.add(Row.of("pixel accuracy", matrix.pixelAccuracy()));
    rows.add(Row.of("mean accuracy", matrix.meanAccuracy()));
    rows.add(Row.of("frequency-weighted IoU", matrix.frequencyWeightedIou()));
    return new Table("Summary", List.of("value"), rows);
  }

  /** Shares of each true class; nothing for too many of them. */
  static Optional<Confusion> confusion(List<String> names, ConfusionMatrix matrix) {
    return confusion(
        names,
        IntStream.range(0, names.size())
            .mapToObj(
                t -> IntStream.range(0, names.size()).mapToLong(p -> matrix.count(t, p)).toArray())
            .toArray(long[][]::new));
  }

  /**
   * Shares of each true class; nothing for too many of them.
   *
   * @param counts [true][predicted]
   */
  static Optional<Confusion> confusion(List<String> names, long[][] counts) {
    if (names.size() > MOST_CONFUSABLE) {
      return Optional.empty();
    }
    List<List<Double>> shares = new ArrayList<>();
    for (long[] row : counts) {
      double total = Math.max(1, Arrays.stream(row).sum());
      shares.add(Arrays.stream(row).mapToObj(count -> count / total).toList());
    }
    return Optional.of(new Confusion(names, shares));
  }
}
