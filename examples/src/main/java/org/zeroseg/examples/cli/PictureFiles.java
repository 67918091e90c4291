package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.export.AnnotationFormat;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureReader;
import picocli.CommandLine;
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
      paramLabel = "PICTURE|FOLDER",
      description = {
        "PNG, JPEG, GIF, BMP, TIFF or WebP; a folder, with the folders in it; a pattern such as",
        "\"photos/*.jpg\"; @FILE, a list of one a line; - for such a list as the input."
      })
  private List<String> arguments;

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

  @Option(
      names = "--format",
      split = ",",
      paramLabel = "A,B",
      description =
          "Also write all results in formats of other tools, into folders called so: coco,"
              + " coco-polygons, coco-results, yolo, labelme, voc, labels, masks, geojson,"
              + " label-studio, label-studio-polygons.")
  private List<String> formats = List.of();

  @Option(
      names = "--tolerance",
      paramLabel = "PIXELS",
      defaultValue = "0",
      description =
          "How far outlines in those formats may lie from the pixels' edges, to have fewer"
              + " corners; 1 suits editing. Default: ${DEFAULT-VALUE}.")
  private double tolerance;

  @Option(
      names = "--skip-existing",
      description = "Go on with what was stopped: take results that are there, of the same words.")
  private boolean skipExisting;

  @Option(names = "--no-overlay", description = "Write no NAME.*.png with segments in colours.")
  private boolean noOverlay;

  @Option(
      names = "--gallery",
      negatable = true,
      description =
          "Write a page with all pictures, or none. Default: for folders, patterns and lists.")
  private Optional<Boolean> gallery;

  @Option(names = "--limit", paramLabel = "N", description = "Only the first N pictures.")
  private Optional<Integer> limit;

  /** Looks at a picture, writes and reports. */
  @FunctionalInterface
  interface Look {

    /**
     * Fails only if a file cannot be written.
     *
     * @return what was found
     */
    Segmentation at(Shot shot, PrintWriter report) throws IOException;
  }

  /**
   * What results are called.
   *
   * @param overlay what the picture with its segments ends with
   * @param labels what the label picture ends with
   * @param json what the outlines end with
   * @param all what the files about all pictures begin with
   */
  record Endings(String overlay, String labels, String json, String all) {}

  /**
   * One of the pictures.
   *
   * @param file where it was read from
   * @param picture three channels
   * @param stem what files about it begin with, the folder included
   * @param endings and end with
   * @param overlay whether to write the picture with its segments
   * @param alone whether it is the only one, with no summary to follow
   */
  record Shot(
      Path file, Picture picture, String stem, Endings endings, boolean overlay, boolean alone) {

    /**
     * Writes the picture with the segments in colours, their labels as a palette picture, and last
     * their outlines, which say that all is there.
     */
    String write(Segmentation result) throws IOException {
      writeOverlay(result);
      result.writeLabels(Path.of(stem + endings.labels()));
      result.writeGeoJson(Path.of(stem + endings.json()), 0);
      return (overlay ? "  overlay " + named(endings.overlay()) + ", labels " : "  labels ")
          + named(endings.labels())
          + ", segments "
          + named(endings.json());
    }

    private void writeOverlay(Segmentation result) throws IOException {
      if (overlay) {
        result.writeOverlay(Path.of(stem + endings.overlay()), picture);
      }
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
   * Looks at every picture. One that fails is reported and holds up nothing.
   *
   * @param words what results of an earlier run must have looked for; empty if that is not fixed
   * @return the exit code
   */
  int forEach(Progress progress, Endings endings, Optional<List<String>> words, Look look)
      throws IOException {
    check();
    PictureList list = PictureList.of(arguments, out, System.in);
    Map<Path, String> names = new LinkedHashMap<>();
    list.names().entrySet().stream()
        .limit(limit.orElse(Integer.MAX_VALUE))
        .forEach(name -> names.put(name.getKey(), name.getValue()));
    WholeFile.makeFolder(out);
    PictureRun.Settings settings =
        new PictureRun.Settings(
            out,
            endings,
            asStored ? PictureReader.asStored() : PictureReader.upright(),
            skipExisting,
            !noOverlay,
            gallery.orElse(list.isOfMany()),
            formats.stream().map(AnnotationFormat::of).toList(),
            tolerance);
    PrintWriter report = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try (PictureRun run = new PictureRun(settings, words, names, report, err)) {
      list.problems().forEach(run::fail);
      return run.forEach(progress, look);
    }
  }

  private void check() {
    try {
      formats.forEach(AnnotationFormat::of);
    } catch (IllegalArgumentException e) {
      throw misuse("--format: " + e.getMessage());
    }
    if (!(tolerance >= 0)) {
      throw misuse("--tolerance " + tolerance + ": at least 0 pixels");
    }
    if (limit.isPresent() && limit.get() < 1) {
      throw misuse("--limit " + limit.get() + ": at least 1 picture");
    }
  }

  private CommandLine.ParameterException misuse(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  /**
   * What the files about each picture begin with: where it lies below what named it, without what
   * follows the last dot; with it where several would be alike, and a number where they still are.
   */
  static Map<Path, String> stems(Map<Path, String> names) {
    Map<String, Long> alike =
        names.values().stream()
            .collect(
                Collectors.groupingBy(name -> key(withoutEnding(name)), Collectors.counting()));
    Map<Path, String> stems = new LinkedHashMap<>();
    Set<String> taken = new HashSet<>();
    names.forEach(
        (file, name) -> {
          String stem = withoutEnding(name);
          if (alike.get(key(stem)) == 1) {
            stems.put(file, bounded(stem));
            taken.add(key(bounded(stem)));
          }
        });
    names.forEach(
        (file, name) -> {
          if (!stems.containsKey(file)) {
            String whole = bounded(name);
            String stem = whole;
            for (int i = 2; !taken.add(key(stem)); i++) {
              stem = whole + "-" + i;
            }
            stems.put(file, stem);
          }
        });
    Map<Path, String> ordered = new LinkedHashMap<>();
    names.keySet().forEach(file -> ordered.put(file, stems.get(file)));
    return ordered;
  }

  /** Some file systems take two names that differ in case only for one. */
  private static String key(String stem) {
    return stem.toLowerCase(Locale.ROOT);
  }

  private static String withoutEnding(String name) {
    int dot = name.lastIndexOf('.');
    return dot > name.lastIndexOf('/') + 1 ? name.substring(0, dot) : name;
  }

  /** So much of a name that what follows fits, and what tells it from others that begin alike. */
  private static String bounded(String path) {
    String folder = path.substring(0, path.lastIndexOf('/') + 1);
    String name = path.substring(folder.length());
    if (name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_STEM) {
      return path;
    }
    int end = name.length();
    while (name.substring(0, end).getBytes(StandardCharsets.UTF_8).length > LONGEST_STEM - 9) {
      end = name.offsetByCodePoints(end, -1);
    }
    return "%s%s-%08x".formatted(folder, name.substring(0, end), name.hashCode());
  }
}
