package org.zeroseg.examples.cli;

import static java.util.Comparator.comparingDouble;
import static java.util.stream.Collectors.toSet;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.zutis.Zutis;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
      "  NAME.json         the segments with label, score, box and outline (GeoJSON-like)",
      "For folders, patterns and lists the results lie as the pictures do, and gallery.html shows",
      "all of them. --format writes what other tools read, such as coco or yolo.",
      "",
      "What none of the words is stays background: the common things around (sky, wall, ground,",
      "...) are compared with, too. --background names others, --all-pixels none.",
      "",
      "The demo knows a few dozen everyday things, drawn, and says so; demo-shapes knows the looks",
      "and shapes of a small world. For photographs:",
      "  zeroseg segment photo.jpg --words \"cat, sofa\" --model openai/clip-vit-base-patch16"
    })
final class SegmentCommand implements Callable<Integer> {

  private static final PictureFiles.Endings ENDINGS =
      new PictureFiles.Endings(".overlay.png", ".labels.png", ".json", "");

  /** Words that were asked for, not found, and are told of, each on a line. */
  private static final int MOST_OTHERS = 50;

  @Spec private CommandSpec spec;

  @Mixin private PictureFiles pictures;
  @Mixin private WordModel model;

  @Option(
      names = {"-w", "--words"},
      paramLabel = "A,B,C",
      description =
          "What to look for, separated by commas; synonyms by a bar (\"sofa|couch\"). "
              + "All that the demo knows if left out.")
  private Optional<String> words;

  @Option(
      names = "--words-file",
      paramLabel = "FILE",
      description =
          "What to look for, a category a line, synonyms by a bar. Commas belong to the words; what"
              + " has a bar in it stands in quotation marks; # begins a note.")
  private Optional<Path> wordsFile;

  @Mixin private WordsAround around;

  /** Whether the summary of several pictures tells of presence. */
  private boolean summed;

  @Override
  public Integer call() throws IOException {
    model.check();
    double present = around.presence(model);
    Vocabulary vocabulary = vocabulary();
    try (ConsoleProgress progress = new ConsoleProgress();
        Segmenter segmenter = model.segmenter(Zutis.Answer.BOTH, vocabulary, progress)) {
      int code =
          pictures.forEach(
              progress,
              ENDINGS,
              Optional.of(vocabulary.names()),
              (shot, report) ->
                  describe(shot, segmenter.segment(shot.picture(), vocabulary), present, report));
      if (summed) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
            Locale.ROOT, "Words were not found where their presence is below %.2f.%n", present);
        out.flush();
      }
      if (code == 0) {
        tellDemo(vocabulary);
      }
      return code;
    }
  }

  private boolean hasWords() {
    return words.isPresent() || wordsFile.isPresent();
  }

  private Vocabulary vocabulary() throws IOException {
    if (words.isPresent() && wordsFile.isPresent()) {
      throw model.misuse("--words and --words-file exclude each other");
    }
    if (!hasWords() && model.small().isEmpty()) {
      throw model.misuse("say what to look for: --words \"cat, sofa, plant\"");
    }
    Vocabulary vocabulary;
    if (wordsFile.isPresent()) {
      List<Vocabulary.Category> categories = CategoryList.read(wordsFile.get());
      vocabulary = WordsAround.parsed(model, "--words-file", () -> Vocabulary.of(categories));
    } else {
      vocabulary =
          words.isPresent()
              ? WordsAround.parsed(
                  model, "--words", () -> Vocabulary.of(CategoryList.parse(words.get())))
              : Vocabulary.of(model.small().orElseThrow().everything());
    }
    return around.around(vocabulary, model);
  }

  /** A photograph shown to the demo comes back with shapes in it. */
  private void tellDemo(Vocabulary vocabulary) {
    Optional<Demo> small = model.small();
    if (small.isPresent() && (!hasWords() || !small.get().unknown(vocabulary).isEmpty())) {
      PrintWriter out = spec.commandLine().getOut();
      out.println("Note: " + small.get().knows() + ".");
      out.println(
          "      For photographs: --model openai/clip-vit-base-patch16; others: zeroseg models");
      out.flush();
    }
  }

  private Segmentation describe(
      PictureFiles.Shot shot, Segmentation result, double least, PrintWriter report)
      throws IOException {
    String written = shot.write(result);
    report.println(shot.name() + ": " + result.width() + " x " + result.height());
    double area = (double) result.width() * result.height();
    List<Double> presence = result.presence();
    for (Segment segment : result.segments()) {
      report.printf(
          Locale.ROOT,
          "  %-24s %5.1f %% of the picture, score %.2f%s%n",
          PlainText.line(segment.name()),
          100 * segment.mask().area() / area,
          segment.score(),
          presence.isEmpty()
              ? ""
              : String.format(Locale.ROOT, ", presence %.2f", presence.get(segment.label() - 1)));
    }
    if (result.segments().isEmpty()) {
      report.printf(
          "  none of the words was found; a lower --threshold%s finds more%n",
          presence.isEmpty() ? "" : " or --presence");
    }
    if (!presence.isEmpty() && shot.alone()) {
      describeOthers(result, least, report);
    }
    summed |= !presence.isEmpty() && !shot.alone();
    report.println(written);
    return result;
  }

  /** How likely the words are that were asked for and not found, the likeliest first. */
  private void describeOthers(Segmentation result, double least, PrintWriter report) {
    Set<Integer> found = result.segments().stream().map(Segment::label).collect(toSet());
    List<Integer> others =
        IntStream.rangeClosed(1, result.names().size())
            .filter(label -> !found.contains(label))
            .boxed()
            .sorted(comparingDouble(label -> -result.presence().get(label - 1)))
            .toList();
    int told = hasWords() ? Math.min(MOST_OTHERS, others.size()) : 0;
    for (int label : others.subList(0, told)) {
      double likely = result.presence().get(label - 1);
      report.printf(
          Locale.ROOT,
          "  %-24s not found, presence %.2f, %s %.2f%n",
          PlainText.line(result.names().get(label - 1)),
          likely,
          likely < least ? "below" : "at least",
          least);
    }
    if (others.size() > told) {
      report.printf(
          "  %d %swords not found%n", others.size() - told, told > 0 ? "less likely " : "");
    }
  }
}
