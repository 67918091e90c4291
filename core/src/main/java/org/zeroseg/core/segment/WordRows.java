package org.zeroseg.core.segment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zeroseg.core.Vocabulary;

/**
 * The words of a vocabulary in rows, as networks compare them: those of the categories in order,
 * each name before its synonyms, and those of the background last.
 *
 * @param words one a row
 * @param owners whose word each is: a category from 0, or a number from {@code categories} on for
 *     background
 * @param categories the number of categories that have a label
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
public record WordRows(List<String> words, int[] owners, int categories) {

  /**
   * Rows with one background, whose words stand together like those of a category.
   *
   * @param vocabulary the words
   * @return the rows
   */
  public static WordRows of(Vocabulary vocabulary) {
    return of(vocabulary, false);
  }

  /**
   * Rows in which every background word stands for itself, as in a softmax over all of them.
   *
   * @param vocabulary the words
   * @return the rows
   */
  public static WordRows withBackgroundApart(Vocabulary vocabulary) {
    return of(vocabulary, true);
  }

  private static WordRows of(Vocabulary vocabulary, boolean apart) {
    List<String> words = new ArrayList<>();
    List<Integer> owners = new ArrayList<>();
    int owner = 0;
    for (Vocabulary.Category category : vocabulary.categories()) {
      for (String word : category.words()) {
        words.add(word);
        owners.add(owner);
      }
      owner++;
    }
    for (String word : vocabulary.backgroundWords()) {
      words.add(word);
      owners.add(owner);
      owner += apart ? 1 : 0;
    }
    int[] plain = owners.stream().mapToInt(Integer::intValue).toArray();
    return new WordRows(List.copyOf(words), plain, vocabulary.size());
  }

  /**
   * How many own a word: the categories, and what is background.
   *
   * @return at least {@link #categories()}
   */
  public int count() {
    return Math.max(categories, 1 + Arrays.stream(owners).max().orElse(-1));
  }

  /**
   * Whether there is a word for background.
   *
   * @return true if one of the words is the background's
   */
  public boolean hasBackground() {
    return count() > categories;
  }

  /**
   * What a row's word says of a pixel.
   *
   * @param row the word's number
   * @return a label of a segmentation: 0 for background, else the category's number from 1
   */
  public int label(int row) {
    return owners[row] < categories ? owners[row] + 1 : 0;
  }

  /**
   * The best word of each owner.
   *
   * @param values {@code [words, n]} from {@code offset}, row-major
   * @param offset where they begin
   * @param n values a word
   * @return {@code [count, n]}
   */
  public float[] best(float[] values, int offset, int n) {
    float[] best = new float[count() * n];
    Arrays.fill(best, Float.NEGATIVE_INFINITY);
    for (int row = 0; row < owners.length; row++) {
      int from = offset + row * n;
      int to = owners[row] * n;
      for (int i = 0; i < n; i++) {
        best[to + i] = Math.max(best[to + i], values[from + i]);
      }
    }
    return best;
  }
}
