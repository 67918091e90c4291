package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Scenes of shapes as files. */
@Command(
    name = "shapeworld",
    description = "Writes scenes of shapes with captions and exact masks, in COCO's format.",
    mixinStandardHelpOptions = true,
    footer = {"", "The same options give the same files on every machine."})
final class ShapeWorldCommand implements Callable<Integer> {

  @Mixin private ScenesToWrite scenes;

  @Option(
      names = "--split",
      defaultValue = "ALL",
      paramLabel = "SPLIT",
      description =
          "Which of the 64 categories occur: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Split split;

  @Override
  public Integer call() throws IOException {
    scenes.write(
        (seed, size, fewest, most) -> new ShapeWorld(seed, size, fewest, most, split),
        "",
        String.format("%nNext: zeroseg segment %s/000000.png", scenes.out().resolve("images")));
    return 0;
  }
}
