package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.core.Segmenter;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.run.Evaluation;
import org.zeroseg.eval.run.SemanticPredictor;
import org.zeroseg.zutis.Zutis;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A category for every pixel. */
@Command(
    name = "semantic",
    description = "Evaluates a category for every pixel: mean IoU.",
    mixinStandardHelpOptions = true)
final class EvalSemantic implements Callable<Integer> {

  /** How many categories a picture holds. */
  enum Holding {
    ONE,
    SEVERAL
  }

  @Mixin private LabelledSet labelled;

  @Mixin private WordModel model;

  @Option(
      names = {"-p", "--predictions"},
      paramLabel = "DIR",
      description = "Instead of a model: a folder of label pictures NAME.png.")
  private Path predictions;

  @Option(
      names = "--only",
      paramLabel = "CATEGORY",
      description = "Only pictures with this category, all others being background.")
  private Optional<String> only;

  @Option(
      names = "--holding",
      paramLabel = "HOW MANY",
      description = "Only pictures that hold ${COMPLETION-CANDIDATES} category.")
  private Optional<Holding> holding;

  @Mixin private ReportFiles files;

  @Override
  public Integer call() throws IOException {
    return files.of(predictions, this::evaluate);
  }

  private Report evaluate(Evaluation evaluation, ConsoleProgress progress) throws IOException {
    SemanticDataset set = labelled.open();
    set = only.isPresent() ? set.only(only.get()) : set;
    if (holding.isPresent()) {
      set = holding.get() == Holding.ONE ? set.holding(1, 1) : set.holding(2, Integer.MAX_VALUE);
    }
    if (set.size() == 0) {
      throw new IllegalArgumentException(set + ": none is left to evaluate");
    }
    if (predictions != null) {
      return evaluation.semantic(set, SemanticPredictor.ofFolder(predictions));
    }
    if (only.isEmpty()) {
      model.published(labelled.name());
    }
    try (Segmenter segmenter = model.segmenter(Zutis.Answer.REGIONS, progress)) {
      return evaluation.semantic(set, SemanticPredictor.of(segmenter, set, model.words(set)));
    }
  }
}
