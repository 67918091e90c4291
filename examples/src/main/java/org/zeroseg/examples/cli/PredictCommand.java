package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.run.SemanticPredictor;
import org.zeroseg.zutis.Zutis;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Label pictures of a data set by a model, whose truth need not be there. */
@Command(
    name = "predict",
    description = "Writes a label picture for every picture of a data set.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "The pictures are named as the data set's and hold its labels: grey, and RGB (red + 256"
          + " green)",
      "for ImageNet-S, whose server takes such a folder for the test split. 'zeroseg eval' reads",
      "either by --predictions; 'zeroseg train reco-plus' learns from them.",
      "Stopped at any point, the same command goes on where it was."
    })
final class PredictCommand implements Callable<Integer> {

  /** In grey pictures. */
  private static final int IGNORED = 255;

  @Spec private CommandSpec spec;

  @Mixin private LabelledSet labelled;

  @Mixin private WordModel model;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "DIR",
      description = "Where to write NAME.png.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    SemanticDataset set = labelled.open();
    model.published(labelled.name());
    int made = 0;
    int present = 0;
    boolean redGreen =
        set.classes() > IGNORED || set.ignore().filter(label -> label > IGNORED).isPresent();
    try (ConsoleProgress progress = new ConsoleProgress();
        Segmenter segmenter = model.segmenter(Zutis.Answer.REGIONS, progress)) {
      SemanticPredictor predictor = SemanticPredictor.of(segmenter, set, model.words(set));
      for (SemanticDataset.Item item : set) {
        progress.update("Segmenting", (long) made + present, set.size());
        Path file = out.resolve(item.name() + ".png");
        if (Files.exists(file)) {
          present++;
        } else {
          WholeFile.makeFolder(file.getParent());
          // Where there is no background, what falls below the threshold has no label.
          predictor.predict(item).map(label -> label < 0 ? IGNORED : label).write(file, redGreen);
          made++;
        }
      }
      progress.finish();
    }
    PrintWriter report = spec.commandLine().getOut();
    report.printf("%d label pictures made, %d there before, in %s%n", made, present, out);
    report.flush();
    return 0;
  }
}
