package org.zeroseg.core.refine;

import org.zeroseg.core.cluster.Vectors;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;

/**
 * The fast bilateral solver (Barron and Poole 2016): snaps a coarse mask to the edges of its
 * picture by least squares over the cells of a bilateral grid.
 *
 * <p>The defaults are those that NamedMask and ZUTIS publish with: a flat start, a Jacobi
 * preconditioner, constant confidence; the paper's hierarchical preconditioner is not used there.
 *
 * @param spatialSigma side of a cell in pixels, at least 1
 * @param lumaSigma height of a cell in luma levels, at least 1
 * @param chromaSigma height of a cell in chroma levels, at least 1
 * @param smoothness weight of the smoothness term against the data term
 * @param confidence weight of every pixel's target, above 0
 * @param iterations conjugate-gradient iterations at most; ordinary pictures use them all, so the
 *     number is part of the result
 * @param tolerance residual at which the iterations end, relative to the right-hand side
 * @param keepBelowIou a binary mask whose IoU with its refinement is lower is returned unrefined; 0
 *     always takes the refinement, as the published methods do, even if nothing is left of the mask
 */
public record BilateralSolver(
    double spatialSigma,
    double lumaSigma,
    double chromaSigma,
    double smoothness,
    double confidence,
    int iterations,
    double tolerance,
    double keepBelowIou) {

  /** The parameters of NamedMask and ZUTIS. */
  public static final BilateralSolver DEFAULT =
      new BilateralSolver(16, 16, 8, 256, 0.999, 25, 1e-5, 0);

  /** The least diagonal that the preconditioner divides by. */
  private static final double LEAST_DIAGONAL = 1e-5;

  /** Positions have 16 bits in a grid key. */
  private static final int LARGEST_COORDINATE = 0xffff;

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public BilateralSolver {
    if (!(spatialSigma >= 1 && lumaSigma >= 1 && chromaSigma >= 1)) {
      throw new IllegalArgumentException(
          "Cells of at least 1 expected, found "
              + spatialSigma
              + " pixels, "
              + lumaSigma
              + " luma, "
              + chromaSigma
              + " chroma levels");
    }
    if (!(smoothness >= 0 && confidence > 0)) {
      throw new IllegalArgumentException(
          "Smoothness " + smoothness + " below 0 or confidence " + confidence + " not above 0");
    }
  }

  /**
   * The same solver that keeps a mask unrefined where little of it would be left.
   *
   * @param iou least IoU of a mask with its refinement
   * @return the solver
   */
  public BilateralSolver keepingBelowIou(double iou) {
    return new BilateralSolver(
        spatialSigma, lumaSigma, chromaSigma, smoothness, confidence, iterations, tolerance, iou);
  }

  /**
   * Prepares a picture, once for all of its masks.
   *
   * @param picture any mode; its colours count
   * @return the picture as a guide; immutable and thread-safe
   * @throws IllegalArgumentException if the picture has too many cells a side for the grid
   */
  public Guide guide(Picture picture) {
    int width = picture.width();
    int height = picture.height();
    if (Math.max(width, height) / spatialSigma > LARGEST_COORDINATE) {
      throw new IllegalArgumentException(width + " x " + height + " pixels are too many a side");
    }
    byte[] rgb = picture.rgb().samples();
    return new Guide(
        this,
        width,
        height,
        new BilateralGrid(rgb, width, height, spatialSigma, lumaSigma, chromaSigma));
  }

  /** A picture prepared for the refinement of any number of masks. */
  public static final class Guide {
    private final BilateralSolver solver;
    private final int width;
    private final int height;
    private final BilateralGrid grid;

    Guide(BilateralSolver solver, int width, int height, BilateralGrid grid) {
      this.solver = solver;
      this.width = width;
      this.height = height;
      this.grid = grid;
    }

    BilateralGrid grid() {
      return grid;
    }

    /**
     * Refines a binary mask.
     *
     * @param mask a mask of the picture's size
     * @return where the solution is above one half; perhaps empty, for small masks in large even
     *     areas
     * @throws IllegalArgumentException if the mask has another size than the picture
     */
    public Mask refine(Mask mask) {
      if (mask.width() != width || mask.height() != height) {
        throw new IllegalArgumentException(
            "Mask of "
                + mask.width()
                + " x "
                + mask.height()
                + " for a picture of "
                + width
                + " x "
                + height);
      }
      if (mask.isEmpty() || mask.area() == width * height) {
        return mask; // the flat start solves these
      }
      float[] target = new float[width * height];
      mask.forEach((x, y) -> target[y * width + x] = 1);
      double[] solution = vertices(target);
      Mask refined =
          Mask.of(width, height, (x, y) -> solution[grid.vertexOfPixel[y * width + x]] > 0.5);
      return solver.keepBelowIou > 0 && mask.iou(refined) < solver.keepBelowIou ? mask : refined;
    }

    /**
     * Solves for any target.
     *
     * @param target values in [0, 1], {@code [height, width]}
     * @return the solution {@code [height, width]}, in [0, 1] up to the error of the iterations
     * @throws IllegalArgumentException if the target has another size than the picture or is not
     *     finite
     */
    public double[] solve(float[] target) {
      double[] solution = vertices(target);
      double[] soft = new double[target.length];
      for (int i = 0; i < soft.length; i++) {
        soft[i] = solution[grid.vertexOfPixel[i]];
      }
      return soft;
    }

    private double[] vertices(float[] target) {
      if (target.length != width * height) {
        throw new IllegalArgumentException(
            "Target of " + target.length + " pixels for a picture of " + width + " x " + height);
      }
      for (int i = 0; i < target.length; i++) {
        if (!Float.isFinite(target[i])) {
          throw new IllegalArgumentException(
              "Target at x " + i % width + ", y " + i / width + " is " + target[i]);
        }
      }
      return new NormalEquations(solver, grid, target).solve();
    }
  }

  /** {@code A y = b} over the cells: {@code A = smoothness (M - N B N) + W}. */
  static final class NormalEquations {
    private final BilateralSolver solver;
    private final BilateralGrid grid;
    private final int size;
    final double[] diagonal;
    final double[] b;
    final double[] start;
    private final double[] scaled;

    NormalEquations(BilateralSolver solver, BilateralGrid grid, float[] target) {
      this.solver = solver;
      this.grid = grid;
      size = grid.vertices;
      diagonal = new double[size];
      b = grid.splat(target);
      start = new double[size];
      scaled = new double[size + 1];
      for (int i = 0; i < size; i++) {
        double weight = solver.confidence * grid.pixels[i];
        b[i] *= solver.confidence;
        start[i] = b[i] / weight;
        diagonal[i] = solver.smoothness * (grid.m[i] - 10 * grid.n[i] * grid.n[i]) + weight;
      }
    }

    void multiply(double[] y, double[] out) {
      for (int i = 0; i < size; i++) {
        scaled[i] = grid.n[i] * y[i];
      }
      grid.blur(scaled, out);
      for (int i = 0; i < size; i++) {
        out[i] =
            solver.smoothness * (grid.m[i] * y[i] - grid.n[i] * out[i])
                + solver.confidence * grid.pixels[i] * y[i];
      }
    }

    /** Conjugate gradients with a Jacobi preconditioner and SciPy's rules for stopping. */
    double[] solve() {
      double[] y = start.clone();
      double[] r = new double[size];
      multiply(y, r);
      for (int i = 0; i < size; i++) {
        r[i] = b[i] - r[i];
      }
      // An absolute bound before the first iteration, a relative one after it.
      if (norm(r) <= solver.tolerance) {
        return y;
      }
      double bNorm = norm(b);
      double bound = bNorm == 0 ? solver.tolerance : solver.tolerance * bNorm;
      double[] z = new double[size];
      double[] p = new double[size];
      double[] ap = new double[size];
      double rho = 0;
      for (int iteration = 0; iteration < solver.iterations; iteration++) {
        for (int i = 0; i < size; i++) {
          z[i] = r[i] / Math.max(diagonal[i], LEAST_DIAGONAL);
        }
        double previous = rho;
        rho = Vectors.dot(r, z);
        double beta = iteration == 0 ? 0 : rho / previous;
        for (int i = 0; i < size; i++) {
          p[i] = z[i] + beta * p[i];
        }
        multiply(p, ap);
        double alpha = rho / Vectors.dot(p, ap);
        for (int i = 0; i < size; i++) {
          y[i] += alpha * p[i];
          r[i] -= alpha * ap[i];
        }
        if (norm(r) <= bound) {
          break;
        }
      }
      return y;
    }

    private static double norm(double[] a) {
      return Math.sqrt(Vectors.dot(a, a));
    }
  }
}
