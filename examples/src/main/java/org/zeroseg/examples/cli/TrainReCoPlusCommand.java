package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.core.train.Validation;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.run.SemanticPredictor;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.namedmask.NamedMaskRecipe;
import org.zeroseg.namedmask.ReCoPlusSamples;
import org.zeroseg.namedmask.ReCoPlusTraining;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** ReCo+ from the label pictures that ReCo made of a data set. */
@Command(
    name = "reco-plus",
    description = "ReCo+, from the labels that ReCo gave the pictures of a data set.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "First: zeroseg predict DATASET --reco ... --crf --out pseudo-labels",
      "Defaults are those of the released code, but for the network: --blocks 3,4,23,3 --backbone",
      "resnet101.pth there."
    })
final class TrainReCoPlusCommand implements Callable<Integer> {

  /** What is measured on the way, and noted with the best network. */
  private static final String SCORE = "mIoU";

  @Spec private CommandSpec spec;

  @Mixin private LabelledSet labelled;

  @Mixin private TrainingFiles files;

  @Mixin private DeepLabOptions network;

  @Option(
      names = "--labels",
      defaultValue = "pseudo-labels",
      paramLabel = "DIR",
      description = "What 'zeroseg predict' made. Default: ${DEFAULT-VALUE}.")
  private Path labels;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "reco-plus",
      paramLabel = "DIR",
      description = "Where checkpoint, curves and model go. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(names = "--steps", defaultValue = "20000", description = "Default: ${DEFAULT-VALUE}.")
  private long steps;

  @Option(names = "--batch", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--size",
      defaultValue = "320",
      paramLabel = "PIXELS",
      description = "Side of the squares that are learnt from. Default: ${DEFAULT-VALUE}.")
  private int size;

  @Option(names = "--seed", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--evaluate-on",
      paramLabel = "DATASET",
      description =
          "Measures the mean IoU after the random field on another set in the same folder, such as "
              + "reco-cityscapes-val, and keeps the best network as best.safetensors.")
  private Optional<String> evaluatedOn;

  @Option(
      names = "--evaluate-every",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Steps between. Default: ${DEFAULT-VALUE}.")
  private long evaluateEvery;

  @Mixin private WrittenModel written;

  @Override
  public Integer call() throws IOException {
    if (batch < 2 || size < 1 || steps < 1 || evaluateEvery < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--batch %d, --size %d, --steps %d, --evaluate-every %d: at least 2, 1, 1 and 1"
              .formatted(batch, size, steps, evaluateEvery));
    }
    Interruption.orderly(this::train);
    return 0;
  }

  private void train() throws IOException {
    SemanticDataset set = labelled.open();
    List<ReCoPlusSamples.Pair> pairs = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (SemanticDataset.Item item : set) {
      Path own = labels.resolve(item.name() + ".png");
      if (Files.exists(own)) {
        pairs.add(new ReCoPlusSamples.Pair(item.image(), own));
      } else {
        missing.add(item.name());
      }
    }
    if (!missing.isEmpty()) {
      throw new InvalidDataException(
          labels,
          "%d of %d pictures of %s have no labels there, such as %s.png; 'zeroseg predict' makes them"
              .formatted(missing.size(), set.size(), set.name(), missing.get(0)));
    }
    // The names of labels from 0 on.
    List<String> names = new ArrayList<>(set.hasBackground() ? List.of("background") : List.of());
    names.addAll(set.vocabulary().names());
    Path model = out.resolve("model.safetensors");
    TrainingPlan plan = files.plan(out, steps);
    NamedMaskRecipe recipe = network.of(NamedMaskRecipe.DEFAULT);
    String outcome;
    try (ConsoleProgress progress = new ConsoleProgress();
        ReCoPlusTraining training =
            ReCoPlusTraining.of(
                new ReCoPlusSamples(pairs, size, batch, seed),
                names,
                network.backbone(),
                recipe.network(),
                recipe.options())) {
      training.run(
          evaluatedOn.isPresent() ? measured(plan, training, evaluatedOn.get()) : plan, progress);
      training.write(model, written.type());
      outcome = progress.detail();
    }
    written.tell(model, outcome, "eval DATASET --namedmask " + model + " --crf");
  }

  /** What the released code measures, and of what it keeps the best. */
  private TrainingPlan measured(TrainingPlan plan, ReCoPlusTraining training, String name)
      throws IOException {
    SemanticDataset set = labelled.sibling(name);
    Path best = out.resolve("best.safetensors");
    double[] most = {score(best)};
    return plan.withValidation(
        new Validation(
            SCORE,
            evaluateEvery,
            () -> {
              ConfusionMatrix matrix = new ConfusionMatrix(set.classes());
              try (NamedMask network = training.network(true)) {
                SemanticPredictor predictor =
                    SemanticPredictor.of(network, set, words -> set.vocabulary());
                for (SemanticDataset.Item item : set) {
                  matrix.add(item.truth(), predictor.predict(item), item.name());
                }
              }
              double score = matrix.meanIou();
              if (score > most[0]) {
                most[0] = score;
                training.write(best, written.type(), Map.of(SCORE, Double.toString(score)));
              }
              return score;
            }));
  }

  /** What the best network so far came to, in a run that goes on. */
  private static double score(Path best) {
    if (!Files.exists(best)) {
      return Double.NEGATIVE_INFINITY;
    }
    try (Checkpoint stored = Checkpoints.open(best)) {
      return Double.parseDouble(stored.metadata().getOrDefault(SCORE, "-Infinity"));
    }
  }
}
