package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureReader;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Pictures in, pictures of their segments out: options of the commands that look at each. */
final class PictureFiles {

  /** Bytes of a result's name before what it ends with: a file's name has 255 at most. */
  private static final int LONGEST_STEM = 200;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "PICTURE",
      description = "PNG, JPEG, GIF, BMP, TIFF or WebP.")
  private List<Path> pictures;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "zeroseg-out",
      paramLabel = "DIR",
      description = "Where to write. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "--as-stored",
      description = "Leave pictures as they are stored, in place of upright by their EXIF notes.")
  private boolean asStored;

  /** Looks at a picture, writes and reports. */
  @FunctionalInterface
  interface Look {

    /** Fails only if a file cannot be written. */
    void at(Shot shot, PrintWriter report) throws IOException;
  }

  /**
   * One of the pictures.
   *
   * @param file where it was read from
   * @param picture three channels
   * @param stem what files about it begin with, the folder included
   */
  record Shot(Path file, Picture picture, String stem) {

    /** Writes the picture with the segments in colours, and their labels as a palette picture. */
    String write(Segmentation result, String overlay, String labels) throws IOException {
      result.writeOverlay(Path.of(stem + overlay), picture);
      result.writeLabels(Path.of(stem + labels));
      return "  overlay " + named(overlay) + ", labels " + named(labels);
    }

    /** A file about the picture as it is told of. */
    String named(String end) {
      return PlainText.line(stem + end);
    }

    /** The picture as it is told of. */
    String name() {
      return PlainText.line(file);
    }
  }

  /**
   * Looks at every picture. One that cannot be read, or that the memory does not suffice for, is
   * reported and holds up nothing.
   *
   * @return the exit code
   */
  int forEach(Progress progress, Look look) throws IOException {
    Map<Path, String> stems = stems(pictures);
    WholeFile.makeFolder(out);
    PictureReader reader = asStored ? PictureReader.asStored() : PictureReader.upright();
    PrintWriter report = spec.commandLine().getOut();
    int failed = 0;
    int done = 0;
    for (Path file : stems.keySet()) {
      progress.update("Looking at pictures", done++, stems.size());
      Optional<String> reason = Optional.empty();
      try {
        String stem = out.resolve(stems.get(file)).toString();
        if (Files.isDirectory(file)) {
          throw new IOException(file + " is a folder: name the pictures in it");
        }
        look.at(new Shot(file, reader.read(file).rgb(), stem), report);
      } catch (IOException e) {
        reason = Failures.line(e);
      } catch (RuntimeException | OutOfMemoryError e) {
        if (!Failures.lacksMemory(e)) {
          throw e;
        }
        reason = Failures.line(e).map(line -> PlainText.line(file) + ": " + line);
      }
      report.flush();
      if (reason.isPresent()) {
        failed++;
        spec.commandLine().getErr().println("zeroseg: " + reason.get());
      }
    }
    progress.update("Looking at pictures", done, stems.size());
    return failed == 0 ? 0 : 1;
  }

  /**
   * What the files about each picture begin with: its name without what follows the last dot; with
   * it where several would be alike, and a number where they still are.
   */
  static Map<Path, String> stems(List<Path> pictures) {
    Set<Path> distinct = new LinkedHashSet<>(pictures);
    Map<String, Long> alike =
        distinct.stream()
            .collect(
                Collectors.groupingBy(file -> key(withoutEnding(file)), Collectors.counting()));
    Map<Path, String> stems = new LinkedHashMap<>();
    Set<String> taken = new HashSet<>();
    for (Path file : distinct) {
      String stem = withoutEnding(file);
      if (alike.get(key(stem)) == 1) {
        stems.put(file, bounded(stem));
        taken.add(key(bounded(stem)));
      }
    }
    for (Path file : distinct) {
      if (!stems.containsKey(file)) {
        String name = bounded(String.valueOf(file.getFileName()));
        String stem = name;
        for (int i = 2; !taken.add(key(stem)); i++) {
          stem = name + "-" + i;
        }
        stems.put(file, stem);
      }
    }
    Map<Path, String> ordered = new LinkedHashMap<>();
    distinct.forEach(file -> ordered.put(file, stems.get(file)));
    return ordered;
  }

  /** Some file systems take two names that differ in case only for one. */
  private static String key(String stem) {
    return stem.toLowerCase(Locale.ROOT);
  }

  private static String withoutEnding(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.lastIndexOf('.') > 0 ? name.substring(0, name.lastIndexOf('.')) : name;
  }

  /** So much of a name that what follows fits, and what tells it from others that begin alike. */
  private static String bounded(String name) {
    if (name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_STEM) {
      return name;
    }
    int end = name.length();
    while (name.substring(0, end).getBytes(StandardCharsets.UTF_8).length > LONGEST_STEM - 9) {
      end = name.offsetByCodePoints(end, -1);
    }
    return "%s-%08x".formatted(name.substring(0, end), name.hashCode());
  }
}
