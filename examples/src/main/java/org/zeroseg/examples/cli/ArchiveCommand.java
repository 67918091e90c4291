package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.supervision.Archives;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The best pictures of an index for each of some words. */
@Command(
    name = "archive",
    description = "Retrieves the pictures of an index that fit words best.",
    mixinStandardHelpOptions = true)
final class ArchiveCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "INDEX",
      description = "Folders made by 'zeroseg index' with the same model.")
  private List<Path> indexes;

  @ArgGroup(multiplicity = "1")
  private ChosenWords words;

  @Option(
      names = "-k",
      defaultValue = "500",
      paramLabel = "K",
      description = "Pictures a category. Default: ${DEFAULT-VALUE}, as in NamedMask and ZUTIS.")
  private int k;

  @Option(
      names = {"-m", "--model"},
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description = "The CLIP that made the index. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = {"-t", "--template"},
      paramLabel = "TEXT",
      description =
          "A sentence with {} for the word; several are averaged. Default: the 85 of the paper, "
              + "those of their captions for demos.")
  private List<String> templates = List.of();

  @Option(
      names = {"-o", "--out"},
      defaultValue = "archives.json",
      paramLabel = "FILE",
      description = "Where to write. Default: ${DEFAULT-VALUE}.")
  private Path file;

  @Override
  public Integer call() throws IOException {
    Vocabulary vocabulary = words.vocabulary(spec.commandLine());
    if (k < 1) {
      throw new CommandLine.ParameterException(spec.commandLine(), "-k " + k + ": at least 1");
    }
    ImageIndex[] parts = new ImageIndex[indexes.size()];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = ImageIndex.open(indexes.get(i));
    }
    ImageIndex index = parts.length == 1 ? parts[0] : ImageIndex.concatenate(parts);
    try (ConsoleProgress progress = new ConsoleProgress();
        Clip clip = Models.clip(model, progress)) {
      PromptTemplates sentences =
          templates.isEmpty()
              ? Models.templates(model)
              : PromptTemplates.of(templates.toArray(String[]::new));
      Archives archives =
          index.archives(
              vocabulary.names(),
              Models.texts(model, clip).classifier(vocabulary, sentences, progress),
              k);
      archives.write(file);
      PrintWriter out = spec.commandLine().getOut();
      archives
          .pictures()
          .forEach(
              (category, pictures) ->
                  out.printf(
                      "  %-24s %d pictures, first %s%n",
                      PlainText.line(category),
                      pictures.size(),
                      pictures.isEmpty() ? "-" : PlainText.line(pictures.get(0))));
      out.println("Archives: " + file);
      out.println("Next: zeroseg pseudo-masks " + file + " --pictures FOLDER");
      out.flush();
      return 0;
    }
  }
}
