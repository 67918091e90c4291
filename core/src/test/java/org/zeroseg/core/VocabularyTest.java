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
    assertRefused("not a number", () -> Vocabulary.of("dog").withBackgroundThreshold(Double.NaN));
  }

  private static void assertRefused(String message, Runnable call) {
    String found = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(found.contains(message), found);
  }
}
