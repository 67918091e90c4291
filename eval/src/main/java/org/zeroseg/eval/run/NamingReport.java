package org.zeroseg.eval.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.zeroseg.core.Segment;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.naming.NamingEvaluator;
import org.zeroseg.eval.naming.NamingEvaluator.Mode;
import org.zeroseg.eval.naming.NamingEvaluator.Outcome;
import org.zeroseg.eval.naming.NamingEvaluator.Score;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.report.Report.Chart;
import org.zeroseg.eval.report.Report.Curve;
import org.zeroseg.eval.report.Report.Point;
import org.zeroseg.eval.report.Report.Row;
import org.zeroseg.eval.report.Report.Table;
import org.zeroseg.eval.semantic.ConfusionMatrix;

/** Pictures whose segments named themselves, counted and told. */
final class NamingReport {

  private static final List<String> NUMBERS =
      List.of("IoU", "recall", "IoU of best segments", "recall by the published code");

  private final SemanticDataset dataset;
  private final NamingEvaluator evaluator;
  private final int shift; // 0 stands for no class
  private final ConfusionMatrix confusions;

  NamingReport(SemanticDataset dataset, NamingEvaluator evaluator) {
    this.dataset = dataset;
    this.evaluator = evaluator;
    shift = dataset.hasBackground() ? 0 : 1;
    confusions = new ConfusionMatrix(dataset.vocabulary().size() + 1);
  }

  /** What a picture's truth is, what was found, and what true segments were called. */
  record Found(
      LabelMap truth, List<Segment> segments, List<Segment> things, Optional<List<Segment>> names) {

    static Found in(SemanticDataset.Item item, SegmentNamer model, NamingEvaluator evaluator)
        throws IOException {
      LabelMap truth = item.truth();
      List<Segment> things = evaluator.trueSegments(truth);
      return new Found(
          truth,
          model.discover(item),
          things,
          evaluator.comparesNames()
              ? model.name(item, things.stream().map(Segment::mask).toList())
              : Optional.empty());
    }
  }

  Outcome add(SemanticDataset.Item item, Found found) {
    Outcome outcome = evaluator.add(found.truth(), found.segments());
    found.names().ifPresent(names -> evaluator.addNames(found.things(), names));
    LabelMap truth = found.truth().map(label -> label + shift);
    LabelMap labels = outcome.labels().map(label -> Math.max(0, label + shift));
    confusions.add(truth, labels, item.name());
    return outcome;
  }

  Report.Builder report() {
    Report.Builder report = new Report.Builder(dataset.toString());
    report.notes(
        List.of(
            "Means are over pictures, which count alike however many classes they hold.",
            dataset.labelsEverything()
                ? "Predictions on pixels without a class count against the union."
                : "Predictions on the background are free if the class is not in the picture."));
    List<Row> published = new ArrayList<>();
    for (Mode mode : Mode.values()) {
      evaluator.score(mode).ifPresent(score -> published.add(row(mode + " at ", score)));
    }
    report.table(new Table("Summary", NUMBERS, published));
    if (!Double.isNaN(evaluator.textQuality())) {
      report.table(
          new Table(
              "Text generation quality",
              List.of("value"),
              List.of(
                  Row.of("over all segments", evaluator.textQuality()),
                  Row.of(
                      "mean over pictures, as the published code",
                      evaluator.textQualityByPicture()))));
    }
    for (Mode mode : Mode.values()) {
      List<Score> scores = evaluator.scores(mode);
      if (!scores.isEmpty()) {
        String title = "Thresholds, " + mode;
        report.table(
            new Table(title, NUMBERS, scores.stream().map(score -> row("", score)).toList()));
        report.chart(
            new Chart(
                title,
                "threshold",
                "value",
                List.of(curve("IoU", scores, Score::iou), curve("recall", scores, Score::recall))));
      }
    }
    report.table(classes());
    List<String> names = new ArrayList<>(List.of("none"));
    names.addAll(dataset.vocabulary().names());
    SemanticReport.confusion(names, confusions).ifPresent(report::confusion);
    return report;
  }

  private static Row row(String before, Score score) {
    return Row.of(
        before + String.format(Locale.ROOT, "%.2f", score.threshold()),
        score.iou(),
        score.recall(),
        score.bestSegmentIou(),
        score.recallReference());
  }

  private static Curve curve(String name, List<Score> scores, ToDoubleFunction<Score> number) {
    return new Curve(
        name,
        scores.stream()
            .filter(score -> !Double.isNaN(number.applyAsDouble(score)))
            .map(score -> new Point(score.threshold(), number.applyAsDouble(score)))
            .toList());
  }

  private Table classes() {
    Map<String, Double> byLook = evaluator.classIous(Mode.SEGMENT_TO_TEXT);
    Map<String, Double> byText = evaluator.classIous(Mode.TEXT_TO_TEXT);
    return new Table(
        "Classes, IoU where there or assigned",
        byText.isEmpty()
            ? List.of(Mode.SEGMENT_TO_TEXT.toString())
            : List.of(Mode.SEGMENT_TO_TEXT.toString(), Mode.TEXT_TO_TEXT.toString()),
        byLook.keySet().stream()
            .map(
                name ->
                    byText.isEmpty()
                        ? Row.of(name, byLook.get(name))
                        : Row.of(name, byLook.get(name), byText.get(name)))
            .toList());
  }
}
