package org.zeroseg.core.cluster;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.commons.math3.linear.EigenDecomposition;

/**
 * The smoothest vectors on a graph: generalised eigenvectors of {@code (D - W) v = lambda D v} with
 * the smallest eigenvalues, found from products with {@code W} alone. The iteration runs on {@code
 * D^-1/2 W D^-1/2} with full reorthogonalisation; the first vector is known (constant) and taken
 * out beforehand. A few dozen products replace a decomposition in {@code O(n^3)}.
 */
public final class Lanczos {

  /** Residual, relative to the norm of the matrix (one), at which a pair counts as found. */
  private static final double TOLERANCE = 1e-11;

  /** The first look at the pairs; further ones come as the subspace has grown by a quarter. */
  private static final int FIRST_CHECK = 10;

  private static final long SEED = 20_080_623L;

  /** A symmetric matrix of non-negative entries, known by its products. */
  public interface Graph {
    /**
     * Multiplies with the matrix W.
     *
     * @param x a vector
     * @param y receives {@code W x}
     */
    void multiply(double[] x, double[] y);
  }

  /**
   * Eigenvalues and their vectors.
   *
   * @param values ascending
   * @param vectors of each value, scaled so that {@code v' D v = 1}
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Pairs(double[] values, double[][] vectors) {}

  private Lanczos() {}

  /**
   * The smallest pairs, the constant vector with eigenvalue 0 first.
   *
   * @param graph the matrix W
   * @param degree the sums of its rows, D
   * @param count how many pairs, as far as there are that many
   * @return the pairs
   * @throws IllegalArgumentException if a degree is not positive and finite
   */
  public static Pairs smoothest(Graph graph, double[] degree, int count) {
    int n = degree.length;
    int wanted = Math.min(count, n) - 1;
    double[] scale = new double[n];
    double total = 0;
    for (int i = 0; i < n; i++) {
      if (!(degree[i] > 0) || Double.isInfinite(degree[i])) {
        throw new IllegalArgumentException("Node " + i + " has degree " + degree[i]);
      }
      scale[i] = 1 / Math.sqrt(degree[i]);
      total += degree[i];
    }
    double[] first = new double[n];
    for (int i = 0; i < n; i++) {
      first[i] = Math.sqrt(degree[i] / total);
    }
    double[] values = new double[wanted + 1];
    double[][] vectors = new double[wanted + 1][];
    vectors[0] = unscale(first, scale);
    if (wanted > 0) {
      iterate(graph, scale, first, wanted, values, vectors);
    }
    return new Pairs(values, vectors);
  }

  private static void iterate(
      Graph graph,
      double[] scale,
      double[] first,
      int wanted,
      double[] values,
      double[][] vectors) {
    int n = scale.length;
    int most = n - 1;
    double[][] basis = new double[most + 1][];
    double[] alpha = new double[most];
    double[] beta = new double[most];
    SplittableRandom random = new SplittableRandom(SEED);
    basis[0] = first;
    basis[1] = fresh(random, basis, 1, n);
    double[] scaled = new double[n];
    double[] product = new double[n];
    int nextCheck = Math.max(wanted, FIRST_CHECK);
    int closed = 0;
    for (int m = 1; m <= most; m++) {
      double[] v = basis[m];
      for (int i = 0; i < n; i++) {
        scaled[i] = v[i] * scale[i];
      }
      graph.multiply(scaled, product);
      double[] next = new double[n];
      for (int i = 0; i < n; i++) {
        next[i] = product[i] * scale[i];
      }
      alpha[m - 1] = Vectors.dot(next, v);
      orthogonalise(next, basis, m + 1);
      double length = Math.sqrt(Vectors.dot(next, next));
      beta[m - 1] = length;
      // An invariant subspace holds every eigenvalue, since a random vector meets them all, but of
      // equal ones a single copy: as many subspaces as pairs miss nothing, fewer may.
      closed += length < TOLERANCE ? 1 : 0;
      boolean complete = m == most || closed == wanted;
      if (complete || (m == nextCheck && closed == 0)) {
        if (converged(basis, alpha, beta, m, wanted, scale, values, vectors, complete)) {
          return;
        }
        nextCheck += Math.max(FIRST_CHECK, m / 4);
      }
      if (length < TOLERANCE) { // an invariant subspace: go on in what is left
        beta[m - 1] = 0;
        next = fresh(random, basis, m + 1, n);
      } else {
        for (int i = 0; i < n; i++) {
          next[i] /= length;
        }
      }
      basis[m + 1] = next;
    }
  }

  /** Fills values and vectors if the wanted Ritz pairs are exact enough. */
  private static boolean converged(
      double[][] basis,
      double[] alpha,
      double[] beta,
      int m,
      int wanted,
      double[] scale,
      double[] values,
      double[][] vectors,
      boolean complete) {
    double[] main = Arrays.copyOf(alpha, m);
    double[] secondary = Arrays.copyOf(beta, m - 1);
    EigenDecomposition ritz = new EigenDecomposition(main, secondary); // descending
    for (int k = 0; k < wanted && !complete; k++) {
      if (Math.abs(beta[m - 1] * ritz.getEigenvector(k).getEntry(m - 1)) > TOLERANCE) {
        return false;
      }
    }
    int n = scale.length;
    for (int k = 0; k < wanted; k++) {
      values[k + 1] = 1 - ritz.getRealEigenvalue(k);
      double[] vector = new double[n];
      for (int j = 0; j < m; j++) {
        double weight = ritz.getEigenvector(k).getEntry(j);
        for (int i = 0; i < n; i++) {
          vector[i] += weight * basis[j + 1][i];
        }
      }
      vectors[k + 1] = unscale(vector, scale);
    }
    return true;
  }

  private static double[] unscale(double[] vector, double[] scale) {
    double[] result = new double[vector.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = vector[i] * scale[i];
    }
    return result;
  }

  /** A random unit vector orthogonal to the basis so far. */
  private static double[] fresh(SplittableRandom random, double[][] basis, int count, int n) {
    double[] vector = new double[n];
    for (int i = 0; i < n; i++) {
      vector[i] = random.nextDouble() - 0.5;
    }
    orthogonalise(vector, basis, count);
    double length = Math.sqrt(Vectors.dot(vector, vector));
    for (int i = 0; i < n; i++) {
      vector[i] /= length;
    }
    return vector;
  }

  /** Twice is enough (Parlett). */
  private static void orthogonalise(double[] vector, double[][] basis, int count) {
    for (int pass = 0; pass < 2; pass++) {
      for (int j = 0; j < count; j++) {
        double overlap = Vectors.dot(vector, basis[j]);
        for (int i = 0; i < vector.length; i++) {
          vector[i] -= overlap * basis[j][i];
        }
      }
    }
  }
}
