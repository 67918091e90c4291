package org.zeroseg.zsi;

import java.util.Arrays;

/** The levels of features that the network looks at. */
final class Pyramid {

  private Pyramid() {}

  /**
   * All anchors of a picture's pyramid.
   *
   * @param anchors {@code [n, 4]}, level by level
   * @param valid whether their cells lie in the padded picture
   * @param counts anchors of each level
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Grids(float[] anchors, boolean[] valid, int[] counts) {

    /** Sizes are height and width of each level. */
    static Grids of(Anchors rules, int[][] sizes, int paddedHeight, int paddedWidth) {
      int[] counts = new int[sizes.length];
      for (int level = 0; level < sizes.length; level++) {
        counts[level] = sizes[level][0] * sizes[level][1] * rules.shapes();
      }
      int all = Arrays.stream(counts).sum();
      float[] anchors = new float[4 * all];
      boolean[] valid = new boolean[all];
      int at = 0;
      for (int level = 0; level < sizes.length; level++) {
        int height = sizes[level][0];
        int width = sizes[level][1];
        System.arraycopy(rules.grid(level, height, width), 0, anchors, 4 * at, 4 * counts[level]);
        System.arraycopy(
            rules.valid(level, height, width, paddedHeight, paddedWidth),
            0,
            valid,
            at,
            counts[level]);
        at += counts[level];
      }
      return new Grids(anchors, valid, counts);
    }
  }
}
