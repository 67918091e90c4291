package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.namedmask.ArchiveSamples;
import org.zeroseg.namedmask.Duplicates;
import org.zeroseg.namedmask.NamedMaskRecipe;
import org.zeroseg.namedmask.NamedMaskTraining;
import org.zeroseg.namedmask.PublishedConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** NamedMask from archives and pseudo-masks. */
@Command(
    name = "namedmask",
    description = "NamedMask, from archives of pictures and their masks: no mask by hand.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Defaults are those of the paper, but for ImageNet-S: --steps 80000 there.",
      "'zeroseg distil' makes archives and masks, too."
    })
final class TrainNamedMaskCommand implements Callable<Integer> {

  /** All pictures of an archive. */
  private static final int MOST = Integer.MAX_VALUE;

  @Mixin private ArchivePictures archives;

  @Mixin private TrainingRun run;

  @Mixin private SceneOptions scenes;

  @Mixin private DeepLabOptions network;

  @Option(
      names = "--masks",
      defaultValue = "refined-masks",
      paramLabel = "DIR",
      description =
          "What 'zeroseg experts' made, or with --one-mask what 'zeroseg pseudo-masks' made. "
              + "Default: ${DEFAULT-VALUE}.")
  private Path masks;

  @Option(
      names = "--one-mask",
      description =
          "A picture has one mask for all archives that it is in, as a saliency detector gives and "
              + "as the published ones are.")
  private boolean oneMask;

  @Option(
      names = "--duplicates",
      defaultValue = "APART",
      description =
          "Pictures in several archives: ${COMPLETION-CANDIDATES}; the latter as in the released "
              + "code, with one mask and the last label. Default: ${DEFAULT-VALUE}.")
  private Duplicates duplicates;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "namedmask",
      paramLabel = "DIR",
      description = "Where checkpoint, curves and model go. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(names = "--batch", defaultValue = "16", description = "Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--objects",
      defaultValue = "2",
      description = "Pictures of a scene at most; 1 pastes nothing. Default: ${DEFAULT-VALUE}.")
  private int objects;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "A published configuration, such as voc_val_n500_cp2_ex.yaml, in place of the options "
              + "for what it has keys for: network, scenes, batch, rates, steps.")
  private Optional<Path> config;

  @Mixin private WrittenModel written;

  private NamedMaskRecipe recipe() {
    return network
        .of(NamedMaskRecipe.DEFAULT)
        .withScenes(scenes.of(ArchiveSamples.NAMED_MASK).withMostObjects(objects))
        .withBatch(batch);
  }

  @Override
  public Integer call() throws IOException {
    Interruption.orderly(this::train);
    return 0;
  }

  private void train() throws IOException {
    Optional<PublishedConfig> published = Optional.empty();
    if (config.isPresent()) {
      published = Optional.of(PublishedConfig.read(config.get()));
    }
    MaskedArchives data =
        new MaskedArchives(
            archives.read().first(published.map(PublishedConfig::pictures).orElse(MOST)),
            archives.folder(),
            new PseudoMasks(masks),
            !oneMask && duplicates == Duplicates.APART);
    Path model = out.resolve("model.safetensors");
    TrainingPlan plan =
        published.map(found -> run.plan(out, found.steps())).orElseGet(() -> run.plan(out));
    NamedMaskRecipe recipe = published.map(PublishedConfig::recipe).orElseGet(this::recipe);
    if (!recipe.scenes().labels().equals(PastedScenes.Labels.OBJECT)) {
      recipe = recipe.withScenes(recipe.scenes().withLabels(duplicates.labels()));
    }
    String outcome;
    try (ConsoleProgress progress = new ConsoleProgress();
        NamedMaskTraining training = NamedMaskTraining.of(data, network.backbone(), recipe)) {
      boolean measured = run.isMeasured();
      training.run(
          measured ? run.measured(plan, () -> training.network(InputSize.own())) : plan, progress);
      training.write(model, written.type());
      outcome = progress.detail();
    }
    written.tell(
        model,
        outcome,
        "segment PICTURE --words \"%s\" --namedmask %s"
            .formatted(data.archives().categories().get(0), model));
  }
}
