package org.zeroseg.examples.cli;

import java.util.Optional;
import org.zeroseg.core.Vocabulary;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Words of a command, given one by one or as a list. */
final class ChosenWords {

  @Option(
      names = {"-w", "--words"},
      paramLabel = "A,B,C",
      description =
          "The categories, separated by commas; synonyms by a bar (\"sofa|couch\"), "
              + "whose vectors are averaged.")
  private Optional<String> given;

  @Option(
      names = "--words-of",
      paramLabel = "LIST",
      description = "The categories of a paper: ${COMPLETION-CANDIDATES}.")
  private Optional<KnownWords> known;

  Vocabulary vocabulary(CommandLine command) {
    if (known.isPresent()) {
      return Vocabulary.of(known.get().words().toArray(String[]::new));
    }
    try {
      return Vocabulary.of(CategoryList.parse(given.orElseThrow()));
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(command, "--words: " + e.getMessage(), e);
    }
  }
}
