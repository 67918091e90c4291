package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.supervision.SaliencyDetector;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The salient object of each picture of archives, as a mask. */
@Command(
    name = "pseudo-masks",
    description = "Finds the object in each picture of archives: SelfMask, then the solver.",
    mixinStandardHelpOptions = true,
    footer = {"", "Stopped at any point, the same command goes on where it was."})
final class PseudoMasksCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private ArchivePictures archives;

  @Mixin private SaliencyModel saliency;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "pseudo-masks",
      paramLabel = "DIR",
      description = "Where the masks go, a small file a picture. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "--shorter-side",
      defaultValue = "512",
      paramLabel = "PIXELS",
      description =
          "What pictures are resized to for the detector, unless it is the demo's. "
              + "Default: ${DEFAULT-VALUE}.")
  private int shorterSide;

  @Option(
      names = "--batch",
      defaultValue = "4",
      paramLabel = "N",
      description = "Pictures looked at together. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Override
  public Integer call() throws IOException {
    requirePositive("--batch", batch);
    requirePositive("--shorter-side", shorterSide);
    List<String> names = new ArrayList<>();
    archives.read().entries().forEach(entry -> names.add(entry.picture()));
    PseudoMasks.Outcome outcome = make(names);
    PrintWriter report = spec.commandLine().getOut();
    report.printf(
        "%d masks made, %d there before, in %s%n", outcome.made(), outcome.present(), out);
    for (PseudoMasks.Failure failure : outcome.failures()) {
      Failures.unread(report, failure.name(), failure.reason());
    }
    if (outcome.made() + outcome.present() == 0) {
      report.println("No picture was read: is " + archives.folder() + " the folder of the index?");
      report.flush();
      return CommandLine.ExitCode.SOFTWARE;
    }
    report.printf(
        "Next: zeroseg train zutis %s --pictures %s --masks %s%n",
        archives.file(), archives.folder(), out);
    report.flush();
    return CommandLine.ExitCode.OK;
  }

  private void requirePositive(String option, int value) {
    if (value < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), option + " " + value + ": at least 1");
    }
  }

  private PseudoMasks.Outcome make(List<String> names) throws IOException {
    try (ConsoleProgress progress = new ConsoleProgress();
        SaliencyDetector detector =
            saliency.detector(
                builder -> builder.input(InputSize.shorterSide(shorterSide)).batch(batch))) {
      return new PseudoMasks(out).make(detector, archives.folder(), names, batch, progress);
    }
  }
}
