package org.zeroseg.clip;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Tokens that say nothing of their place (SC-CLIP), and what replaces them. Anomalous are those
 * whose outlier factor exceeds a quantile. Departure from the release: rows and columns of a cell
 * follow from the grid's width, not its height, which matters where the two differ.
 */
record AnomalousTokens(BitSet cells, int height, int width) {

  static AnomalousTokens of(float[] factors, double contamination, int height, int width) {
    float[] sorted = factors.clone();
    Arrays.sort(sorted);
    double place = (1 - contamination) * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    double share = place - below;
    float limit = (float) (sorted[below] + share * (sorted[above] - sorted[below]));
    BitSet cells = new BitSet(factors.length);
    for (int i = 0; i < factors.length; i++) {
      cells.set(i, factors[i] > limit);
    }
    return new AnomalousTokens(cells, height, width);
  }

  /**
   * Replaces each by the mean of the good ones among the eight around it; one without any stays.
   *
   * @param tokens {@code [h w, depth]} from the offset, changed in place
   */
  void repair(float[] tokens, int offset, int depth) {
    // Only anomalous tokens are written and only others are read, so the order does not matter.
    for (int cell = cells.nextSetBit(0); cell >= 0; cell = cells.nextSetBit(cell + 1)) {
      int row = cell / width;
      int column = cell % width;
      double[] sum = new double[depth];
      int good = 0;
      for (int y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
        for (int x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          int other = y * width + x;
          if (!cells.get(other)) {
            good++;
            for (int i = 0; i < depth; i++) {
              sum[i] += tokens[offset + other * depth + i];
            }
          }
        }
      }
      for (int i = 0; good > 0 && i < depth; i++) {
        tokens[offset + cell * depth + i] = (float) (sum[i] / good);
      }
    }
  }
}
