package org.zeroseg.examples.cli;

import ai.djl.modality.cv.Image;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.zutis.Zutis;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Pictures and words in, overlays and masks out. */
@Command(
    name = "segment",
    description = "Segments pictures by words.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "For each picture NAME it writes into the output folder",
      "  NAME.overlay.png  the picture with its segments in colours, and a legend",
      "  NAME.labels.png   a palette picture: 0 background, 1 the first word, ...",
      "  NAME.json         the segments with label, score, box and outline (GeoJSON-like)"
    })
final class SegmentCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "PICTURE", description = "PNG, JPEG, GIF or BMP.")
  private List<Path> pictures;

  @Option(
      names = {"-w", "--words"},
      paramLabel = "A,B,C",
      description =
          "What to look for, separated by commas; synonyms by a bar (\"sofa|couch\"). "
              + "The demo model's own 64 categories if left out.")
  private String words;

  @Option(
      names = {"-b", "--background"},
      paramLabel = "A,B",
      description = "What counts as background, separated by commas.")
  private String background;

  @Option(
      names = "--threshold",
      paramLabel = "P",
      description = "Pixels whose best word has a lower probability are background.")
  private Double threshold;

  @Option(
      names = {"-m", "--model"},
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description =
          "A CLIP: 'demo', a file or folder, or an id of the hub such as "
              + "openai/clip-vit-base-patch16. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = "--zutis",
      paramLabel = "ID|PATH",
      description =
          "A ZUTIS network, such as coco_vit_b_16.pt: single instances, too. "
              + "--model is then the CLIP that it was trained from, for the words.")
  private String zutis;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "zeroseg-out",
      paramLabel = "DIR",
      description = "Where to write. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    Vocabulary vocabulary = vocabulary();
    Files.createDirectories(out);
    PrintWriter report = spec.commandLine().getOut();
    int failed = 0;
    try (ConsoleProgress progress = new ConsoleProgress();
        Clip clip = Models.clip(model, progress);
        Segmenter segmenter =
            Models.segmenter(model, Optional.ofNullable(zutis), Zutis.Answer.BOTH, clip)) {
      for (int i = 0; i < pictures.size(); i++) {
        progress.update("Segmenting", i, pictures.size());
        Path file = pictures.get(i);
        try {
          Image image = Picture.read(file).rgb().toImage();
          describe(file, segmenter.segment(image, vocabulary), image, report);
        } catch (IOException e) {
          failed++;
          spec.commandLine().getErr().println("zeroseg: " + reason(file, e));
        }
      }
      progress.update("Segmenting", pictures.size(), pictures.size());
    }
    return failed == 0 ? 0 : 1;
  }

  private static String reason(Path file, IOException failure) {
    String message = String.valueOf(failure.getMessage());
    return Files.exists(file) ? message : "there is no file " + file;
  }

  private Vocabulary vocabulary() {
    if (words == null && !model.equals(Models.DEMO)) {
      throw new IllegalArgumentException("say what to look for: --words \"cat, sofa, plant\"");
    }
    Vocabulary vocabulary = Vocabulary.of(words == null ? everything() : categories(words));
    if (background == null && threshold == null) {
      // ZUTIS has learnt the word for background itself.
      return zutis == null ? Models.withBackground(model, vocabulary) : vocabulary;
    }
    if (background != null) {
      vocabulary =
          vocabulary.withBackground(
              categories(background).stream()
                  .map(Vocabulary.Category::name)
                  .toArray(String[]::new));
    }
    return threshold == null ? vocabulary : vocabulary.withBackgroundThreshold(threshold);
  }

  /** All that the demo model was made to know. */
  private static List<Vocabulary.Category> everything() {
    return Category.all().stream()
        .map(category -> Vocabulary.Category.of(category.words()))
        .toList();
  }

  private static List<Vocabulary.Category> categories(String list) {
    List<Vocabulary.Category> categories = new ArrayList<>();
    for (String entry : list.split(",", -1)) {
      List<String> names = Arrays.stream(entry.split("\\|", -1)).map(String::strip).toList();
      categories.add(new Vocabulary.Category(names.get(0), names.subList(1, names.size())));
    }
    return categories;
  }

  private void describe(Path file, Segmentation result, Image image, PrintWriter report)
      throws IOException {
    String name = String.valueOf(file.getFileName());
    String stem = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
    Path overlay = out.resolve(stem + ".overlay.png");
    try (OutputStream stream = Files.newOutputStream(overlay)) {
      result.overlay(image).save(stream, "png");
    }
    Path labels = out.resolve(stem + ".labels.png");
    result.writeLabels(labels);
    Path json = out.resolve(stem + ".json");
    result.writeGeoJson(json, 0);
    report.println(file + ": " + result.width() + " x " + result.height());
    double area = (double) result.width() * result.height();
    for (Segment segment : result.segments()) {
      report.printf(
          Locale.ROOT,
          "  %-24s %5.1f %% of the picture, score %.2f%n",
          segment.name(),
          100 * segment.mask().area() / area,
          segment.score());
    }
    if (result.segments().isEmpty()) {
      report.println("  none of the words was found; a lower --threshold finds more");
    }
    report.println("  overlay " + overlay + ", labels " + labels + ", segments " + json);
    report.flush();
  }
}
