package org.zeroseg.core.segment;

/** How the values of all categories at a pixel become the probability of one. */
@FunctionalInterface
public interface Scoring {

  /**
   * The probability of one category at a pixel.
   *
   * @param row {@code [count][width of the picture]} values
   * @param category the category's number from 0
   * @param x the pixel's column
   * @return from 0 to 1
   */
  double probability(float[][] row, int category, int x);

  /**
   * The softmax of scaled values: a category against the others.
   *
   * @param scale what values are multiplied by; 100 for CLIP's cosines
   * @return the rule
   */
  static Scoring softmax(float scale) {
    return (row, category, x) -> {
      float own = row[category][x];
      double sum = 0;
      for (float[] value : row) {
        float logit = scale * (value[x] - own);
        // Beyond, nothing is left of it beside the one that is its own.
        sum += logit > -30 ? Math.exp(logit) : 0;
      }
      return 1 / sum;
    };
  }

  /**
   * The sigmoid of scaled values: a category's own, whatever the others have.
   *
   * @param scale what values are multiplied by; 5 for ZUTIS's cosines
   * @return the rule
   */
  static Scoring sigmoid(float scale) {
    return (row, category, x) -> 1 / (1 + Math.exp(-scale * row[category][x]));
  }

  /**
   * The share of the sum, for values that are like probabilities.
   *
   * @return the rule
   */
  static Scoring share() {
    return (row, category, x) -> {
      double sum = 0;
      for (float[] value : row) {
        sum += value[x];
      }
      return row[category][x] / sum;
    };
  }
}
