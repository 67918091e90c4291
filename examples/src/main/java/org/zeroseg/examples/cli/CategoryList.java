package org.zeroseg.examples.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zeroseg.core.Vocabulary;

/** Categories as they are typed: separated by commas, synonyms by bars. */
final class CategoryList {

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
}
