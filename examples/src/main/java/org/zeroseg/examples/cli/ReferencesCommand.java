package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.namedmask.ReferenceEmbeddings;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What pictures of words have in common, kept for ReCo. */
@Command(
    name = "references",
    description = "Co-segments the archives of words: the reference embeddings that ReCo asks.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "A word that the output file knows already costs nothing: the same command with one more"
          + " word",
      "looks at one more archive. Stopped at any point, it goes on where it was."
    })
final class ReferencesCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "PATH",
      description =
          "Where pictures of words come from: folders of 'zeroseg index', files of 'zeroseg"
              + " archive'. Words of files of reference embeddings are taken over.")
  private List<Path> paths;

  @ArgGroup(multiplicity = "1")
  private ChosenWords words;

  @Option(
      names = {"-m", "--model"},
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description = "The CLIP that made the index. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "references.safetensors",
      paramLabel = "FILE",
      description = "Where to write. Default: ${DEFAULT-VALUE}.")
  private Path file;

  @Mixin private ReCoModels models;

  @Override
  public Integer call() throws IOException {
    List<String> asked =
        words.vocabulary(spec.commandLine()).categories().stream()
            .flatMap(category -> category.words().stream())
            .toList();
    List<Path> all = new ArrayList<>(paths);
    if (Files.exists(file)) {
      all.add(file);
    }
    ReCoModels.Sources sources = ReCoModels.Sources.of(all);
    Optional<String> fault = models.fault(sources);
    if (fault.isPresent()) {
      throw new CommandLine.ParameterException(spec.commandLine(), fault.get());
    }
    Map<String, String> settings = models.settings(model, sources);
    PrintWriter out = spec.commandLine().getOut();
    try (ConsoleProgress progress = new ConsoleProgress();
        ReCoModels.Opened opened = models.open(model, sources, builder -> {}, progress)) {
      // Contexts are found before all others, and kept so that one more word needs them not again.
      List<String> order = new ArrayList<>(opened.reco().contexts());
      order.addAll(asked);
      Map<String, float[]> found = new LinkedHashMap<>(sources.known().vectors());
      int done = 0;
      for (String word : order) {
        progress.update("Co-segmenting", done++, order.size());
        if (!found.containsKey(word)) {
          found.putAll(opened.reco().references(List.of(word)).vectors());
          new ReferenceEmbeddings(found, settings).write(file);
        }
      }
      if (!Files.exists(file)) {
        new ReferenceEmbeddings(found, settings).write(file);
      }
      progress.finish();
      int before = sources.known().vectors().size();
      out.printf(
          Locale.ROOT,
          "Reference embeddings: %s, %d words, %d of them new%n",
          file,
          found.size(),
          found.size() - before);
    }
    out.println(
        "Next: zeroseg segment PICTURE --reco %s --words \"%s\""
            .formatted(file, PlainText.line(String.join(", ", asked))));
    out.flush();
    return 0;
  }
}
