package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.namedmask.ArchiveSamples;
import org.zeroseg.namedmask.CategoryExperts;
import org.zeroseg.namedmask.Duplicates;
import org.zeroseg.namedmask.NamedMaskRecipe;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Masks that a category's expert has looked over. */
@Command(
    name = "experts",
    description = "Trains an expert for each category, or group, which then refines its masks.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Stopped at any point, the same command goes on where it was.",
      "Defaults are those of the paper, but for ImageNet-S: --steps 10000 --batch 16 there."
    })
final class ExpertsCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private MaskedPictures pictures;

  @Mixin private ExpertGroups groups;

  @Mixin private TrainingFiles files;

  @Mixin private SceneOptions scenes;

  @Mixin private DeepLabOptions network;

  @Option(
      names = "--experts",
      defaultValue = "experts",
      paramLabel = "DIR",
      description = "Where experts and their curves go. Default: ${DEFAULT-VALUE}.")
  private Path folder;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "refined-masks",
      paramLabel = "DIR",
      description = "Where refined masks go. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(names = "--steps", defaultValue = "5000", description = "Default: ${DEFAULT-VALUE}.")
  private long steps;

  @Option(names = "--batch", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--duplicates",
      defaultValue = "APART",
      description =
          "Pictures in several archives: ${COMPLETION-CANDIDATES}; the latter as in the released "
              + "code, the last expert's mask. Default: ${DEFAULT-VALUE}.")
  private Duplicates duplicates;

  @Override
  public Integer call() throws IOException {
    Interruption.orderly(this::make);
    return 0;
  }

  private void make() throws IOException {
    MaskedArchives data = pictures.read();
    NamedMaskRecipe recipe =
        network
            .of(NamedMaskRecipe.EXPERT)
            .withScenes(scenes.of(ArchiveSamples.EXPERT))
            .withBatch(batch);
    PseudoMasks.Outcome refined;
    int count;
    try (ConsoleProgress progress = new ConsoleProgress()) {
      CategoryExperts experts =
          new CategoryExperts(data, groups.of(data.archives(), progress), folder);
      count = experts.groups().size();
      experts.train(network.backbone(), recipe, files.plan(folder, steps), progress);
      refined = experts.refine(new PseudoMasks(out), duplicates, InputSize.own(), progress);
    }
    PrintWriter report = spec.commandLine().getOut();
    report.printf(
        "%d experts in %s; %d masks made, %d there before, in %s%n",
        count, folder, refined.made(), refined.present(), out);
    for (PseudoMasks.Failure failure : refined.failures()) {
      Failures.unread(report, failure.name(), failure.reason());
    }
    report.printf(
        "Next: zeroseg train namedmask %s --pictures %s --masks %s%n",
        pictures.archives().file(), pictures.archives().folder(), out);
    report.flush();
  }
}
