package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.zutis.SyntheticScenes;
import org.zeroseg.zutis.Zutis;
import org.zeroseg.zutis.ZutisRecipe;
import org.zeroseg.zutis.ZutisTrainer;
import org.zeroseg.zutis.ZutisTraining;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** ZUTIS from a CLIP, archives and pseudo-masks. */
@Command(
    name = "zutis",
    description = "ZUTIS, from archives of pictures and their pseudo-masks: no mask by hand.",
    mixinStandardHelpOptions = true,
    footer = {"", "Defaults are those of the paper for COCO's 80 categories."})
final class TrainZutisCommand implements Callable<Integer> {

  @Mixin private MaskedPictures pictures;

  @Mixin private TrainingRun run;

  @Mixin private SceneOptions scenes;

  @Option(
      names = "--clip",
      defaultValue = "openai/clip-vit-base-patch16",
      paramLabel = "ID|PATH",
      description = "The CLIP to start from, with a vision transformer. Default: ${DEFAULT-VALUE}.")
  private String clip;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "zutis",
      paramLabel = "DIR",
      description = "Where checkpoint, loss curve and model go. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(names = "--batch", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--objects",
      defaultValue = "10",
      description = "Objects of a scene at most. Default: ${DEFAULT-VALUE}.")
  private int objects;

  @Option(names = "--queries", defaultValue = "100", description = "Default: ${DEFAULT-VALUE}.")
  private int queries;

  @Option(
      names = "--decoder-layers",
      defaultValue = "6",
      description = "Default: ${DEFAULT-VALUE}.")
  private int decoderLayers;

  @Option(
      names = "--feed-forward",
      defaultValue = "2048",
      description = "Inner width of the decoder's layers. Default: ${DEFAULT-VALUE}.")
  private int feedForward;

  @Option(
      names = "--hidden",
      defaultValue = "256",
      description = "Inner width of the perceptrons. Default: ${DEFAULT-VALUE}.")
  private int hidden;

  @Option(
      names = "--learning-rate",
      defaultValue = "5e-5",
      description = "At the start. Default: ${DEFAULT-VALUE}.")
  private double learningRate;

  @Option(
      names = "--encoder-factor",
      defaultValue = "0.1",
      description = "Of the rate, for CLIP's image tower. Default: ${DEFAULT-VALUE}.")
  private double encoderFactor;

  @Option(
      names = "--word-scale",
      defaultValue = "1",
      description =
          "What cosines with words are multiplied by for the loss, to tell similar words apart. "
              + "Default: ${DEFAULT-VALUE}.")
  private double wordScale;

  @Option(
      names = "--longest-gradient",
      defaultValue = "Infinity",
      paramLabel = "NORM",
      description = "Shortens gradients to this length; not in the paper.")
  private double longestGradient;

  @Option(
      names = "--averaging",
      defaultValue = "0",
      paramLabel = "SHARE",
      description =
          "Makes the model a running mean of the weights, which keeps this share of itself in a "
              + "step, such as 0.999; not in the paper.")
  private double averaging;

  @Option(
      names = "--labels-by-archive",
      description = "Label a picture of two archives by the one that it is drawn from.")
  private boolean labelsByArchive;

  @Mixin private WrittenModel written;

  @Option(names = "--bfloat16", description = "Compute products in bfloat16.")
  private boolean bfloat16;

  @Override
  public Integer call() throws IOException {
    Interruption.orderly(this::train);
    return 0;
  }

  private void train() throws IOException {
    MaskedArchives data = pictures.read();
    Path model = out.resolve("model.safetensors");
    TrainingPlan plan =
        run.plan(out)
            .withProvenance(Map.of("clip", clip))
            // What was written before archives and masks were told by their contents.
            .withFormerProvenance(
                Map.of(
                    "clip", clip, "archives", pictures.archives().file().getFileName().toString()));
    String outcome;
    try (ConsoleProgress progress = new ConsoleProgress();
        Clip words = load(progress);
        ZutisTraining training = ZutisTraining.of(words, data, recipe())) {
      boolean measured = run.isMeasured();
      training.run(
          measured ? run.measured(plan, () -> training.network(Zutis.Answer.REGIONS)) : plan,
          progress);
      training.write(model, written.type());
      outcome = progress.detail();
    }
    written.tell(
        model,
        outcome,
        "segment PICTURE --words \"%s\" --model %s --zutis %s"
            .formatted(data.archives().categories().get(0), clip, model));
  }

  private ZutisRecipe recipe() {
    return ZutisRecipe.DEFAULT
        .withSizes(new ZutisRecipe.Sizes(queries, decoderLayers, feedForward, hidden))
        .withScenes(
            scenes
                .of(SyntheticScenes.DEFAULT)
                .withMostObjects(objects)
                .withLabels(
                    labelsByArchive
                        ? PastedScenes.Labels.OF_ARCHIVE
                        : PastedScenes.Labels.OF_LAST_ARCHIVE))
        .withBatch(batch)
        .withOptions(
            ZutisTrainer.Options.DEFAULT
                .withLearningRate(learningRate)
                .withEncoderFactor(encoderFactor)
                .withBfloat16(bfloat16)
                .withLongestGradient(longestGradient)
                .withAveraging(averaging)
                .withWordScale(wordScale));
  }

  /** In float32 throughout, whatever the processor gains from. */
  private Clip load(Progress progress) throws IOException {
    return Demo.is(clip)
        ? Models.clip(clip, progress)
        : Clip.load(
            clip,
            ModelHub.fromEnvironment().withProgress(progress),
            Precision.FLOAT32,
            TorchEngine.defaultDevice());
  }
}
