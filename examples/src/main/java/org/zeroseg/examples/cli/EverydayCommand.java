package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Everyday;
import org.zeroseg.examples.everyday.Part;
import org.zeroseg.examples.scenes.CocoExport;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Scenes of everyday things as files. */
@Command(
    name = "everyday",
    description = {
      "Writes scenes of drawings of everyday things with captions and exact masks, in COCO's "
          + "format.",
      "",
      "The drawings come from packages, which are not part of this program. In an empty folder:",
      "",
      "  apt-get download openclipart-png tuxpaint-stamps-default",
      "  for f in *_*.deb; do dpkg-deb -x \"$$f\" \"$${f%%%%_*}\"; done",
      "  npm pack emoji-datasource-google@16.0.0",
      "  mkdir emoji-datasource-google",
      "  tar xzf emoji-datasource-google-*.tgz -C emoji-datasource-google --strip-components=1",
      ""
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Each file is held against the list's SHA-256; one that is missing or altered is named and "
          + "left out.",
      "The same options and packages give the same scenes."
    })
final class EverydayCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private EverydayOptions source;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "everyday",
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
      names = "--split",
      defaultValue = "TRAIN",
      paramLabel = "PART",
      description =
          "Which pictures: ${COMPLETION-CANDIDATES}; TEST are drawings kept from training, PHOTOS "
              + "photographs. Default: ${DEFAULT-VALUE}.")
  private Part split;

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

  @Option(
      names = "--variety",
      defaultValue = "NATURAL",
      description =
          "How much things are changed: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Everyday.Variety variety;

  @Override
  public Integer call() throws IOException {
    if (count < 1) {
      throw misuse("--count " + count + ": at least 1 scene");
    }
    PrintWriter report = spec.commandLine().getOut();
    CutOuts pictures = source.read(split);
    pictures.problems().forEach(problem -> report.println("Left out: " + problem));
    Everyday world;
    try {
      world = new Everyday(seed, size, fewest, most, variety, pictures);
    } catch (IllegalArgumentException e) {
      throw misuse("--size, --fewest, --most: " + e.getMessage());
    }
    try (ConsoleProgress progress = new ConsoleProgress()) {
      CocoExport.write(world, count, out, progress);
    }
    report.println(count + " scenes in " + out + ", of " + pictures);
    report.println("  images/ labels/ instances.json captions.json seen.txt");
    report.flush();
    return 0;
  }

  private CommandLine.ParameterException misuse(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }
}
