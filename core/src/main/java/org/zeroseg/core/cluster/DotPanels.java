package org.zeroseg.core.cluster;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * float32 vectors laid out so that the products of a few vectors with many run at the speed of the
 * vector units: panels of {@link #WIDTH} vectors, each number of all of them side by side.
 */
final class DotPanels {

  /** Vectors a panel: few enough that sums stay in the first-level cache. */
  static final int WIDTH = 1024;

  /** Vectors whose products are computed together. */
  static final int GROUP = 4;

  /** Numbers of a panel's vectors that stay in the second-level cache meanwhile. */
  private static final int DEPTH = 32;

  /** Half a unit in the last place of 1. */
  private static final double ROUNDING = 0x1p-24;

  /** Whether the processor multiplies and adds at once; where it does not, Java takes for ever. */
  private static final boolean FUSED = isFused();

  private final int dimension;
  private final int padded;

  /** {@code [panels * padded][WIDTH]}. */
  private final float[][] rows;

  DotPanels(int count, int dimension) {
    this.dimension = dimension;
    padded = (dimension + 3) / 4 * 4;
    rows = new float[(count + WIDTH - 1) / WIDTH * padded][WIDTH];
  }

  private static boolean isFused() {
    try {
      return Boolean.parseBoolean(
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
              .getVMOption("UseFMA")
              .getValue());
    } catch (RuntimeException | LinkageError e) {
      return false; // another virtual machine
    }
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

  /**
   * The products of several vectors with all vectors of a panel, faster than one by one, and
   * rounded in another order.
   *
   * @param vectors a multiple of {@link #GROUP} of them
   * @param dots takes {@code [vectors][WIDTH]}
   */
  void dots(int panel, float[][] vectors, float[][] dots) {
    if (!FUSED) {
      for (int i = 0; i < vectors.length; i++) {
        dots(panel, vectors[i], dots[i]);
      }
      return;
    }
    for (float[] sums : dots) {
      Arrays.fill(sums, 0);
    }
    int end = (panel + 1) * padded;
    for (int from = panel * padded; from < end; from += DEPTH) {
      for (int i = 0; i < vectors.length; i += GROUP) {
        addFused(panel, from, Math.min(from + DEPTH, end), vectors, dots, i);
      }
    }
  }

  private void addFused(int panel, int from, int to, float[][] vectors, float[][] dots, int i) {
    for (int row = from; row < to; row += 2) {
      addFused(
          row - panel * padded,
          vectors[i],
          vectors[i + 1],
          vectors[i + 2],
          vectors[i + 3],
          rows[row],
          rows[row + 1],
          dots[i],
          dots[i + 1],
          dots[i + 2],
          dots[i + 3]);
    }
  }

  /** Four vectors and two rows: more, or any other form, the JIT compiler does not vectorise. */
  private static void addFused(
      int k,
      float[] a,
      float[] b,
      float[] c,
      float[] d,
      float[] x,
      float[] y,
      float[] sumsA,
      float[] sumsB,
      float[] sumsC,
      float[] sumsD) {
    float a0 = a[k];
    float a1 = a[k + 1];
    float b0 = b[k];
    float b1 = b[k + 1];
    float c0 = c[k];
    float c1 = c[k + 1];
    float d0 = d[k];
    float d1 = d[k + 1];
    for (int j = 0; j < sumsA.length; j++) {
      float xj = x[j];
      float yj = y[j];
      sumsA[j] = Math.fma(a1, yj, Math.fma(a0, xj, sumsA[j]));
      sumsB[j] = Math.fma(b1, yj, Math.fma(b0, xj, sumsB[j]));
      sumsC[j] = Math.fma(c1, yj, Math.fma(c0, xj, sumsC[j]));
      sumsD[j] = Math.fma(d1, yj, Math.fma(d0, xj, sumsD[j]));
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

  /** As {@link #error()}, of the products of several vectors: one rounding for each number. */
  float errorOfSeveral() {
    return FUSED ? (float) ((padded + 32) * ROUNDING) : error();
  }
}
