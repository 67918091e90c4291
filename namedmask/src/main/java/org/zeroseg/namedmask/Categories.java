package org.zeroseg.namedmask;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;

/**
 * The names of a network's classes, from 1 on, where 0 is background; from 0 on where every class
 * has a name, as in ReCo+.
 *
 * @param names in the order of the classes
 */
record Categories(List<String> names) {

  /** In a checkpoint's metadata: the names as a JSON array. */
  private static final String KEY = "categories";

  /** How many near names a message tells. */
  private static final int NEAR = 3;

  Categories {
    names = List.copyOf(names);
    Map<String, String> seen = new HashMap<>();
    for (String name : names) {
      String before = seen.put(folded(name), name);
      if (before != null) {
        throw new IllegalArgumentException(
            "the categories \"%s\" and \"%s\" are the same word".formatted(before, name));
      }
    }
  }

  /** Those that a checkpoint of this library notes; published ones note none. */
  static Optional<Categories> of(Checkpoint checkpoint) {
    String noted = checkpoint.metadata().get(KEY);
    if (noted == null) {
      return Optional.empty();
    }
    try {
      JsonArray array = JsonParser.parseString(noted).getAsJsonArray();
      return Optional.of(
          new Categories(array.asList().stream().map(JsonElement::getAsString).toList()));
    } catch (JsonParseException | IllegalStateException | IllegalArgumentException e) {
      throw new CheckpointException(
          "%s: its metadata should list categories, found %s".formatted(checkpoint.source(), noted),
          e);
    }
  }

  Map<String, String> metadata() {
    return Map.of(KEY, new Gson().toJson(names));
  }

  /** These, if a network has as many classes, or one more for the background. */
  Categories checked(int classes, String network) {
    if (names.size() != classes - 1 && names.size() != classes) {
      throw new IllegalArgumentException(
          "%s has %d classes, background and %d categories or no background, but %d are named"
              .formatted(network, classes, classes - 1, names.size()));
    }
    return this;
  }

  /** How words are compared: in lower case, blanks alike. */
  private static String folded(String word) {
    return word.strip().replaceAll("[\\s_]+", " ").toLowerCase(Locale.ROOT);
  }

  /**
   * The label of every class in a vocabulary's results: 0 for background and for categories that
   * the vocabulary does not ask for.
   *
   * @param count of the network's classes
   * @throws IllegalArgumentException naming every word of which no name or synonym is a category's,
   *     with the nearest names, and words that claim one category twice
   */
  int[] labels(Vocabulary vocabulary, int count) {
    int[] labels = labels(vocabulary);
    return count == names.size() ? Arrays.copyOfRange(labels, 1, labels.length) : labels;
  }

  private int[] labels(Vocabulary vocabulary) {
    Map<String, Integer> classes = new HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      classes.put(folded(names.get(i)), i + 1);
    }
    int[] labels = new int[names.size() + 1];
    List<String> faults = new ArrayList<>();
    for (int i = 0; i < vocabulary.size(); i++) {
      Vocabulary.Category category = vocabulary.categories().get(i);
      int found = 0;
      for (String word : category.words()) {
        Integer label = classes.get(folded(word));
        if (label != null) {
          found++;
          if (labels[label] != 0 && labels[label] != i + 1) {
            throw new IllegalArgumentException(
                "\"%s\" and \"%s\" both name the category \"%s\""
                    .formatted(
                        vocabulary.names().get(labels[label] - 1),
                        category.name(),
                        names.get(label - 1)));
          }
          labels[label] = i + 1;
        }
      }
      if (found == 0) {
        faults.add("\"%s\" (nearest: %s)".formatted(category.name(), nearest(category.words())));
      }
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(
          "not trained for %s; it knows %d categories"
              .formatted(String.join(", ", faults), names.size()));
    }
    return labels;
  }

  /** The names that take the fewest changes of letters, for a message. */
  private String nearest(List<String> words) {
    return String.join(
        ", ",
        names.stream()
            .sorted(
                Comparator.comparingDouble(
                    name ->
                        words.stream().mapToDouble(word -> distance(word, name)).min().orElse(0)))
            .limit(NEAR)
            .map(name -> "\"" + name + "\"")
            .toList());
  }

  /** Changes of letters (Levenshtein) by the longer word's length; less if one holds the other. */
  private static double distance(String word, String name) {
    String a = folded(word);
    String b = folded(name);
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    double share = (double) row[b.length()] / Math.max(1, Math.max(a.length(), b.length()));
    return a.contains(b) || b.contains(a) ? share / 2 : share;
  }
}
