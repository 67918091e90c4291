package org.zeroseg.zsi;

import java.util.Arrays;

/** Which vectors the cells of the mask head are compared with. */
final class MaskWords {

  private MaskWords() {}

  /** Background and the unseen classes as rows, background being the given vector. */
  static float[][] unseenRows(ClassVectors classes, float[] background) {
    float[][] all = classes.rows();
    float[][] rows = Arrays.copyOfRange(all, classes.seen().size(), all.length);
    rows[0] = background;
    return rows;
  }

  /**
   * Unseen classes by way of the seen ones, as in the released code, without a softmax between: the
   * map of a class is the sum over seen classes of map times dot product.
   *
   * @param seen rows of background and the seen classes
   * @param unseen rows of unseen classes
   * @return rows in the order of the unseen ones
   */
  static Matrix unseen(float[][] seen, float[][] unseen) {
    return shares(seen, unseen).times(Matrix.rows(seen));
  }

  /**
   * Of the seen classes' maps in the map of each unseen one: their dot products, {@code [K, N]}.
   */
  static Matrix shares(float[][] seen, float[][] unseen) {
    return Matrix.rows(unseen).times(Matrix.rows(seen).transposed());
  }
}
