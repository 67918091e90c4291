package org.zeroseg.core;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The words that a picture is segmented by: categories in order, each with synonyms. Category i has
 * the label i + 1 in a {@link Segmentation}; label 0 is background.
 *
 * <p>Two things make background. Background words compete with the categories, and a pixel that one
 * of them wins is background. A threshold makes a pixel background if every category scores less.
 * Without either, every pixel gets a category, however poor the match: {@link
 * #withCommonBackground} is the usual choice.
 *
 * <pre>{@code
 * Vocabulary words =
 *     Vocabulary.of(
 *         List.of(
 *             new Vocabulary.Category("sofa", List.of("couch")),
 *             new Vocabulary.Category("cat", List.of())));
 * words = words.withBackground("wall", "floor");
 * }</pre>
 *
 * <p>Words are compared without regard to case, to the number of blanks, and to the Unicode form of
 * accents, none of which text encoders see; none may occur twice.
 */
public final class Vocabulary {

  /** The most categories, so that labels and background fit 16 bits. */
  public static final int MAX_CATEGORIES = 65_535;

  /**
   * What surrounds things on photographs: 26 words that SCLIP (Wang et al. 2024) and later methods
   * compare with on PASCAL VOC.
   */
  public static final List<String> COMMON_BACKGROUND =
      List.of(
          "sky",
          "wall",
          "tree",
          "wood",
          "grass",
          "road",
          "sea",
          "river",
          "mountain",
          "sands",
          "desk",
          "bed",
          "building",
          "cloud",
          "lamp",
          "door",
          "window",
          "wardrobe",
          "ceiling",
          "shelf",
          "curtain",
          "stair",
          "floor",
          "hill",
          "rail",
          "fence");

  /** Blanks of any kind, the unbreakable ones too. */
  private static final Pattern BLANKS = Pattern.compile("[\\s\\p{Z}]+");

  /**
   * One category.
   *
   * @param name the word that results show
   * @param synonyms further words for the same, may be empty
   */
  public record Category(String name, List<String> synonyms) {

    /**
     * Strips and checks the words.
     *
     * @throws IllegalArgumentException if a word is blank
     */
    public Category {
      name = word(name, "A category's name");
      String owner = "A synonym of '" + name + "'";
      synonyms = synonyms.stream().map(synonym -> word(synonym, owner)).toList();
    }

    /**
     * A category with its synonyms.
     *
     * @param name the word that results show
     * @param synonyms further words for the same
     * @return the category
     */
    public static Category of(String name, String... synonyms) {
      return new Category(name, List.of(synonyms));
    }

    /**
     * All words of the category.
     *
     * @return the name, then the synonyms
     */
    public List<String> words() {
      List<String> words = new ArrayList<>();
      words.add(name);
      words.addAll(synonyms);
      return List.copyOf(words);
    }
  }

  private final List<Category> categories;
  private final List<String> backgroundWords;
  private final OptionalDouble backgroundThreshold;

  private Vocabulary(
      List<Category> categories, List<String> backgroundWords, OptionalDouble backgroundThreshold) {
    if (categories.isEmpty()) {
      throw new IllegalArgumentException("A vocabulary needs at least one category");
    }
    if (categories.size() > MAX_CATEGORIES) {
      throw new IllegalArgumentException(
          categories.size() + " categories, more than " + MAX_CATEGORIES);
    }
    this.categories = List.copyOf(categories);
    this.backgroundWords =
        backgroundWords.stream().map(word -> word(word, "A background word")).toList();
    this.backgroundThreshold = backgroundThreshold;
    Map<String, String> owners = new HashMap<>();
    for (Category category : this.categories) {
      for (String word : category.words()) {
        claim(owners, word, "category '" + category.name() + "'");
      }
    }
    for (String word : this.backgroundWords) {
      claim(owners, word, "the background");
    }
  }

  private static String word(String word, String what) {
    if (word.isBlank() || BLANKS.matcher(word).replaceAll("").isEmpty()) {
      throw new IllegalArgumentException(what + " is blank");
    }
    return word.strip();
  }

  /** The same for words that text encoders read alike. */
  private static String alike(String word) {
    String composed = Normalizer.normalize(word, Normalizer.Form.NFC);
    return BLANKS.matcher(composed).replaceAll(" ").strip().toLowerCase(Locale.ROOT);
  }

  private static void claim(Map<String, String> owners, String word, String owner) {
    String earlier = owners.putIfAbsent(alike(word), owner);
    if (earlier != null) {
      throw new IllegalArgumentException(
          "The word '" + word + "' occurs twice: in " + earlier + " and in " + owner);
    }
  }

  /**
   * Categories without synonyms.
   *
   * @param names one word or phrase a category
   * @return the vocabulary
   * @throws IllegalArgumentException if there is none, or one is blank or occurs twice
   */
  public static Vocabulary of(String... names) {
    return of(Arrays.stream(names).map(Category::of).toList());
  }

  /**
   * Categories, with synonyms where they have some.
   *
   * @param categories in the order of their labels
   * @return the vocabulary
   * @throws IllegalArgumentException if there is none, or a word occurs twice
   */
  public static Vocabulary of(List<Category> categories) {
    return new Vocabulary(categories, List.of(), OptionalDouble.empty());
  }

  /**
   * The same categories with words for what is none of them.
   *
   * @param words such as "sky" or "ground"; they replace earlier ones
   * @return a new vocabulary
   * @throws IllegalArgumentException if a word is blank or occurs twice
   */
  public Vocabulary withBackground(String... words) {
    return new Vocabulary(categories, List.of(words), backgroundThreshold);
  }

  /**
   * The same categories with {@link #COMMON_BACKGROUND} for what is none of them, but for words
   * that name a category. Without any background every pixel is given to one of the categories.
   *
   * @return a new vocabulary
   */
  public Vocabulary withCommonBackground() {
    Set<String> named = new HashSet<>();
    categories.forEach(category -> category.words().forEach(word -> named.add(alike(word))));
    String[] others =
        COMMON_BACKGROUND.stream().filter(word -> !named.contains(word)).toArray(String[]::new);
    return withBackground(others);
  }

  /**
   * The same categories with more background words, for things that are easily mistaken for a
   * category: "fox" and "wolf" when looking for dogs. Pixels of such things then become background.
   * Call it after {@link #withBackground} or {@link #withCommonBackground}, which replace all
   * background words.
   *
   * @param words for things that are none of the categories; those that are background words
   *     already are ignored
   * @return a new vocabulary
   * @throws IllegalArgumentException if a word is blank, occurs twice or names a category
   */
  public Vocabulary excluding(String... words) {
    Set<String> known = new HashSet<>();
    backgroundWords.forEach(word -> known.add(alike(word)));
    List<String> all = new ArrayList<>(backgroundWords);
    Arrays.stream(words).filter(word -> !known.contains(alike(word))).forEach(all::add);
    return new Vocabulary(categories, all, backgroundThreshold);
  }

  /**
   * The same categories with a least score.
   *
   * @param threshold from 0 to 1, on the scale of the segmenter's scores: a pixel becomes
   *     background if every category scores less, and a single instance that scores less is left
   *     out
   * @return a new vocabulary
   * @throws IllegalArgumentException if the threshold is not between 0 and 1
   */
  public Vocabulary withBackgroundThreshold(double threshold) {
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new IllegalArgumentException(
          "A background threshold of " + threshold + "; scores lie between 0 and 1");
    }
    return new Vocabulary(categories, backgroundWords, OptionalDouble.of(threshold));
  }

  /**
   * The number of categories, background not counted.
   *
   * @return at least 1
   */
  public int size() {
    return categories.size();
  }

  /**
   * The categories.
   *
   * @return in the order of their labels, label 1 first
   */
  public List<Category> categories() {
    return categories;
  }

  /**
   * The categories' names.
   *
   * @return in the order of their labels, label 1 first
   */
  public List<String> names() {
    return categories.stream().map(Category::name).toList();
  }

  /**
   * Words for what is none of the categories.
   *
   * @return empty if there are none
   */
  public List<String> backgroundWords() {
    return backgroundWords;
  }

  /**
   * The score that a category must reach.
   *
   * @return empty if any score will do
   */
  public OptionalDouble backgroundThreshold() {
    return backgroundThreshold;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Vocabulary vocabulary
        && categories.equals(vocabulary.categories)
        && backgroundWords.equals(vocabulary.backgroundWords)
        && backgroundThreshold.equals(vocabulary.backgroundThreshold);
  }

  @Override
  public int hashCode() {
    return categories.hashCode() + 31 * backgroundWords.hashCode();
  }

  @Override
  public String toString() {
    return "Vocabulary" + names();
  }
}
