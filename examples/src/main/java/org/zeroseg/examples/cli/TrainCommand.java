package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.zeroseg.clip.Clip;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.demo.TrainClip;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Training runs: those of the demo models, and ZUTIS and ZSI on pictures of one's own. */
@Command(
    name = "train",
    description =
        "Trains models: the demo models on ShapeWorld, NamedMask and ZUTIS on archives, ZSI on "
            + "annotations.",
    subcommands = {
      TrainNamedMaskCommand.class,
      TrainReCoPlusCommand.class,
      TrainZutisCommand.class,
      TrainZsiCommand.class
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "MODEL",
    footer = {"", "Stopped at any point, the same command goes on to the same result."})
final class TrainCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Name what to train.");
  }

  /** The tower's form. */
  enum Tower {
    RESNET,
    VIT
  }

  @Command(name = "clip", description = "A small CLIP.", mixinStandardHelpOptions = true)
  int clip(
      @Option(
              names = {"-o", "--out"},
              defaultValue = "demo-clip",
              paramLabel = "DIR",
              description = "Where checkpoints, curves and model go. Default: ${DEFAULT-VALUE}.")
          Path out,
      @Option(
              names = "--tower",
              defaultValue = "RESNET",
              paramLabel = "TOWER",
              description =
                  "${COMPLETION-CANDIDATES}; the latter learns from the demo model's embeddings. "
                      + "Default: ${DEFAULT-VALUE}.")
          Tower tower)
      throws IOException {
    Interruption.orderly(() -> train(tower, out));
    PrintWriter report = spec.commandLine().getOut();
    report.println("Trained: " + out.resolve("model.safetensors"));
    report.println("Next: zeroseg segment PICTURE --words \"red star\" --model " + out);
    report.flush();
    return 0;
  }

  private static void train(Tower tower, Path out) throws IOException {
    try (ConsoleProgress progress = new ConsoleProgress()) {
      if (tower == Tower.RESNET) {
        TrainClip.resNet().train(out, progress);
      } else {
        try (Clip teacher = DemoModels.clip()) {
          TrainClip.vit().distil(teacher, out, progress);
        }
      }
    }
  }
}
