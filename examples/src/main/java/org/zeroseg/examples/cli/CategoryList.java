package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.TextFile;

/** Categories as they are typed: separated by commas, synonyms by bars. */
final class CategoryList {

  /** In quotation marks as far as the next bar or the end, else up to that. */
  private static final Pattern WORD =
      Pattern.compile("\\s*\"((?:[^\"]|\"\")*)\"\\s*(?=\\||$)|([^|]*)");

  private CategoryList() {}

  /**
   * Reads them.
   *
   * @throws IllegalArgumentException if a word is blank
   */
  static List<Vocabulary.Category> parse(String list) {
    List<Vocabulary.Category> categories = new ArrayList<>();
    for (String entry : list.split(",", -1)) {
      List<String> names = Arrays.stream(entry.split("\\|", -1)).map(String::strip).toList();
      categories.add(new Vocabulary.Category(names.get(0), names.subList(1, names.size())));
    }
    return categories;
  }

  /**
   * Reads them from a file, one a line; lines that begin with # are notes.
   *
   * @throws IOException if it cannot be read or a word is blank
   */
  static List<Vocabulary.Category> read(Path file) throws IOException {
    List<Vocabulary.Category> categories = new ArrayList<>();
    List<String> lines = TextFile.lines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        List<String> names = names(line);
        try {
          categories.add(new Vocabulary.Category(names.get(0), names.subList(1, names.size())));
        } catch (IllegalArgumentException e) {
          throw new InvalidFileException(
              file.toString(), "line " + (i + 1) + ": " + e.getMessage(), e);
        }
      }
    }
    if (categories.isEmpty()) {
      throw new InvalidFileException(file.toString(), "names no category");
    }
    return categories;
  }

  /** Separated by bars outside quotation marks, which stand around a word or belong to it. */
  private static List<String> names(String line) {
    List<String> names = new ArrayList<>();
    Matcher word = WORD.matcher(line);
    int at = 0;
    do {
      word.region(at, line.length());
      if (!word.lookingAt()) {
        throw new AssertionError(line);
      }
      names.add(
          word.group(1) != null ? word.group(1).replace("\"\"", "\"") : word.group(2).strip());
      at = word.end() + 1;
    } while (at <= line.length());
    return names;
  }
}
