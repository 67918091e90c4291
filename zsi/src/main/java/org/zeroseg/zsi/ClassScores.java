package org.zeroseg.zsi;

/**
 * From the detector's answer about seen classes to scores of any classes: probabilities go through
 * the dot products of word vectors (the released code's form of Zheng et al. 2021, Sec. 3.2).
 *
 * @param products {@code [N, K]}: of background and the seen classes with background and the
 *     classes asked for
 */
record ClassScores(Matrix products) {

  /**
   * Scores for classes.
   *
   * @param seen rows of background and the seen classes
   * @param asked rows of background and the classes asked for
   */
  static ClassScores of(float[][] seen, float[][] asked) {
    return new ClassScores(Matrix.rows(seen).times(Matrix.rows(asked).transposed()));
  }

  /** Probabilities of the seen classes: the softmax of each row of {@code [R, classes]}. */
  static float[] softmax(float[] logits, int classes) {
    float[] probabilities = new float[logits.length];
    for (int at = 0; at < logits.length; at += classes) {
      float highest = Float.NEGATIVE_INFINITY;
      for (int i = at; i < at + classes; i++) {
        highest = Math.max(highest, logits[i]);
      }
      double sum = 0;
      for (int i = at; i < at + classes; i++) {
        probabilities[i] = (float) Math.exp(logits[i] - highest);
        sum += probabilities[i];
      }
      for (int i = at; i < at + classes; i++) {
        probabilities[i] = (float) (probabilities[i] / sum);
      }
    }
    return probabilities;
  }

  /** Scores {@code [R, K]} from probabilities {@code [R, N]}. */
  float[] of(float[] probabilities) {
    int rows = probabilities.length / products.rows();
    return Matrix.of(rows, products.rows(), probabilities).times(products).floats();
  }
}
