package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.zeroseg.examples.scenes.CocoExport;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Scenes of shapes as files. */
@Command(
    name = "shapeworld",
    description = "Writes scenes of shapes with captions and exact masks, in COCO's format.",
    mixinStandardHelpOptions = true,
    footer = {"", "The same options give the same files on every machine."})
final class ShapeWorldCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "shapeworld",
      paramLabel = "DIR",
      description = "Where to write. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = {"-n", "--count"},
      defaultValue = "100",
      paramLabel = "N",
      description = "How many scenes. Default: ${DEFAULT-VALUE}.")
  private int count;

  @Option(
      names = "--size",
      defaultValue = "128",
      paramLabel = "PIXELS",
      description = "Side of a picture, 64 to 512. Default: ${DEFAULT-VALUE}.")
  private int size;

  @Option(
      names = "--seed",
      defaultValue = "2",
      paramLabel = "S",
      description = "Another seed, other scenes. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--fewest",
      defaultValue = "1",
      paramLabel = "N",
      description = "Fewest objects in a scene. Default: ${DEFAULT-VALUE}.")
  private int fewest;

  @Option(
      names = "--most",
      defaultValue = "4",
      paramLabel = "N",
      description = "Most objects in a scene, up to 6. Default: ${DEFAULT-VALUE}.")
  private int most;

  @Option(
      names = "--split",
      defaultValue = "ALL",
      paramLabel = "SPLIT",
      description =
          "Which of the 64 categories occur: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Split split;

  @Override
  public Integer call() throws IOException {
    if (count < 1) {
      throw misuse("--count " + count + ": at least 1 scene");
    }
    ShapeWorld world;
    try {
      world = new ShapeWorld(seed, size, fewest, most, split);
    } catch (IllegalArgumentException e) {
      throw misuse("--size, --fewest, --most: " + e.getMessage());
    }
    try (ConsoleProgress progress = new ConsoleProgress()) {
      CocoExport.write(world, count, out, progress);
    }
    PrintWriter report = spec.commandLine().getOut();
    report.println(count + " scenes in " + out);
    report.println("  images/ labels/ instances.json captions.json");
    report.println("Next: zeroseg segment " + out.resolve("images") + "/000000.png");
    report.flush();
    return 0;
  }

  private CommandLine.ParameterException misuse(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }
}
