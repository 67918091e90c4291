package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.zeroseg.core.cluster.Lanczos;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;

/**
 * TokenCut (Wang et al. 2022): a normalised cut of the graph of patches whose keys are alike.
 *
 * @param tau patches more alike than this (cosine) are joined
 * @param epsilon the weight between all others
 * @param binary whether joined patches have weight one, or their cosine
 */
public record TokenCut(double tau, double epsilon, boolean binary) {

  /** The published setting. */
  public static final TokenCut DEFAULT = new TokenCut(0.2, 1e-5, true);

  /** Eigenvalues this close to each other and to one: a complete graph without a cut. */
  private static final double NO_CUT = 1e-9;

  /**
   * What was found, with the steps that led there.
   *
   * @param eigenvalues the smallest of {@code (D - W) v = lambda D v}, at most four, ascending
   * @param eigenvector the second, positive at the seed, {@code v' D v = 1}
   * @param seed the position where it is largest
   * @param bipartition the positions above its mean, or below, whichever holds the seed
   * @param mask the connected part of it that holds the seed; empty if the graph has no cut
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Found(
      double[] eigenvalues, double[] eigenvector, int seed, Mask bipartition, Mask mask) {}

  /**
   * Checks the setting.
   *
   * @throws IllegalArgumentException if epsilon is not positive: nodes could be without an edge
   */
  public TokenCut {
    if (!(epsilon > 0) || Double.isNaN(tau)) {
      throw new IllegalArgumentException("TokenCut with tau " + tau + ", epsilon " + epsilon);
    }
  }

  /**
   * The size that a picture gets before its saliency is looked for: both sides to the nearest
   * multiple of the patch, at least one.
   *
   * @param width of the picture
   * @param height of the picture
   * @param patch side of a patch
   * @return the sizes; the filter is Lanczos
   */
  public static Sizes size(int width, int height, int patch) {
    return new Sizes(
        width,
        height,
        patch * Math.max(1, (int) Math.rint((double) width / patch)),
        patch * Math.max(1, (int) Math.rint((double) height / patch)));
  }

  /**
   * Finds one object.
   *
   * @param features {@code [N, D]}: keys of the last block without the class token, of any length
   * @param grid the positions
   * @return the object
   * @throws IllegalArgumentException if the features do not fit the grid or are not finite
   */
  public Found find(NDArray features, Grid grid) {
    int n = grid.size();
    Lanczos.Graph graph = FeatureProducts.of(features, grid, flat -> graph(flat, n));
    double[] degree = new double[n];
    double[] ones = new double[n];
    Arrays.fill(ones, 1);
    graph.multiply(ones, degree);
    return cut(Lanczos.smoothest(graph, degree, 4), grid);
  }

  private Lanczos.Graph graph(NDArray features, int n) {
    NDArray unit = features.div(features.norm(new int[] {1}, true).maximum(1e-12f));
    if (binary) {
      Bits bits = new Bits(n, epsilon);
      FeatureProducts.rows(unit, (i, products, offset) -> bits.fill(i, products, offset, tau));
      return bits;
    }
    Dense dense = new Dense(new float[n][]);
    FeatureProducts.rows(
        unit,
        (i, products, offset) -> {
          float[] row = new float[n];
          for (int j = 0; j < n; j++) {
            float cosine = products[offset + j];
            row[j] = cosine < tau ? (float) epsilon : cosine;
          }
          dense.rows[i] = row;
        });
    return dense;
  }

  private static Found cut(Lanczos.Pairs pairs, Grid grid) {
    int n = grid.size();
    double[] values = pairs.values();
    if (n < 2 || noCut(values)) {
      Mask nothing = Mask.empty(grid.columns(), grid.rows());
      return new Found(values, new double[n], 0, nothing, nothing);
    }
    double[] v = pairs.vectors()[1];
    int seed = 0;
    double mean = 0;
    for (int i = 0; i < n; i++) {
      mean += v[i] / n;
      seed = Math.abs(v[i]) > Math.abs(v[seed]) ? i : seed;
    }
    boolean flip = v[seed] <= mean;
    double middle = mean;
    Mask bipartition =
        Mask.of(
            grid.columns(), grid.rows(), (x, y) -> (v[y * grid.columns() + x] > middle) != flip);
    double[] signed = flip ? Arrays.stream(v).map(a -> -a).toArray() : v;
    return new Found(values, signed, seed, bipartition, GridMasks.around(seed, bipartition, grid));
  }

  /** In a complete graph all eigenvalues but the first are one, and any vector is the second. */
  private static boolean noCut(double[] values) {
    double last = values[values.length - 1];
    return last - values[1] < NO_CUT && Math.abs(values[1] - 1) < 1e-3;
  }

  /** Weights one and epsilon, a bit each. */
  private static final class Bits implements Lanczos.Graph {
    private final int n;
    private final double epsilon;
    private final long[][] rows;

    Bits(int n, double epsilon) {
      this.n = n;
      this.epsilon = epsilon;
      this.rows = new long[n][(n + 63) / 64];
    }

    void fill(int i, float[] products, int offset, double tau) {
      for (int j = 0; j < n; j++) {
        if (products[offset + j] > tau) {
          rows[i][j >> 6] |= 1L << j;
        }
      }
    }

    @Override
    public void multiply(double[] x, double[] y) {
      double all = 0;
      for (double value : x) {
        all += value;
      }
      double share = epsilon * all;
      IntStream.range(0, n)
          .parallel()
          .forEach(
              i -> {
                double joined = 0;
                for (int word = 0; word < rows[i].length; word++) {
                  for (long bits = rows[i][word]; bits != 0; bits &= bits - 1) {
                    joined += x[(word << 6) + Long.numberOfTrailingZeros(bits)];
                  }
                }
                y[i] = share + (1 - epsilon) * joined;
              });
    }
  }

  /** Weights of any size. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Dense(float[][] rows) implements Lanczos.Graph {
    @Override
    public void multiply(double[] x, double[] y) {
      IntStream.range(0, rows.length)
          .parallel()
          .forEach(
              i -> {
                double sum = 0;
                for (int j = 0; j < x.length; j++) {
                  sum += rows[i][j] * x[j];
                }
                y[i] = sum;
              });
    }
  }
}
