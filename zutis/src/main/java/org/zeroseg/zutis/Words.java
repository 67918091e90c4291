package org.zeroseg.zutis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.zeroseg.core.Vocabulary;

/**
 * The words of a vocabulary in a row, as the network compares them: background first, as in
 * training, then the categories with their synonyms. A category takes the best of its words.
 *
 * @param words all of them
 * @param labels which label each belongs to, 0 for background
 * @param categories the number of labels besides background
 * @param margin what is taken off the cosines of background
 */
@SuppressWarnings("ArrayRecordComponent")
record Words(List<String> words, int[] labels, int categories, double margin) {

  /** The word that the network has learnt for what is none of the others. */
  private static final String BACKGROUND = "background";

  static Words of(Vocabulary vocabulary, double margin) {
    List<String> words = new ArrayList<>(vocabulary.backgroundWords());
    List<Integer> labels = new ArrayList<>();
    boolean named =
        vocabulary.categories().stream()
            .flatMap(category -> category.words().stream())
            .anyMatch(word -> word.toLowerCase(Locale.ROOT).equals(BACKGROUND));
    if (words.isEmpty() && !named) {
      words.add(BACKGROUND);
    }
    words.forEach(word -> labels.add(0));
    int label = 0;
    for (Vocabulary.Category category : vocabulary.categories()) {
      label++;
      for (String word : category.words()) {
        words.add(word);
        labels.add(label);
      }
    }
    int[] plain = labels.stream().mapToInt(Integer::intValue).toArray();
    return new Words(words, plain, label, margin);
  }

  /** Words that are labels themselves, the first for background. */
  static Words each(int words) {
    int[] labels = new int[words];
    for (int i = 0; i < words; i++) {
      labels[i] = i;
    }
    return new Words(List.of(), labels, words - 1, 0);
  }

  /**
   * The best word of each label.
   *
   * @param values {@code [words, n]} from {@code offset}
   * @return {@code [1 + categories, n]}; minus infinity for a label without words
   */
  float[] best(float[] values, int offset, int n) {
    float[] best = new float[(1 + categories) * n];
    Arrays.fill(best, Float.NEGATIVE_INFINITY);
    for (int word = 0; word < labels.length; word++) {
      int from = offset + word * n;
      int to = labels[word] * n;
      float less = labels[word] == 0 ? (float) margin : 0;
      for (int i = 0; i < n; i++) {
        best[to + i] = Math.max(best[to + i], values[from + i] - less);
      }
    }
    return best;
  }
}
