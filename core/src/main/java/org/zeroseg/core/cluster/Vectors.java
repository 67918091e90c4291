package org.zeroseg.core.cluster;

import java.util.stream.IntStream;

/** Small arithmetic on vectors that lie one after the other in an array. */
public final class Vectors {

  private Vectors() {}

  /**
   * Vectors of length 1.
   *
   * @param vectors {@code [n, dimension]}
   * @param dimension numbers a vector
   * @return the vectors divided by their L2 norms, {@code [n, dimension]}; a zero vector stays zero
   * @throws IllegalArgumentException if a number is not finite
   */
  public static float[] unit(float[] vectors, int dimension) {
    int count = count(vectors, dimension);
    float[] unit = new float[vectors.length];
    IntStream.range(0, count)
        .parallel()
        .forEach(
            i -> {
              double squared = 0;
              for (int k = i * dimension; k < (i + 1) * dimension; k++) {
                squared += (double) vectors[k] * vectors[k];
              }
              float norm = (float) Math.sqrt(squared);
              for (int k = i * dimension; norm > 0 && k < (i + 1) * dimension; k++) {
                unit[k] = vectors[k] / norm;
              }
            });
    return unit;
  }

  /** The number of vectors, all of them finite. */
  static int count(float[] vectors, int dimension) {
    int count = count(vectors.length, dimension);
    for (int i = 0; i < vectors.length; i++) {
      if (!Float.isFinite(vectors[i])) {
        throw notFinite(i, dimension, vectors[i]);
      }
    }
    return count;
  }

  /** The number of vectors, all of them finite. */
  static int count(double[] vectors, int dimension) {
    int count = count(vectors.length, dimension);
    for (int i = 0; i < vectors.length; i++) {
      if (!Double.isFinite(vectors[i])) {
        throw notFinite(i, dimension, vectors[i]);
      }
    }
    return count;
  }

  private static int count(int length, int dimension) {
    if (dimension < 1 || length == 0 || length % dimension != 0) {
      throw new IllegalArgumentException(
          length + " numbers are no vectors of " + dimension + " numbers");
    }
    return length / dimension;
  }

  private static IllegalArgumentException notFinite(int i, int dimension, double value) {
    return new IllegalArgumentException(
        "Number " + i % dimension + " of vector " + i / dimension + " is " + value);
  }

  /**
   * The inner product of two vectors, summed in double precision from the first number on.
   *
   * @param a a vector
   * @param b another of at least the same length
   * @return the sum of the products
   */
  public static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  /**
   * The inner product of two vectors, summed from the first number on.
   *
   * @param a a vector
   * @param b another of at least the same length
   * @return the sum of the products
   */
  public static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** The squared distance of two vectors; the same bits if they are exchanged. */
  static double squaredDistance(double[] a, int i, double[] b, int j, int dimension) {
    // Four sums, because one would wait for each addition to end before the next begins.
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int k = 0;
    for (; k + 3 < dimension; k += 4) {
      double d0 = a[i + k] - b[j + k];
      double d1 = a[i + k + 1] - b[j + k + 1];
      double d2 = a[i + k + 2] - b[j + k + 2];
      double d3 = a[i + k + 3] - b[j + k + 3];
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    for (; k < dimension; k++) {
      double d = a[i + k] - b[j + k];
      s0 += d * d;
    }
    return (s0 + s1) + (s2 + s3);
  }
}
