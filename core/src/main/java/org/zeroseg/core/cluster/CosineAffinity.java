package org.zeroseg.core.cluster;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import java.util.stream.IntStream;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * The affinity of all pairs of positions that spectral clustering starts from (Shin et al. 2022,
 * SelfMask, Sec. 3.1): cosines of the feature vectors, shifted and scaled so that the least of all
 * is 0 and the greatest 1.
 *
 * <p>The matrix of all pairs is never built. It is {@code (F F' - m 1 1') / r} for unit rows F, the
 * least cosine m and the range r, so its rank is at most one more than the dimension, and the
 * spectrum of its normalised Laplacian follows exactly from a problem of that size.
 */
public final class CosineAffinity {

  /** Below this share of the greatest, a direction of the rows is rounding. */
  private static final double NEGLIGIBLE = 1e-13;

  private final float[] unit;
  private final int dimension;
  private final int count;
  private final double least;
  private final double range;
  private final double[] degrees;

  private CosineAffinity(float[] unit, int dimension, double least, double range) {
    this.unit = unit;
    this.dimension = dimension;
    this.least = least;
    this.range = range;
    count = unit.length / dimension;
    double[] sums = new double[dimension];
    for (int i = 0; i < unit.length; i++) {
      sums[i % dimension] += unit[i];
    }
    degrees = new double[count];
    for (int i = 0; i < count; i++) {
      double dot = 0;
      for (int k = 0; k < dimension; k++) {
        dot += unit[i * dimension + k] * sums[k];
      }
      degrees[i] = (dot - count * least) / range;
    }
  }

  /**
   * The affinity of feature vectors.
   *
   * @param features {@code [n, dimension]}, of any length
   * @param dimension numbers a vector
   * @return the affinity; empty if all cosines are the same, as on a constant picture, so that
   *     there are no clusters to find
   * @throws IllegalArgumentException if a number is not finite
   */
  public static Optional<CosineAffinity> of(float[] features, int dimension) {
    float[] unit = Vectors.unit(features, dimension);
    int count = unit.length / dimension;
    DotPanels panels = new DotPanels(count, dimension);
    IntStream.range(0, count)
        .parallel()
        .forEach(
            i -> {
              for (int k = 0; k < dimension; k++) {
                panels.set(i, k, unit[i * dimension + k]);
              }
            });
    float[][] extremes =
        IntStream.range(0, count)
            .parallel()
            .mapToObj(i -> extremes(panels, i, count))
            .toArray(float[][]::new);
    double least = Double.POSITIVE_INFINITY;
    double greatest = Double.NEGATIVE_INFINITY;
    for (float[] extreme : extremes) {
      least = Math.min(least, extreme[0]);
      greatest = Math.max(greatest, extreme[1]);
    }
    // What is left of equal vectors is the error of the products.
    return greatest - least > 4 * panels.error()
        ? Optional.of(new CosineAffinity(unit, dimension, least, greatest - least))
        : Optional.empty();
  }

  /** The least and the greatest product of a vector with itself and all before it. */
  private static float[] extremes(DotPanels panels, int i, int count) {
    float[] vector = panels.get(i);
    float[] dots = new float[DotPanels.WIDTH];
    float least = Float.POSITIVE_INFINITY;
    float greatest = Float.NEGATIVE_INFINITY;
    for (int panel = 0; panel <= i / DotPanels.WIDTH; panel++) {
      panels.dots(panel, vector, dots);
      int end = Math.min(DotPanels.WIDTH, count - panel * DotPanels.WIDTH);
      for (int j = 0; j < end; j++) {
        least = Math.min(least, dots[j]);
        greatest = Math.max(greatest, dots[j]);
      }
    }
    return new float[] {least, greatest};
  }

  /**
   * The number of positions.
   *
   * @return n
   */
  public int count() {
    return count;
  }

  /**
   * The affinity of two positions.
   *
   * @param i one position
   * @param j another or the same
   * @return a number in [0, 1]
   */
  public double get(int i, int j) {
    double dot = 0;
    for (int k = 0; k < dimension; k++) {
      dot += (double) unit[i * dimension + k] * unit[j * dimension + k];
    }
    return (dot - least) / range;
  }

  /**
   * The sums of the rows, diagonal included.
   *
   * @return one a position
   */
  public double[] degrees() {
    return degrees.clone();
  }

  /**
   * The smallest solutions of {@code (D - A) v = lambda D v}.
   *
   * @param wanted how many, at most the number of positions
   * @return eigenvalues ascending, and vectors with {@code v' D v = 1}
   * @throws IllegalArgumentException if there are fewer positions, or one has no affinity to any,
   *     as a vector of zeros may have
   */
  public Spectrum spectrum(int wanted) {
    if (wanted < 1 || wanted > count) {
      throw new IllegalArgumentException(wanted + " eigenvectors of " + count + " positions");
    }
    for (int i = 0; i < count; i++) {
      if (!(degrees[i] > 0)) {
        throw new IllegalArgumentException(
            "Position " + i + " has no affinity to any; is its vector zero?");
      }
    }
    return count <= dimension + 1 || wanted > dimension + 1 ? dense(wanted) : lowRank(wanted);
  }

  /**
   * Part of a spectrum.
   *
   * @param values eigenvalues, ascending
   * @param vectors {@code [n, values]} row-major; column j belongs to value j
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Spectrum(double[] values, double[] vectors) {}

  private Spectrum dense(int wanted) {
    double[] columns = new double[dimension * count];
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < dimension; k++) {
        columns[k * count + i] = unit[i * dimension + k];
      }
    }
    double[] normalised = gram(columns, dimension, count);
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < count; j++) {
        double affinity = (normalised[i * count + j] - least) / range;
        normalised[i * count + j] = affinity / Math.sqrt(degrees[i] * degrees[j]);
      }
    }
    SymmetricEigen eigen = SymmetricEigen.of(normalised, count);
    double[] values = new double[wanted];
    double[] vectors = new double[count * wanted];
    for (int v = 0; v < wanted; v++) {
      int column = count - 1 - v;
      values[v] = 1 - eigen.values()[column];
      for (int i = 0; i < count; i++) {
        vectors[i * wanted + v] = eigen.vectors()[i * count + column] / Math.sqrt(degrees[i]);
      }
    }
    return new Spectrum(values, vectors);
  }

  /**
   * With {@code G = D^-1/2 [F 1]} and {@code S = diag(1, .., 1, -m) / r} the normalised affinity is
   * {@code G S G'}. From {@code G' G = V L V'} comes an orthonormal basis {@code Q = G V L^-1/2} of
   * its range, in which it is the small matrix {@code L^1/2 V' S V L^1/2}; with w the last row of V
   * that is {@code (L - (1 + m) L^1/2 w' w L^1/2) / r}.
   */
  private Spectrum lowRank(int wanted) {
    int size = dimension + 1;
    double[] g = new double[count * size];
    for (int i = 0; i < count; i++) {
      double scale = 1 / Math.sqrt(degrees[i]);
      for (int k = 0; k < dimension; k++) {
        g[i * size + k] = unit[i * dimension + k] * scale;
      }
      g[i * size + dimension] = scale;
    }
    SymmetricEigen gram = SymmetricEigen.of(gram(g, count, size), size);
    double[] lengths = gram.values();
    int skipped = 0;
    while (lengths[skipped] <= NEGLIGIBLE * lengths[size - 1]) {
      skipped++;
    }
    int rank = size - skipped;
    double[] small = new double[rank * rank];
    double[] v = gram.vectors();
    for (int a = 0; a < rank; a++) {
      for (int b = a; b < rank; b++) {
        double last = v[dimension * size + a + skipped] * v[dimension * size + b + skipped];
        double lengthsOfBoth = Math.sqrt(lengths[a + skipped] * lengths[b + skipped]);
        double sum = ((a == b ? 1 : 0) - (1 + least) * last) * lengthsOfBoth / range;
        small[a * rank + b] = sum;
        small[b * rank + a] = sum;
      }
    }
    SymmetricEigen eigen = SymmetricEigen.of(small, rank);
    int found = Math.min(wanted, rank);
    double[] values = new double[found];
    double[] mix = new double[size * found];
    for (int w = 0; w < found; w++) {
      int column = rank - 1 - w;
      values[w] = 1 - eigen.values()[column];
      for (int a = 0; a < rank; a++) {
        double share = eigen.vectors()[a * rank + column] / Math.sqrt(lengths[a + skipped]);
        for (int k = 0; k < size; k++) {
          mix[k * found + w] += v[k * size + a + skipped] * share;
        }
      }
    }
    double[] vectors = new double[count * found];
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < size; k++) {
        for (int w = 0; w < found; w++) {
          vectors[i * found + w] += g[i * size + k] * mix[k * found + w];
        }
      }
      for (int w = 0; w < found; w++) {
        vectors[i * found + w] /= Math.sqrt(degrees[i]);
      }
    }
    return new Spectrum(values, vectors);
  }

  /** {@code A' A} for A {@code [rows, columns]}. */
  private static double[] gram(double[] a, int rows, int columns) {
    try (NDManager manager = TorchEngine.newManager()) {
      NDArray matrix = manager.create(a, new Shape(rows, columns));
      return matrix.transpose().matMul(matrix).toDoubleArray();
    }
  }
}
