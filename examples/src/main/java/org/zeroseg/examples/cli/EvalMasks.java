package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.run.Evaluation;
import org.zeroseg.eval.run.MaskPredictor;
import org.zeroseg.eval.run.SemanticPredictor;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Masks category by category. */
@Command(
    name = "masks",
    description = "Evaluates masks category by category, each on the pictures that hold it.",
    mixinStandardHelpOptions = true)
final class EvalMasks implements Callable<Integer> {

  @Mixin private LabelledSet labelled;

  @Spec private CommandSpec spec;

  @Mixin private SaliencyModel model;

  @Mixin private ExpertModels experts;

  @Option(
      names = {"-p", "--predictions"},
      paramLabel = "DIR",
      description = "Instead of a model: a folder of masks NAME.png for each category.")
  private Path predictions;

  @Mixin private ReportFiles files;

  @Override
  public Integer call() throws IOException {
    return files.of(predictions, this::evaluate);
  }

  private Report evaluate(Evaluation evaluation, ConsoleProgress progress) throws IOException {
    experts.size().check(spec.commandLine());
    if (experts.useless().isPresent()) {
      throw new CommandLine.ParameterException(spec.commandLine(), experts.useless().get());
    }
    SemanticDataset set = labelled.open();
    if (predictions != null) {
      return evaluation.masks(set, MaskPredictor.ofFolder(predictions));
    }
    if (experts.isChosen()) {
      try (ExpertModels.Opened opened = experts.open(set.vocabulary().names(), progress)) {
        return evaluation.masks(set, opened);
      }
    }
    try (SaliencyDetector detector = model.detector()) {
      return evaluation.masks(set, MaskPredictor.of(object(detector, 1)));
    }
  }

  /** A salient object under a label. */
  static SemanticPredictor object(SaliencyDetector detector, int label) {
    return item -> {
      Mask mask = detector.detect(item.picture()).mask();
      int[] labels = new int[mask.width() * mask.height()];
      mask.forEach((x, y) -> labels[y * mask.width() + x] = label);
      return LabelMap.of(mask.width(), mask.height(), labels);
    };
  }
}
