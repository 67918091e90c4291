package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
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
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.zutis.Zutis;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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

  @Mixin private PictureFiles pictures;
  @Mixin private WordModel model;

  @Option(
      names = {"-w", "--words"},
      paramLabel = "A,B,C",
      description =
          "What to look for, separated by commas; synonyms by a bar (\"sofa|couch\"). "
              + "The demo model's own 64 categories if left out.")
  private Optional<String> words;

  @Option(
      names = {"-b", "--background"},
      paramLabel = "A,B",
      description = "What counts as background, separated by commas.")
  private Optional<String> background;

  @Override
  public Integer call() throws IOException {
    Vocabulary vocabulary = vocabulary();
    try (ConsoleProgress progress = new ConsoleProgress();
        Clip clip = model.clip(progress);
        Segmenter segmenter = model.segmenter(Zutis.Answer.BOTH, clip)) {
      return pictures.forEach(
          progress,
          (shot, report) -> describe(shot, segmenter.segment(shot.picture(), vocabulary), report));
    }
  }

  private Vocabulary vocabulary() {
    if (words.isEmpty() && !model.isDemo()) {
      throw new IllegalArgumentException("say what to look for: --words \"cat, sofa, plant\"");
    }
    Vocabulary vocabulary =
        Vocabulary.of(words.map(SegmentCommand::categories).orElseGet(SegmentCommand::everything));
    return model.words(
        background
            .map(
                list ->
                    vocabulary.withBackground(
                        categories(list).stream()
                            .map(Vocabulary.Category::name)
                            .toArray(String[]::new)))
            .orElse(vocabulary));
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

  private static void describe(PictureFiles.Shot shot, Segmentation result, PrintWriter report)
      throws IOException {
    String written = shot.write(result, ".overlay.png", ".labels.png");
    Path json = Path.of(shot.stem() + ".json");
    result.writeGeoJson(json, 0);
    report.println(shot.file() + ": " + result.width() + " x " + result.height());
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
    report.println(written + ", segments " + json);
  }
}
