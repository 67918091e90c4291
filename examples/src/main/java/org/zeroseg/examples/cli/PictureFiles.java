package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Pictures in, pictures of their segments out: options of the commands that look at each. */
final class PictureFiles {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "PICTURE", description = "PNG, JPEG, GIF or BMP.")
  private List<Path> pictures;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "zeroseg-out",
      paramLabel = "DIR",
      description = "Where to write. Default: ${DEFAULT-VALUE}.")
  private Path out;

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
      result.writeOverlay(Path.of(stem + overlay), picture.toImage());
      result.writeLabels(Path.of(stem + labels));
      return "  overlay " + stem + overlay + ", labels " + stem + labels;
    }
  }

  /**
   * Looks at every picture. One that cannot be read is reported and holds up nothing.
   *
   * @return the exit code
   */
  int forEach(Progress progress, Look look) throws IOException {
    Map<Path, String> stems = stems();
    Files.createDirectories(out);
    PrintWriter report = spec.commandLine().getOut();
    int failed = 0;
    int done = 0;
    for (Path file : stems.keySet()) {
      progress.update("Looking at pictures", done++, stems.size());
      try {
        String stem = out.resolve(stems.get(file)).toString();
        look.at(new Shot(file, Picture.read(file).rgb(), stem), report);
      } catch (IOException e) {
        failed++;
        String reason =
            Files.exists(file) ? String.valueOf(e.getMessage()) : "there is no file " + file;
        spec.commandLine().getErr().println("zeroseg: " + reason);
      }
      report.flush();
    }
    progress.update("Looking at pictures", done, stems.size());
    return failed == 0 ? 0 : 1;
  }

  /** What the files about each picture begin with; no two may overwrite each other's. */
  private Map<Path, String> stems() {
    Map<Path, String> stems = new LinkedHashMap<>();
    Map<String, Path> owners = new HashMap<>();
    for (Path file : pictures) {
      String name = String.valueOf(file.getFileName());
      String stem = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
      Path other = owners.putIfAbsent(stem, file);
      if (other != null && !other.equals(file)) {
        throw new IllegalArgumentException(
            "the results of %s and %s would have one name, %s: give them one after the other, each"
                    .formatted(other, file, out.resolve(stem))
                + " with an --out of its own");
      }
      stems.put(file, stem);
    }
    return stems;
  }
}
