package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.eval.naming.SentenceBert;
import org.zeroseg.zsi.AnnotationSplit;
import org.zeroseg.zsi.ClassVectors;
import org.zeroseg.zsi.WordVectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What ZSI needs besides pictures: word vectors and annotations of a split. */
@Command(
    name = "zsi",
    description = "Makes what zero-shot instance segmentation needs, for any classes.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "To train on classes of one's own:",
      "  zeroseg zsi words --split classes.json --vectors glove.6B.300d.txt -o words.txt",
      "  zeroseg zsi split instances.json --split classes.json --kind training -o train.json",
      "  zeroseg train zsi train.json --images DIR --split classes.json --vectors words.txt"
    })
final class ZsiCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Name a command.");
  }

  @Command(
      name = "words",
      description =
          "Makes the word vectors of a split: all of one length, background their mean. Names of "
              + "several words without a vector of their own get the mean of their words'.",
      mixinStandardHelpOptions = true)
  int words(
      @Mixin ClassSplit split,
      @Option(
              names = "--vectors",
              paramLabel = "FILE",
              description = "word2vec or GloVe, binary or text, plain or gzip.")
          Optional<Path> vectors,
      @Option(
              names = "--clip",
              paramLabel = "ID|PATH",
              description = "In place of --vectors: a CLIP's text tower.")
          Optional<String> clip,
      @Option(
              names = "--sentence-bert",
              paramLabel = "ID|PATH",
              description = "In place of --vectors: a Sentence-BERT.")
          Optional<String> sentences,
      @Option(
              names = "--length",
              defaultValue = "0.76663",
              description = "Of every class's vector. Default: ${DEFAULT-VALUE}, as published.")
          double length,
      @Option(
              names = "--vocabulary",
              paramLabel = "FILE",
              description = "Words, one a line, for the detector's encoder.")
          Optional<Path> vocabulary,
      @Option(
              names = {"-o", "--out"},
              defaultValue = "words.txt",
              paramLabel = "FILE",
              description =
                  "Takes the vectors; NAME.classes.json beside it the classes, NAME.vocabulary.txt "
                      + "the vocabulary. Default: ${DEFAULT-VALUE}.")
          Path out)
      throws IOException {
    long sources = Stream.of(vectors, clip, sentences).filter(Optional::isPresent).count();
    if (sources != 1) {
      throw new CommandLine.ParameterException(
          spec.subcommands().get("words"), "one of --vectors, --clip, --sentence-bert is needed");
    }
    ClassVectors.Names names = ClassVectors.Names.read(split.file());
    List<String> extra = new ArrayList<>();
    if (vocabulary.isPresent()) {
      TextFile.lines(vocabulary.get()).stream()
          .map(String::strip)
          .filter(word -> !word.isEmpty())
          .forEach(extra::add);
    }
    List<String> asked = new ArrayList<>(names.seen());
    asked.addAll(names.unseen());
    asked.addAll(extra);
    WordVectors found =
        vectors.isPresent()
            ? WordVectors.read(vectors.get(), asked)
            : WordVectors.of(embedded(asked, clip, sentences));
    ClassVectors classes = found.classes(names.seen(), names.unseen(), length);
    String stem = out.getFileName().toString().replaceFirst("\\.[^.]*$", "");
    Path list = out.resolveSibling(stem + ".classes.json");
    classes.write(out, list);
    PrintWriter report = spec.commandLine().getOut();
    report.println("Vectors: " + out + ", " + classes);
    report.println("Classes: " + list);
    if (!extra.isEmpty()) {
      Path matrix = out.resolveSibling(stem + ".vocabulary.txt");
      report.printf(
          "Vocabulary: %s, %d of %d words%n",
          matrix, ClassVectors.writeVocabulary(matrix, found, extra), extra.size());
    }
    report.flush();
    return 0;
  }

  private static Map<String, float[]> embedded(
      List<String> names, Optional<String> clip, Optional<String> sentences) throws IOException {
    float[][] rows;
    if (clip.isPresent()) {
      try (ConsoleProgress progress = new ConsoleProgress();
          Clip tower = Models.clip(clip.get(), progress)) {
        rows =
            Models.texts(clip.get(), tower)
                .classifier(names.stream().distinct().toList(), PromptTemplates.BARE);
      }
    } else {
      try (SentenceBert model = SentenceBert.load(sentences.orElseThrow())) {
        rows = model.embed(names.stream().distinct().toList());
      }
    }
    Map<String, float[]> vectors = new LinkedHashMap<>();
    List<String> distinct = names.stream().distinct().toList();
    for (int i = 0; i < rows.length; i++) {
      vectors.put(distinct.get(i), rows[i]);
    }
    return vectors;
  }

  @Command(
      name = "split",
      description = "Makes one of a split's annotation files out of COCO's.",
      mixinStandardHelpOptions = true)
  int split(
      @Parameters(paramLabel = "FILE", description = "COCO's instances_*.json, plain or gzip.")
          Path source,
      @Mixin ClassSplit split,
      @Option(
              names = "--kind",
              required = true,
              paramLabel = "KIND",
              description =
                  "${COMPLETION-CANDIDATES}: images with something seen and nothing unseen; those"
                      + " with something unseen, and what is unseen; the same with what is seen,"
                      + " too.")
          AnnotationSplit.Kind kind,
      @Option(
              names = {"-o", "--out"},
              required = true,
              paramLabel = "FILE",
              description = "Takes the annotations.")
          Path out)
      throws IOException {
    ClassVectors.Names names = ClassVectors.Names.read(split.file());
    AnnotationSplit.Summary made =
        AnnotationSplit.write(source, names.seen(), names.unseen(), kind, out);
    PrintWriter report = spec.commandLine().getOut();
    report.printf("%s: %d images, %d annotations%n", out, made.images(), made.annotations());
    report.flush();
    return 0;
  }
}
