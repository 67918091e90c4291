package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.zeroseg.core.export.AnnotationFormat;
import org.zeroseg.core.export.AnnotationWriter;
import org.zeroseg.core.file.PlainText;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A data set in one format becomes one in another. */
@Command(
    name = "convert",
    description = "Turns annotations of one format into another.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Formats: coco, coco-polygons, coco-results, yolo, labelme, voc, labels, masks, geojson; to",
      "write only: label-studio, label-studio-polygons. Each is a folder; coco may be a file.",
      "What the new format cannot hold as it is, is counted and said."
    })
final class ConvertCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FROM", description = "The folder of annotations, or a file of COCO.")
  private Path from;

  @Parameters(paramLabel = "TO", description = "The folder to write.")
  private Path to;

  @Option(
      names = "--from",
      paramLabel = "FORMAT",
      description = "The format to read. Default: as the files' names tell.")
  private Optional<String> fromFormat;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FORMAT",
      description = "The format to write.")
  private String toFormat;

  @Option(
      names = {"-p", "--pictures"},
      paramLabel = "DIR",
      description = "The folder of the pictures. Default: that of the annotations.")
  private Optional<Path> pictures;

  @Option(
      names = "--tolerance",
      paramLabel = "PIXELS",
      defaultValue = "0",
      description =
          "How far outlines may lie from the pixels' edges, to have fewer corners."
              + " Default: ${DEFAULT-VALUE}.")
  private double tolerance;

  @Override
  public Integer call() throws IOException {
    AnnotationFormat target = format("--to", toFormat);
    if (!(tolerance >= 0)) {
      throw misuse("--tolerance " + tolerance + ": at least 0 pixels");
    }
    if (!Files.exists(from)) {
      throw new NoSuchFileException(from.toString());
    }
    AnnotationFormat source = source();
    if (!AnnotationFormat.readable().contains(source)) {
      throw misuse("--from: " + source + " can be written only");
    }
    if (from.toAbsolutePath().normalize().equals(to.toAbsolutePath().normalize())) {
      throw misuse("FROM and TO are the same folder");
    }
    Path folder = Files.isDirectory(from) ? from : from.toAbsolutePath().getParent();
    long[] counts = new long[2];
    PrintWriter report = spec.commandLine().getOut();
    try (ConsoleProgress progress = new ConsoleProgress();
        AnnotationWriter writer = target.open(to, tolerance)) {
      SortedMap<String, Long> left =
          source.read(
              from,
              pictures.orElse(folder),
              (name, picture, found) -> {
                writer.add(name, picture, found);
                counts[0]++;
                counts[1] += found.segments().size();
                progress.update("Converting", name, counts[0], -1);
              });
      SortedMap<String, Long> changed = writer.finish();
      progress.finish();
      report.printf(
          "%s to %s: %d pictures, %d segments, in %s%n",
          source, target, counts[0], counts[1], PlainText.line(to));
      tell(report, left);
      tell(report, changed);
    }
    report.flush();
    return 0;
  }

  private static void tell(PrintWriter report, SortedMap<String, Long> notes) {
    if (!notes.isEmpty()) {
      report.println(
          notes.entrySet().stream()
              .map(note -> note.getValue() + " " + note.getKey())
              .collect(Collectors.joining(", ", "  ", "")));
    }
  }

  private AnnotationFormat source() throws IOException {
    return fromFormat.isPresent()
        ? format("--from", fromFormat.get())
        : AnnotationFormat.detect(from)
            .orElseThrow(() -> misuse("say what " + from + " is: --from FORMAT"));
  }

  private AnnotationFormat format(String option, String name) {
    try {
      return AnnotationFormat.of(name);
    } catch (IllegalArgumentException e) {
      throw misuse(option + ": " + e.getMessage());
    }
  }

  private CommandLine.ParameterException misuse(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }
}
