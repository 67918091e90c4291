package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.Fingerprint;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.namedmask.ArchiveSamples;
import org.zeroseg.namedmask.Duplicates;
import org.zeroseg.namedmask.NamedMaskPipeline;
import org.zeroseg.namedmask.NamedMaskRecipe;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A folder of pictures and words in, a segmenter out. */
@Command(
    name = "distil",
    description = "Makes a segmenter of your words from your pictures, which nobody labelled.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "NamedMask whole: index, archive, pseudo-masks, experts, train namedmask, each of which is a",
      "command, too. Stopped at any point, the same command goes on where it was; after a change"
          + " of",
      "pictures, words or options it makes again what depends on that, and nothing else.",
      "",
      "Into the output folder go model.safetensors and report.html, which shows every stage.",
      "",
      "Defaults are those of the paper, but for the models: for photographs name published ones:",
      "  --clip openai/clip-vit-large-patch14-336 --selfmask selfmask_nq20.pt",
      "  --backbone dino_resnet50_pretrain.pth"
    })
final class DistilCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "PICTURES", description = "A folder; folders in it count too.")
  private Path pictures;

  @ArgGroup(multiplicity = "1")
  private ChosenWords words;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "model",
      paramLabel = "DIR",
      description = "Where everything goes. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "-k",
      defaultValue = "500",
      paramLabel = "K",
      description = "Pictures a category. Default: ${DEFAULT-VALUE}.")
  private int k;

  @Option(
      names = "--clip",
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description = "The CLIP that retrieves pictures. Default: ${DEFAULT-VALUE}.")
  private String clip;

  @Option(
      names = "--selfmask",
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description = "The SelfMask that finds objects. Default: ${DEFAULT-VALUE}.")
  private String selfMask;

  @Option(
      names = "--groups",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "Experts for N groups of categories whose words are alike; 0: one each. "
              + "Default: ${DEFAULT-VALUE}.")
  private int groups;

  @Option(
      names = "--duplicates",
      defaultValue = "APART",
      description =
          "Pictures in several archives: ${COMPLETION-CANDIDATES}; the latter as in the released "
              + "code. Default: ${DEFAULT-VALUE}.")
  private Duplicates duplicates;

  @Option(
      names = "--no-experts",
      description = "Learn from SelfMask's masks as they are, without experts.")
  private boolean noExperts;

  @Option(
      names = "--expert-steps",
      defaultValue = "5000",
      description = "Of each expert. Default: ${DEFAULT-VALUE}.")
  private long expertSteps;

  @Option(
      names = "--expert-batch",
      defaultValue = "8",
      description = "Scenes of an expert's step. Default: ${DEFAULT-VALUE}.")
  private int expertBatch;

  @Option(
      names = "--steps",
      defaultValue = "20000",
      description = "Of the segmenter. Default: ${DEFAULT-VALUE}.")
  private long steps;

  @Option(
      names = "--batch",
      defaultValue = "16",
      description = "Scenes of the segmenter's step. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--objects",
      defaultValue = "2",
      description = "Pictures of a scene at most; 1 pastes nothing. Default: ${DEFAULT-VALUE}.")
  private int objects;

  @Mixin private SceneOptions scenes;

  @Mixin private DeepLabOptions network;

  @Mixin private TrainingFiles files;

  @Mixin private WrittenModel written;

  @Override
  public Integer call() throws IOException {
    if (k < 1 || groups < 0) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "-k " + k + ", --groups " + groups + ": at least 1 and 0");
    }
    Vocabulary names = words.vocabulary(spec.commandLine());
    Interruption.orderly(() -> distil(names));
    return 0;
  }

  private void distil(Vocabulary names) throws IOException {
    PrintWriter report = spec.commandLine().getOut();
    try (ConsoleProgress console = new ConsoleProgress();
        Clip encoder = Models.clip(clip, console);
        SaliencyDetector detector = detector()) {
      Progress progress = console.isShown() ? console : new StageLines(report);
      String name = known(clip);
      NamedMaskPipeline.Models models =
          new NamedMaskPipeline.Models(
              encoder.imageEncoder(name),
              Models.texts(clip, encoder),
              Models.templates(clip),
              detector,
              known(selfMask),
              network.backbone());
      NamedMaskPipeline.Outcome outcome =
          new NamedMaskPipeline(models, settings()).run(pictures, names, out, progress);
      Path page = DistilPage.write(outcome, out, progress);
      console.finish();
      tell(outcome, names, page, report);
    }
  }

  private void tell(
      NamedMaskPipeline.Outcome outcome, Vocabulary names, Path page, PrintWriter report) {
    for (PseudoMasks.Failure failure : outcome.unreadable()) {
      Failures.unread(report, failure.name(), failure.reason());
    }
    report.println("Time: " + StageLines.inALine(outcome.times()));
    report.println("Segmenter: " + outcome.model());
    report.println("Report: " + page);
    report.printf(
        "Next: zeroseg segment PICTURE --words \"%s\" --namedmask %s%n",
        PlainText.line(names.names().get(0)), outcome.model());
    Demo.of(clip)
        .or(() -> Demo.of(selfMask))
        .filter(demo -> !demo.unknown(names).isEmpty())
        .ifPresent(
            demo -> {
              report.println("Note: " + demo.knows() + ".");
              report.println("      For photographs: --clip and --selfmask, see --help.");
            });
    report.flush();
  }

  private NamedMaskPipeline.Settings settings() {
    NamedMaskRecipe expert =
        network
            .of(NamedMaskRecipe.EXPERT)
            .withScenes(scenes.of(ArchiveSamples.EXPERT))
            .withBatch(expertBatch);
    NamedMaskRecipe whole =
        network
            .of(NamedMaskRecipe.DEFAULT)
            .withScenes(scenes.of(ArchiveSamples.NAMED_MASK).withMostObjects(objects))
            .withBatch(batch);
    TrainingPlan plan = files.plan(out, steps);
    return new NamedMaskPipeline.Settings(
        k,
        groups,
        duplicates,
        expert,
        noExperts ? Optional.empty() : Optional.of(files.plan(out, expertSteps)),
        whole,
        plan,
        written.type());
  }

  private SaliencyDetector detector() throws IOException {
    Optional<Demo> demo = Demo.of(selfMask);
    return demo.isPresent()
        ? demo.get().selfMask(true, UnaryOperator.identity())
        : SelfMask.builder()
            .model(selfMask)
            .input(InputSize.shorterSide(512))
            .refinedBy(BilateralSolver.DEFAULT)
            .build();
  }

  /** A model's name; a file of one's own is known by what it holds. */
  private static String known(String model) throws IOException {
    if (Demo.is(model) || !Files.exists(Path.of(model))) {
      return Models.noted(model);
    }
    Path file = ModelHub.fromEnvironment().weights(model);
    return file.getFileName() + " " + new Fingerprint().add(file).hex();
  }
}
