package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.run.Evaluation;
import org.zeroseg.eval.run.SemanticPredictor;
import org.zeroseg.eval.saliency.SaliencyMetrics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The salient object of a picture. */
@Command(
    name = "saliency",
    description = "Evaluates masks of salient objects: IoU, F measure, S-measure and others.",
    mixinStandardHelpOptions = true)
final class EvalSaliency implements Callable<Integer> {

  @Mixin private LabelledSet labelled;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "The pictures that go with --truth.")
  private Path images;

  @Option(
      names = "--truth",
      paramLabel = "DIR",
      description = "Masks NAME.png in place of DATASET; any value but 0 is the object.")
  private Path truth;

  @Mixin private SaliencyModel model;

  @Option(
      names = {"-p", "--predictions"},
      paramLabel = "DIR",
      description = "Instead of a model: a folder of saliency maps NAME.png.")
  private Path predictions;

  @Option(
      names = "--beta-square",
      defaultValue = "0.3",
      paramLabel = "B",
      description = "Of the F measure. Default: ${DEFAULT-VALUE}.")
  private double betaSquare;

  @Mixin private ReportFiles files;

  @Override
  public Integer call() throws IOException {
    return files.of(predictions, (evaluation, progress) -> evaluate(evaluation));
  }

  private Report evaluate(Evaluation evaluation) throws IOException {
    SemanticDataset set = truth == null ? labelled.open() : labelled.open(images, truth);
    SaliencyMetrics metrics = new SaliencyMetrics(betaSquare);
    if (predictions != null) {
      return evaluation.saliency(set, SemanticPredictor.ofGreyFolder(predictions), metrics);
    }
    try (SaliencyDetector detector = model.detector()) {
      return evaluation.saliency(set, EvalMasks.object(detector, 255), metrics);
    }
  }
}
