package org.zeroseg.examples.everyday;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** Nouns in sentences. */
final class English {

  /** Spoken of without an article. */
  private static final Set<String> BARE =
      Set.of(
          "bread",
          "corn",
          "cheese",
          "ice cream",
          "grapes",
          "french fries",
          "pants",
          "sunglasses",
          "scissors",
          "eyeglasses",
          "trousers");

  private static final Set<String> THE_ONLY = Set.of("sun", "moon");

  private static final Map<String, String> PLURALS =
      Map.of(
          "fish", "fish",
          "sheep", "sheep",
          "knife", "knives",
          "leaf", "leaves",
          "computer mouse", "computer mice",
          "CD", "CDs");

  private static final List<String> NUMBERS =
      List.of("zero", "one", "two", "three", "four", "five", "six");

  private English() {}

  /**
   * So many of a thing.
   *
   * @param noun in the singular
   * @param count 1 to 6
   * @return such as "an apple", "the moon", "bread", "two cherries"
   */
  static String some(String noun, int count) {
    if (count > 1) {
      return NUMBERS.get(count) + " " + plural(noun);
    }
    if (BARE.contains(noun)) {
      return noun;
    }
    if (THE_ONLY.contains(noun)) {
      return "the " + noun;
    }
    return (startsWithVowel(noun) ? "an " : "a ") + noun;
  }

  /** By its letters, but for "u" as in "unicycle", which stands for most nouns with it. */
  private static boolean startsWithVowel(String noun) {
    return noun.startsWith("umbrella") || "aeio".indexOf(noun.charAt(0)) >= 0;
  }

  static String plural(String noun) {
    String known = PLURALS.get(noun);
    if (known != null) {
      return known;
    }
    if (BARE.contains(noun)) {
      return noun.endsWith("s") ? noun : "pieces of " + noun;
    }
    int last = noun.length() - 1;
    if (noun.endsWith("s") || noun.endsWith("x") || noun.endsWith("ch") || noun.endsWith("sh")) {
      return noun + "es";
    }
    if (noun.endsWith("y") && "aeiou".indexOf(noun.charAt(last - 1)) < 0) {
      return noun.substring(0, last) + "ies";
    }
    return noun + "s";
  }

  /** "a", "a and b", "a, b and c". */
  static String list(List<String> parts) {
    int last = parts.size() - 1;
    return last == 0
        ? parts.get(0)
        : String.join(", ", parts.subList(0, last)) + " and " + parts.get(last);
  }
}
