package org.zeroseg.core.cluster;

import java.util.Arrays;

/**
 * float32 vectors laid out so that the products of one vector with many run at the speed of the
 * vector units: panels of {@link #WIDTH} vectors, each number of all of them side by side.
 */
final class DotPanels {

  /** Vectors a panel: with a few hundred numbers each they stay in the second-level cache. */
  static final int WIDTH = 256;

  /** Half a unit in the last place of 1. */
  private static final double ROUNDING = 0x1p-24;

  private final int dimension;
  private final int padded;

  /** {@code [panels * padded][WIDTH]}. */
  private final float[][] rows;

  DotPanels(int count, int dimension) {
    this.dimension = dimension;
    padded = (dimension + 3) / 4 * 4;
    rows = new float[(count + WIDTH - 1) / WIDTH * padded][WIDTH];
  }

  int panels() {
    return rows.length / padded;
  }

  void set(int index, int component, float value) {
    rows[index / WIDTH * padded + component][index % WIDTH] = value;
  }

  /** One vector, padded with zeros to a multiple of four. */
  float[] get(int index) {
    float[] vector = new float[padded];
    for (int k = 0; k < dimension; k++) {
      vector[k] = rows[index / WIDTH * padded + k][index % WIDTH];
    }
    return vector;
  }

  /** The products of a vector as {@link #get} gives it with all vectors of a panel. */
  void dots(int panel, float[] vector, float[] dots) {
    Arrays.fill(dots, 0);
    int base = panel * padded;
    for (int k = 0; k < padded; k += 4) {
      add(
          vector[k],
          vector[k + 1],
          vector[k + 2],
          vector[k + 3],
          rows[base + k],
          rows[base + k + 1],
          rows[base + k + 2],
          rows[base + k + 3],
          dots);
    }
  }

  /** A method of its own over separate arrays: the form that the JIT compiler vectorises. */
  private static void add(
      float a0,
      float a1,
      float a2,
      float a3,
      float[] x0,
      float[] x1,
      float[] x2,
      float[] x3,
      float[] sums) {
    for (int j = 0; j < sums.length; j++) {
      sums[j] += (a0 * x0[j] + a1 * x1[j]) + (a2 * x2[j] + a3 * x3[j]);
    }
  }

  /**
   * How far {@code |x|^2 + |y|^2 - 2 x y}, computed from rounded vectors by these products, may be
   * from the squared distance, as a share of {@code |x|^2 + |y|^2}: one rounding for each sum of
   * four, those within the four, and those of the vectors and norms.
   */
  float error() {
    return (float) ((padded / 4.0 + 32) * ROUNDING);
  }
}
