package org.zeroseg.examples.everyday;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnglishTest {

  @ParameterizedTest
  @CsvSource({
    "cat, a cat, two cats",
    "apple, an apple, two apples",
    "umbrella, an umbrella, two umbrellas",
    "moon, the moon, two moons",
    "bread, bread, two pieces of bread",
    "grapes, grapes, two grapes",
    "cherry, a cherry, two cherries",
    "box, a box, two boxes",
    "bus, a bus, two buses",
    "watch, a watch, two watches",
    "knife, a knife, two knives",
    "fish, a fish, two fish",
    "key, a key, two keys",
    "computer mouse, a computer mouse, two computer mice"
  })
  void nounsTakeTheirArticleAndPlural(String noun, String one, String two) {
    assertEquals(one, English.some(noun, 1));
    assertEquals(two, English.some(noun, 2));
  }

  @Test
  void listsAreJoined() {
    assertEquals("a cat", English.list(List.of("a cat")));
    assertEquals("a cat and bread", English.list(List.of("a cat", "bread")));
    assertEquals("a cat, bread and a cup", English.list(List.of("a cat", "bread", "a cup")));
  }
}
