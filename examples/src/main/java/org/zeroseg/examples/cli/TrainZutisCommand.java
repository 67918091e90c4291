package org.zeroseg.examples.cli;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.eval.report.TrainingCurves;
import org.zeroseg.zutis.Criterion;
import org.zeroseg.zutis.SyntheticScenes;
import org.zeroseg.zutis.Zutis;
import org.zeroseg.zutis.ZutisConfig;
import org.zeroseg.zutis.ZutisTrainer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** ZUTIS from a CLIP, archives and pseudo-masks. */
@Command(
    name = "zutis",
    description = "ZUTIS, from archives of pictures and their pseudo-masks: no mask by hand.",
    mixinStandardHelpOptions = true,
    footer = {"", "Defaults are those of the paper for COCO's 80 categories."})
final class TrainZutisCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private ArchivePictures archives;

  @Option(
      names = "--masks",
      defaultValue = "pseudo-masks",
      paramLabel = "DIR",
      description = "What 'zeroseg pseudo-masks' made. Default: ${DEFAULT-VALUE}.")
  private Path masks;

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

  @Option(names = "--steps", defaultValue = "20000", description = "Default: ${DEFAULT-VALUE}.")
  private long steps;

  @Option(
      names = "--save-every",
      defaultValue = "500",
      description = "Steps between checkpoints. Default: ${DEFAULT-VALUE}.")
  private long saveEvery;

  @Option(names = "--batch", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--size",
      defaultValue = "384",
      description = "Side of a scene in pixels. Default: ${DEFAULT-VALUE}.")
  private int size;

  @Option(
      names = "--least-scale",
      defaultValue = "0.1",
      description = "The most that pictures are shrunk. Default: ${DEFAULT-VALUE}.")
  private double leastScale;

  @Option(
      names = "--greatest-scale",
      defaultValue = "1",
      description = "The most that pictures are enlarged. Default: ${DEFAULT-VALUE}.")
  private double greatestScale;

  @Option(
      names = "--true-colours",
      description = "Leave colours and sharpness as they are, for words that name colours.")
  private boolean trueColours;

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
      names = "--labels-by-archive",
      description = "Label a picture of two archives by the one that it is drawn from.")
  private boolean labelsByArchive;

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

  @Option(names = "--half", description = "Write the model in float16: half the size.")
  private boolean half;

  @Option(names = "--bfloat16", description = "Compute products in bfloat16.")
  private boolean bfloat16;

  @Option(names = "--seed", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--data-threads",
      defaultValue = "2",
      description = "Threads that make scenes ahead. Default: ${DEFAULT-VALUE}.")
  private int dataThreads;

  @ArgGroup(exclusive = false, heading = "Measurements on the way:%n")
  private MeanIouOnTheWay validation;

  @Override
  public Integer call() throws IOException {
    Interruption.orderly(this::train);
    return 0;
  }

  private void train() throws IOException {
    Archives read = archives.read();
    ZutisTrainer.Options options = options(read);
    SyntheticScenes scenes =
        SyntheticScenes.of(
            read,
            archives.folder(),
            new PseudoMasks(masks),
            new SyntheticScenes.Options(
                size,
                batch,
                objects,
                0.5,
                leastScale,
                greatestScale,
                !trueColours,
                labelsByArchive,
                seed),
            options.criterion().ignore());
    Path model = out.resolve("model.safetensors");
    String outcome;
    try (ConsoleProgress progress = new ConsoleProgress();
        Clip words = load(progress);
        NDManager manager = TorchEngine.newManager()) {
      ZutisConfig config = config(words);
      ZutisTrainer trainer =
          ZutisTrainer.of(config, weights(config, words, manager), vectors(read, words), options);
      Map<String, String> provenance = provenance(config);
      TrainingPlan plan =
          TrainingPlan.of(out, steps)
              .withSaveEvery(saveEvery)
              .withDataThreads(dataThreads)
              .withProvenance(provenance)
              .withReport(TrainingCurves::write);
      if (validation == null) {
        trainer.run(scenes, plan, progress);
      } else {
        try (Zutis network =
            Zutis.builder()
                .clip(words)
                .answer(Zutis.Answer.REGIONS)
                .build(trainer.model(), manager.newSubManager())) {
          trainer.run(scenes, plan.withValidation(validation.of(network)), progress);
        }
      }
      Checkpoint trained = trainer.result().checkpoint();
      SafetensorsWriter.write(model, half ? trained.as(DataType.FLOAT16) : trained, provenance);
      outcome = progress.detail();
    }
    PrintWriter report = spec.commandLine().getOut();
    report.println("Trained: " + model + (outcome.isEmpty() ? "" : ", " + outcome));
    report.printf(
        "Next: zeroseg segment PICTURE --words \"%s\" --model %s --zutis %s%n",
        read.categories().get(0), clip, model);
    report.flush();
  }

  private ZutisTrainer.Options options(Archives read) {
    Criterion published = Criterion.DEFAULT;
    // The released code ignores 255, and 1000 for ImageNet-S with its 919 categories.
    int ignore = Math.max(published.ignore(), read.pictures().size() + 1);
    Criterion criterion =
        new Criterion(
            published.dice(), published.pixels(), published.masks(), published.words(), ignore);
    ZutisTrainer.Options defaults = ZutisTrainer.Options.DEFAULT;
    return new ZutisTrainer.Options(
        learningRate,
        encoderFactor,
        defaults.weightDecay(),
        defaults.stopGradient(),
        criterion,
        bfloat16,
        longestGradient,
        averaging,
        wordScale);
  }

  private ZutisConfig config(Clip words) {
    if (!(words.config().image() instanceof ClipConfig.Vit vit)) {
      throw new IllegalArgumentException(
          "ZUTIS starts from a CLIP with a vision transformer; " + clip + " has a ResNet");
    }
    return new ZutisConfig(
        vit, words.config().embedding(), queries, decoderLayers, feedForward, hidden);
  }

  private Map<String, NDArray> weights(ZutisConfig config, Clip words, NDManager manager) {
    return words.compute(
        (network, call) -> {
          Map<String, NDArray> tower = new LinkedHashMap<>();
          for (String name : network.weights().names()) {
            tower.put(name, network.weights().get(name));
          }
          return config.initialWeights(tower, new SplittableRandom(seed), manager);
        });
  }

  private static float[][] vectors(Archives read, Clip words) {
    List<String> categories = new ArrayList<>(List.of("background"));
    categories.addAll(read.categories());
    return words.textEmbeddings().classifier(categories, PromptTemplates.BARE);
  }

  /** In float32 throughout, whatever the processor gains from. */
  private Clip load(Progress progress) throws IOException {
    return clip.equals(Models.DEMO)
        ? Models.clip(clip, progress)
        : Clip.load(
            clip,
            ModelHub.fromEnvironment().withProgress(progress),
            Precision.FLOAT32,
            TorchEngine.defaultDevice());
  }

  private Map<String, String> provenance(ZutisConfig config) {
    Map<String, String> provenance = new LinkedHashMap<>();
    provenance.put("method", "ZUTIS (Shin et al. 2023)");
    provenance.put("clip", clip);
    provenance.put("archives", archives.file().getFileName().toString());
    provenance.put("config", config.toString());
    provenance.put("steps", Long.toString(steps));
    provenance.put("batch", Integer.toString(batch));
    provenance.put("size", Integer.toString(size));
    provenance.put("objects", Integer.toString(objects));
    provenance.put("least-scale", Double.toString(leastScale));
    provenance.put("greatest-scale", Double.toString(greatestScale));
    provenance.put("true-colours", Boolean.toString(trueColours));
    provenance.put("learning-rate", Double.toString(learningRate));
    provenance.put("encoder-factor", Double.toString(encoderFactor));
    provenance.put("word-scale", Double.toString(wordScale));
    provenance.put("labels-by-archive", Boolean.toString(labelsByArchive));
    provenance.put("bfloat16", Boolean.toString(bfloat16));
    provenance.put("seed", Long.toString(seed));
    // What the paper does not have is told where it is used.
    if (Double.isFinite(longestGradient)) {
      provenance.put("longest-gradient", Double.toString(longestGradient));
    }
    if (averaging > 0) {
      provenance.put("averaging", Double.toString(averaging));
    }
    return provenance;
  }
}
