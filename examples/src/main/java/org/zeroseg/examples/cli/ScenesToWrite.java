package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.zeroseg.examples.scenes.CocoExport;
import org.zeroseg.examples.scenes.World;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How many scenes of a world, of what kind, and where they go. */
final class ScenesToWrite {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      description = "Where to write. Default: the command's name.")
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
      description = "Fewest things in a scene. Default: ${DEFAULT-VALUE}.")
  private int fewest;

  @Option(
      names = "--most",
      defaultValue = "4",
      paramLabel = "N",
      description = "Most things in a scene, up to 6. Default: ${DEFAULT-VALUE}.")
  private int most;

  /** Makes a world. */
  @FunctionalInterface
  interface Maker {
    World world(long seed, int size, int fewest, int most);
  }

  Path out() {
    return out == null ? Path.of(spec.name()) : out;
  }

  /** Writes the scenes and says so. */
  void write(Maker maker, String of, String more) throws IOException {
    if (count < 1) {
      throw misuse("--count " + count + ": at least 1 scene");
    }
    World world;
    try {
      world = maker.world(seed, size, fewest, most);
    } catch (IllegalArgumentException e) {
      throw misuse("--size, --fewest, --most: " + e.getMessage());
    }
    try (ConsoleProgress progress = new ConsoleProgress()) {
      CocoExport.write(world, count, out(), progress);
    }
    PrintWriter report = spec.commandLine().getOut();
    report.println(count + " scenes in " + out() + of);
    report.println("  images/ labels/ instances.json captions.json" + more);
    report.flush();
  }

  private CommandLine.ParameterException misuse(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }
}
