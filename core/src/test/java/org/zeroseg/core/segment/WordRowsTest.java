package org.zeroseg.core.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.Vocabulary.Category;

class WordRowsTest {

  private static final Vocabulary WORDS =
      Vocabulary.of(List.of(Category.of("sofa", "couch"), Category.of("cat")))
          .withBackground("sky", "sea");

  @Test
  void backgroundComesLastAndStandsTogetherOrApart() {
    WordRows together = WordRows.of(WORDS);
    assertEquals(List.of("sofa", "couch", "cat", "sky", "sea"), together.words());
    assertArrayEquals(new int[] {0, 0, 1, 2, 2}, together.owners());
    assertEquals(3, together.count());
    WordRows apart = WordRows.withBackgroundApart(WORDS);
    assertArrayEquals(new int[] {0, 0, 1, 2, 3}, apart.owners());
    assertEquals(4, apart.count());
    for (WordRows rows : List.of(together, apart)) {
      assertEquals(2, rows.categories());
      assertTrue(rows.hasBackground());
      assertEquals(1, rows.label(1));
      assertEquals(2, rows.label(2));
      assertEquals(0, rows.label(4));
    }
    assertFalse(WordRows.of(Vocabulary.of("cat")).hasBackground());
  }

  @Test
  void anOwnerTakesTheBestOfItsWords() {
    assertArrayEquals(
        new float[] {2, 5, 4, 4, 6, 8},
        WordRows.of(WORDS).best(new float[] {9, 1, 5, 2, 3, 4, 4, 0, 7, 6, 8}, 1, 2));
  }
}
