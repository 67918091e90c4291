package org.zeroseg.core.refine;

import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.zeroseg.core.cluster.Vectors;

/**
 * Laplacian propagation of scores along alike neighbours, guided by words (PEARL): a linear system
 * on a coarse grid, solved by a fixed number of conjugate-gradient steps. It has not converged
 * then; the number belongs to the method.
 *
 * @param grid cells that the picture's sides are reduced to, about; 80 in the release, 224 for
 *     Cityscapes
 * @param steps of the solver; 25 in the release
 * @param full whether words lend to one another, as the paper means it, or only count for
 *     themselves, as the release computes it
 */
public record LaplacianPropagation(int grid, int steps, boolean full) {

  /** As released. */
  public static final LaplacianPropagation PEARL = new LaplacianPropagation(80, 25, false);

  private static final double TEMPERATURE = 0.5;
  private static final double DIAGONAL = 10;
  private static final double EDGE_GAIN = 5;
  private static final double CONFIDENCE_FLOOR = 0.05;
  private static final double EPSILON = 1e-6;
  private static final double TINY = 1e-12;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is not positive
   */
  public LaplacianPropagation {
    if (grid < 1 || steps < 1) {
      throw new IllegalArgumentException(steps + " steps on a grid of " + grid);
    }
  }

  /**
   * Scores on the coarse grid.
   *
   * @param values {@code [K, height, width]}
   * @param height of the grid
   * @param width of the grid
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Coarse(float[] values, int height, int width) {}

  /**
   * Solves for a picture. The result is resized bilinearly to the picture by the caller, which
   * spreads it over the remainder that does not fill a cell, too.
   *
   * @param pixels {@code [3, H, W]}, normalised
   * @param height H
   * @param width W
   * @param scores gives one thread what it reads {@code [K][W]} scores of a row of the picture
   *     with, which hold until the next row is read
   * @param words {@code [K, D]}, the words' vectors
   * @return the propagated scores; of the picture's size if no side exceeds the grid by half
   */
  public Coarse solve(
      float[] pixels,
      int height,
      int width,
      Supplier<IntFunction<float[][]>> scores,
      float[][] words) {
    int down = Math.max(1, (int) Math.rint((double) height / grid));
    int across = Math.max(1, (int) Math.rint((double) width / grid));
    int rows = height / down;
    int columns = width / across;
    int count = words.length;
    float[] pooled = new float[count * rows * columns];
    IntStream.range(0, rows)
        .parallel()
        .forEach(
            row -> {
              IntFunction<float[][]> reader = scores.get();
              for (int y = row * down; y < (row + 1) * down; y++) {
                float[][] line = reader.apply(y);
                for (int k = 0; k < count; k++) {
                  int at = (k * rows + row) * columns;
                  for (int x = 0; x < columns * across; x++) {
                    pooled[at + x / across] += line[k][x];
                  }
                }
              }
            });
    for (int i = 0; i < pooled.length; i++) {
      pooled[i] /= down * across;
    }
    float[] grey = grey(pixels, height, width, down, across);
    float[] solved = solve(grey, pooled, rows, columns, similarity(words));
    return new Coarse(solved, rows, columns);
  }

  /** How much a word lends to each: rows sum to one, but for the epsilon. */
  private double[][] similarity(float[][] words) {
    int n = words.length;
    double[][] similarity = new double[n][n];
    for (int i = 0; i < n; i++) {
      double[] row = similarity[i];
      for (int j = 0; j < n; j++) {
        row[j] = cosine(words[i], words[j]) / TEMPERATURE;
      }
      double most = Arrays.stream(row).max().orElseThrow();
      double total = 0;
      for (int j = 0; j < n; j++) {
        row[j] = Math.exp(row[j] - most);
        total += row[j];
      }
      double sum = DIAGONAL + 1 + EPSILON; // the softmax sums to one
      for (int j = 0; j < n; j++) {
        row[j] = (row[j] / total + (i == j ? DIAGONAL : 0)) / sum;
      }
    }
    return similarity;
  }

  private static double cosine(float[] a, float[] b) {
    return Vectors.dot(a, b) / Math.sqrt(Vectors.dot(a, a) * Vectors.dot(b, b));
  }

  private static float[] grey(float[] pixels, int height, int width, int down, int across) {
    int rows = height / down;
    int columns = width / across;
    int plane = height * width;
    float[] grey = new float[rows * columns];
    for (int y = 0; y < rows * down; y++) {
      for (int x = 0; x < columns * across; x++) {
        int at = y * width + x;
        grey[y / down * columns + x / across] +=
            0.299f * pixels[at] + 0.587f * pixels[plane + at] + 0.114f * pixels[2 * plane + at];
      }
    }
    for (int i = 0; i < grey.length; i++) {
      grey[i] /= down * across;
    }
    return grey;
  }

  private float[] solve(
      float[] grey, float[] scores, int rows, int columns, double[][] similarity) {
    int n = rows * columns;
    int count = similarity.length;
    float[] p = softmax(scores, n, count);
    float[] sp = lend(similarity, p, n, count);
    float[] confidence = confidence(p, sp, n, count);
    float[] right = weights(grey, p, sp, rows, columns, 1, 0);
    float[] below = weights(grey, p, sp, rows, columns, 0, 1);
    float[] x = scores.clone();
    float[] residual = new float[x.length];
    apply(confidence, right, below, x, residual, rows, columns);
    for (int i = 0; i < x.length; i++) {
      residual[i] = confidence[i % n] * scores[i] - residual[i];
    }
    float[] direction = residual.clone();
    float[] product = new float[x.length];
    // Sums in double: in float their rounding moves the result by 1e-5.
    double energy = Vectors.dot(residual, residual);
    for (int step = 0; step < steps; step++) {
      apply(confidence, right, below, direction, product, rows, columns);
      float alpha = (float) (energy / (Vectors.dot(direction, product) + TINY));
      for (int i = 0; i < x.length; i++) {
        x[i] += alpha * direction[i];
        residual[i] -= alpha * product[i];
      }
      double next = Vectors.dot(residual, residual);
      float beta = (float) (next / (energy + TINY));
      for (int i = 0; i < x.length; i++) {
        direction[i] = residual[i] + beta * direction[i];
      }
      energy = next;
    }
    return x;
  }

  private static float[] softmax(float[] scores, int n, int count) {
    float[] p = new float[scores.length];
    for (int i = 0; i < n; i++) {
      float most = Float.NEGATIVE_INFINITY;
      for (int k = 0; k < count; k++) {
        most = Math.max(most, scores[k * n + i]);
      }
      double sum = 0;
      for (int k = 0; k < count; k++) {
        sum += Math.exp(scores[k * n + i] - most);
      }
      for (int k = 0; k < count; k++) {
        p[k * n + i] = (float) (Math.exp(scores[k * n + i] - most) / sum);
      }
    }
    return p;
  }

  private float[] lend(double[][] similarity, float[] p, int n, int count) {
    float[] lent = new float[p.length];
    for (int k = 0; k < count; k++) {
      for (int j = full ? 0 : k; j < (full ? count : k + 1); j++) {
        float weight = (float) similarity[k][j];
        for (int i = 0; i < n; i++) {
          lent[k * n + i] += weight * p[j * n + i];
        }
      }
    }
    return lent;
  }

  private static float[] confidence(float[] p, float[] sp, int n, int count) {
    float[] confidence = new float[n];
    for (int i = 0; i < n; i++) {
      double most = CONFIDENCE_FLOOR;
      double agree = 0;
      for (int k = 0; k < count; k++) {
        most = Math.max(most, p[k * n + i]);
        agree += (double) p[k * n + i] * sp[k * n + i];
      }
      confidence[i] = (float) (most * most * (1 + Math.max(0, Math.min(1, agree))));
    }
    return confidence;
  }

  /** Weights of the edges to the right (or below); 0 where there is none. */
  private static float[] weights(
      float[] grey, float[] p, float[] sp, int rows, int columns, int dx, int dy) {
    int n = rows * columns;
    int count = p.length / n;
    int step = dx + dy * columns;
    float[] weights = new float[n];
    double sum = 0;
    long edges = (long) (rows - dy) * (columns - dx);
    for (int y = 0; y < rows - dy; y++) {
      for (int x = 0; x < columns - dx; x++) {
        int i = y * columns + x;
        sum += Math.abs(grey[i + step] - grey[i]);
      }
    }
    double scale = edges == 0 ? 1 : sum / edges + EPSILON;
    for (int y = 0; y < rows - dy; y++) {
      for (int x = 0; x < columns - dx; x++) {
        int i = y * columns + x;
        double alike = 0;
        for (int k = 0; k < count; k++) {
          alike += (double) p[k * n + i + step] * sp[k * n + i];
        }
        double gradient = Math.abs(grey[i + step] - grey[i]) / scale;
        double weight = Math.exp(-EDGE_GAIN * gradient) * (1 + Math.max(0, Math.min(1, alike)));
        weights[i] = (float) Math.max(0, Math.min(1, weight));
      }
    }
    return weights;
  }

  /** {@code (C + Laplacian) x}, a five-point stencil. */
  private static void apply(
      float[] confidence,
      float[] right,
      float[] below,
      float[] x,
      float[] out,
      int rows,
      int columns) {
    int n = rows * columns;
    for (int at = 0; at < x.length; at += n) {
      for (int i = 0; i < n; i++) {
        out[at + i] = confidence[i] * x[at + i];
      }
      flow(right, x, out, at, n, 1);
      flow(below, x, out, at, n, columns);
    }
  }

  private static void flow(float[] weights, float[] x, float[] out, int at, int n, int step) {
    for (int i = 0; i < n - step; i++) {
      float flow = weights[i] * (x[at + i] - x[at + i + step]);
      out[at + i] += flow;
      out[at + i + step] -= flow;
    }
  }
}
