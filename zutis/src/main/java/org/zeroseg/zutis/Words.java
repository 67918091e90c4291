package org.zeroseg.zutis;

import java.util.List;
import java.util.Locale;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.segment.WordRows;

/**
 * The words of a vocabulary as the network compares them. A label takes the best of its words.
 *
 * @param rows the words, background among them
 * @param margin what is taken off the cosines of background
 */
record Words(WordRows rows, double margin) {

  /** The word that the network has learnt for what is none of the others. */
  private static final String BACKGROUND = "background";

  static Words of(Vocabulary vocabulary, double margin) {
    boolean named =
        vocabulary.categories().stream()
            .flatMap(category -> category.words().stream())
            .anyMatch(word -> word.toLowerCase(Locale.ROOT).equals(BACKGROUND));
    boolean asked = named || !vocabulary.backgroundWords().isEmpty();
    Vocabulary all = asked ? vocabulary : vocabulary.withBackground(BACKGROUND);
    return new Words(WordRows.of(all), margin);
  }

  List<String> words() {
    return rows.words();
  }

  int count() {
    return rows.owners().length;
  }

  /**
   * The best word of each category and, if there is a word for it, of background.
   *
   * @param values {@code [words, n]} from {@code offset}
   * @return {@code [count, n]}, background last
   */
  float[] best(float[] values, int offset, int n) {
    float[] best = rows.best(values, offset, n);
    for (int i = rows.categories() * n; i < best.length; i++) {
      best[i] -= (float) margin;
    }
    return best;
  }

  /**
   * The best word of each label.
   *
   * @param cosines {@code [words]} from {@code offset}
   * @return {@code [1 + categories]}, background first; minus infinity for a label without words
   */
  double[] byLabel(float[] cosines, int offset) {
    float[] best = best(cosines, offset, 1);
    double[] labels = new double[1 + rows.categories()];
    labels[0] = rows.hasBackground() ? best[rows.categories()] : Double.NEGATIVE_INFINITY;
    for (int category = 0; category < rows.categories(); category++) {
      labels[1 + category] = best[category];
    }
    return labels;
  }
}
