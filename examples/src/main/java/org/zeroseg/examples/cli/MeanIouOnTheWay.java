package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.train.Validation;
import org.zeroseg.eval.data.Catalog;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.run.SemanticPredictor;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import picocli.CommandLine.Option;

/** Options of a training whose mean IoU is measured again and again. */
final class MeanIouOnTheWay {

  @Option(
      names = "--evaluate-on",
      required = true,
      paramLabel = "DATASET",
      description =
          "Measures the mean IoU on a data set of docs/recipes.md, such as coco2017-val or "
              + "shapeworld; score.png shows it.")
  private String dataset;

  @Option(
      names = "--data",
      defaultValue = ".",
      paramLabel = "DIR",
      description = "The folder that holds the data sets. Default: the current one.")
  private Path data;

  @Option(
      names = "--evaluate-every",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Steps between; 4000 for ImageNet-S in the paper. Default: ${DEFAULT-VALUE}.")
  private long every;

  @Option(
      names = "--evaluate-first",
      defaultValue = "2147483647",
      paramLabel = "N",
      description = "The first pictures only; all of them by default.")
  private int first;

  /** A network that is being trained, with its weights as they are when it is asked for. */
  @FunctionalInterface
  interface Learner {
    Segmenter now() throws IOException;
  }

  /** The measurement of a network that is being trained. */
  Validation of(Learner learner) throws IOException {
    SemanticDataset set = Catalog.open(dataset, data).first(first);
    return new Validation(
        "mIoU",
        every,
        () -> {
          ConfusionMatrix matrix = new ConfusionMatrix(set.classes());
          try (Segmenter network = learner.now()) {
            SemanticPredictor predictor = SemanticPredictor.of(network, set);
            for (SemanticDataset.Item item : set) {
              matrix.add(item.truth(), predictor.predict(item), item.name());
            }
          }
          return matrix.meanIou();
        });
  }
}
