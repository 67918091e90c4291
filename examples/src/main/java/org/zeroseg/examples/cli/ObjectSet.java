package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.eval.coco.Overlap;
import org.zeroseg.eval.data.Catalog;
import org.zeroseg.eval.data.Vocabularies;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.run.Evaluation;
import org.zeroseg.zsi.Zsi;
import org.zeroseg.zutis.Zutis;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the evaluations of objects: which objects are true, and who finds them. */
final class ObjectSet {

  @Mixin private DataSet named;

  @Mixin private WordModel model;

  @Option(
      names = {"-p", "--predictions"},
      paramLabel = "FILE",
      description = "Instead of a model: a COCO result file.")
  private Path predictions;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "CATEGORY",
      description = "Only these categories, separated by commas.")
  private List<String> only = List.of();

  @Option(
      names = "--unseen",
      paramLabel = "SPLIT",
      description = "Only the unseen categories of COCO's split 48/17 or 65/15.")
  private Optional<String> unseen;

  @Option(
      names = "--annotations",
      paramLabel = "FILE",
      description = "An instances_*.json of one's own in place of DATASET.")
  private Path annotations;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "The pictures that go with --annotations.")
  private Path images;

  @Option(
      names = "--overlap",
      defaultValue = "MASK",
      paramLabel = "OVERLAP",
      description = "Measured on ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Overlap overlap;

  /** Detections with their ground truth, what is evaluated of it and, where known, pictures. */
  record Found(CocoDetections detections, List<Category> categories, Optional<Path> images) {

    List<Long> ids() {
      return categories.stream().map(Category::id).toList();
    }
  }

  Overlap overlap() {
    return overlap;
  }

  /** Measures what was found. */
  interface Measure {
    Report of(Evaluation evaluation, Found found) throws IOException;
  }

  /** Finds, measures, prints and writes. */
  int evaluate(ReportFiles files, Measure measure) throws IOException {
    return files.of(
        predictions, (evaluation, progress) -> measure.of(evaluation, found(evaluation, progress)));
  }

  /** Reads detections, or lets the model find them. */
  private Found found(Evaluation evaluation, ConsoleProgress progress) throws IOException {
    Optional<Catalog.Instances> known =
        annotations == null
            ? Optional.of(named.find("DATASET or --annotations", Catalog::find))
            : Optional.empty();
    Path file = known.map(Catalog.Instances::annotations).orElse(annotations);
    Optional<Path> pictures =
        known.map(Catalog.Instances::images).or(() -> Optional.ofNullable(images));
    if (predictions == null) {
      named.required(pictures.orElse(null), "--images or --predictions");
    }
    CocoGroundTruth truth = CocoGroundTruth.read(file);
    List<Category> categories = categories(truth);
    CocoDetections found =
        predictions == null
            ? detect(evaluation, truth, categories, pictures.orElseThrow(), progress)
            : CocoDetections.read(predictions, truth);
    return new Found(found, categories, pictures);
  }

  /** Those that are asked for, in the order of the file. */
  private List<Category> categories(CocoGroundTruth objects) {
    List<Category> all = objects.categories();
    for (String name : only) {
      if (all.stream().noneMatch(category -> category.name().equals(name))) {
        throw new IllegalArgumentException(
            "--only: there is no category '"
                + name
                + "' in "
                + all.stream().map(Category::name).toList());
      }
    }
    List<Long> ids = unseen.map(Vocabularies::cocoUnseen).orElse(List.of());
    List<Category> chosen =
        all.stream()
            .filter(category -> only.isEmpty() || only.contains(category.name()))
            .filter(category -> unseen.isEmpty() || ids.contains(category.id()))
            .toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException("none of the set's categories is left to evaluate");
    }
    return chosen;
  }

  private CocoDetections detect(
      Evaluation evaluation,
      CocoGroundTruth objects,
      List<Category> categories,
      Path pictures,
      ConsoleProgress progress)
      throws IOException {
    Vocabulary words =
        Vocabulary.of(categories.stream().map(Category::name).toArray(String[]::new));
    Optional<Zsi> chosen = model.zsi(words, progress);
    if (chosen.isPresent()) {
      try (Zsi zsi = chosen.get()) {
        return ZsiOptions.detect(zsi, objects, categories, pictures, overlap, progress);
      }
    }
    try (Segmenter segmenter = model.segmenter(Zutis.Answer.INSTANCES, words, progress)) {
      return evaluation.detect(segmenter, objects, categories, pictures, model.words(words));
    }
  }
}
