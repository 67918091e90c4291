package org.zeroseg.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.Vocabulary.Category;

class VocabularyTest {

  @Test
  void keepsTheOrderOfCategoriesAndTheirSynonyms() {
    Vocabulary vocabulary =
        Vocabulary.of(List.of(Category.of("sofa", "couch", " settee "), Category.of("cat")));
    assertEquals(2, vocabulary.size());
    assertEquals(List.of("sofa", "cat"), vocabulary.names());
    assertEquals(List.of("sofa", "couch", "settee"), vocabulary.categories().get(0).words());
    assertEquals(List.of(), vocabulary.backgroundWords());
    assertEquals(OptionalDouble.empty(), vocabulary.backgroundThreshold());
  }

  @Test
  void takesWordsAndAThresholdForTheBackground() {
    Vocabulary cats = Vocabulary.of("cat");
    Vocabulary vocabulary = cats.withBackground("sky", "grass").withBackgroundThreshold(.25);
    assertEquals(List.of("sky", "grass"), vocabulary.backgroundWords());
    assertEquals(OptionalDouble.of(.25), vocabulary.backgroundThreshold());
    assertEquals(List.of(), cats.backgroundWords());
    assertEquals(vocabulary, cats.withBackgroundThreshold(.25).withBackground("sky", "grass"));
  }

  @Test
  void refusesWhatHasNoMeaning() {
    assertRefused("at least one category", Vocabulary::of);
    assertRefused("A category's name is blank", () -> Vocabulary.of("cat", "  "));
    assertRefused("A synonym of 'cat' is blank", () -> Category.of("cat", ""));
    assertRefused("A background word is blank", () -> Vocabulary.of("cat").withBackground(" "));
    assertRefused(
        "'Cat' occurs twice: in category 'cat' and in category 'Cat'",
        () -> Vocabulary.of("cat", "dog", "Cat "));
    assertRefused(
        "'couch' occurs twice: in category 'sofa' and in category 'bed'",
        () -> Vocabulary.of(List.of(Category.of("sofa", "couch"), Category.of("bed", "couch"))));
    assertRefused(
        "'dog' occurs twice: in category 'dog' and in the background",
        () -> Vocabulary.of("dog").withBackground("dog"));
    for (double threshold : new double[] {Double.NaN, -0.1, 1.1, Double.POSITIVE_INFINITY}) {
      assertRefused(
          "between 0 and 1", () -> Vocabulary.of("dog").withBackgroundThreshold(threshold));
    }
  }

  @Test
  void refusesWordsThatTextEncodersReadAlike() {
    assertRefused("occurs twice", () -> Vocabulary.of("caf\u00e9", "cafe\u0301"));
    assertRefused("occurs twice", () -> Vocabulary.of("red triangle", "red  triangle"));
    assertRefused("occurs twice", () -> Vocabulary.of("red triangle", "Red\u00a0triangle"));
    assertRefused("is blank", () -> Vocabulary.of("\u00a0"));
    assertEquals(2, Vocabulary.of("cafe", "caf\u00e9").size());
  }

  @Test
  void commonBackgroundLeavesOutWhatIsAskedFor() {
    assertEquals(26, Vocabulary.COMMON_BACKGROUND.size());
    Vocabulary beds = Vocabulary.of(List.of(Category.of("Bed", "couch"), Category.of("cat")));
    List<String> background = beds.withCommonBackground().backgroundWords();
    assertEquals(25, background.size());
    assertTrue(background.contains("sky") && !background.contains("bed"));
  }

  private static void assertRefused(String message, Runnable call) {
    String found = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(found.contains(message), found);
  }
}
