package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Everyday;
import org.zeroseg.examples.everyday.Part;
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

  @Mixin private ScenesToWrite scenes;

  @Option(
      names = "--split",
      defaultValue = "TRAIN",
      paramLabel = "PART",
      description =
          "Which pictures: ${COMPLETION-CANDIDATES}; TEST are drawings kept from training, PHOTOS "
              + "photographs. Default: ${DEFAULT-VALUE}.")
  private Part split;

  @Option(
      names = "--variety",
      defaultValue = "NATURAL",
      description =
          "How much things are changed: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Everyday.Variety variety;

  @Override
  public Integer call() throws IOException {
    CutOuts pictures = source.read(split);
    PrintWriter report = spec.commandLine().getOut();
    pictures.problems().forEach(problem -> report.println("Left out: " + problem));
    scenes.write(
        (seed, size, fewest, most) -> new Everyday(seed, size, fewest, most, variety, pictures),
        ", of " + pictures,
        " seen.txt");
    return 0;
  }
}
