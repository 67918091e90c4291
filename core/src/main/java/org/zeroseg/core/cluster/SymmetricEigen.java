package org.zeroseg.core.cluster;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, in double precision. Vectors have length 1
 * and an arbitrary sign.
 *
 * @param values eigenvalues, ascending
 * @param vectors {@code [n, n]} row-major; column j belongs to value j
 */
@SuppressWarnings("ArrayRecordComponent")
record SymmetricEigen(double[] values, double[] vectors) {

  /** Up to this size plain Java is done before a call into the engine. */
  private static final int SMALL = 48;

  /**
   * Decomposes a matrix.
   *
   * @param matrix {@code [n, n]}, row-major, symmetric
   * @param n rows and columns, at least 1
   * @return its eigenvalues and eigenvectors
   * @throws IllegalArgumentException if the size is wrong or a number is not finite
   */
  static SymmetricEigen of(double[] matrix, int n) {
    if (n < 1 || (long) n * n != matrix.length) {
      throw new IllegalArgumentException(matrix.length + " numbers for a matrix of order " + n);
    }
    Vectors.count(matrix, n);
    return n <= SMALL ? inJava(matrix, n) : inEngine(matrix, n);
  }

  static SymmetricEigen inJava(double[] matrix, int n) {
    double[][] rows = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        // The mean of both triangles, as otherwise rounding could pass for asymmetry.
        rows[i][j] = (matrix[i * n + j] + matrix[j * n + i]) / 2;
      }
    }
    EigenDecomposition decomposition =
        new EigenDecomposition(new Array2DRowRealMatrix(rows, false));
    double[] found = decomposition.getRealEigenvalues();
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> found[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] values = new double[n];
    double[] vectors = new double[n * n];
    for (int j = 0; j < n; j++) {
      values[j] = found[order[j]];
      for (int i = 0; i < n; i++) {
        vectors[i * n + j] = decomposition.getV().getEntry(i, order[j]);
      }
    }
    return new SymmetricEigen(values, vectors);
  }

  static SymmetricEigen inEngine(double[] matrix, int n) {
    try (NDManager manager = TorchEngine.newManager()) {
      NDArray x = manager.create(matrix, new Shape(n, n));
      NDList found = Kernels.core().callAll("eigen", x);
      return new SymmetricEigen(found.get(0).toDoubleArray(), found.get(1).toDoubleArray());
    }
  }
}
