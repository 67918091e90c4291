package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A matrix in double precision, in which chains of linear maps are folded.
 *
 * @param rows their number
 * @param columns their number
 * @param values row-major
 */
@SuppressWarnings("ArrayRecordComponent")
record Matrix(int rows, int columns, double[] values) {

  /** The first dimension as rows, all others as columns. */
  static Matrix of(NDArray array) {
    int rows = (int) array.getShape().get(0);
    float[] values = array.toFloatArray();
    return of(rows, values.length / rows, values);
  }

  static Matrix of(int rows, int columns, float[] values) {
    double[] wide = new double[values.length];
    Arrays.setAll(wide, i -> values[i]);
    return new Matrix(rows, columns, wide);
  }

  static Matrix column(NDArray vector) {
    float[] values = vector.toFloatArray();
    return of(values.length, 1, values);
  }

  /** Vectors of one length as rows. */
  static Matrix rows(float[]... vectors) {
    int columns = vectors[0].length;
    double[] wide = new double[vectors.length * columns];
    Arrays.setAll(wide, i -> vectors[i / columns][i % columns]);
    return new Matrix(vectors.length, columns, wide);
  }

  Matrix times(Matrix other) {
    double[] product = new double[Math.multiplyExact(rows, other.columns)];
    IntStream.range(0, rows)
        .parallel()
        .forEach(
            row -> {
              int to = row * other.columns;
              for (int k = 0; k < columns; k++) {
                double factor = values[row * columns + k];
                int from = k * other.columns;
                for (int i = 0; i < other.columns; i++) {
                  product[to + i] += factor * other.values[from + i];
                }
              }
            });
    return new Matrix(rows, other.columns, product);
  }

  Matrix plus(Matrix other) {
    double[] sum = new double[values.length];
    Arrays.setAll(sum, i -> values[i] + other.values[i]);
    return new Matrix(rows, columns, sum);
  }

  Matrix transposed() {
    double[] turned = new double[values.length];
    Arrays.setAll(turned, i -> values[i % rows * columns + i / rows]);
    return new Matrix(columns, rows, turned);
  }

  float[] floats() {
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }

  float[] row(int index) {
    float[] row = new float[columns];
    for (int i = 0; i < columns; i++) {
      row[i] = (float) values[index * columns + i];
    }
    return row;
  }
}
