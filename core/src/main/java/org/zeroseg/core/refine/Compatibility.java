package org.zeroseg.core.refine;

/**
 * How a kernel's message for one label weighs on another: what the dense CRF adds to the negative
 * energies of the labels (Kraehenbuehl and Koltun 2011, Sec. 2). Immutable.
 */
public abstract sealed class Compatibility {

  private Compatibility() {}

  /**
   * The Potts model: equal labels attract.
   *
   * @param weight the kernel's weight
   * @return the compatibility
   */
  public static Compatibility potts(float weight) {
    return new Potts(weight);
  }

  /**
   * One weight a label: the message is {@code -weights[l]} times the filtered scores of l.
   *
   * @param weights one a label; a Potts weight w is -w for every label
   * @return the compatibility
   */
  public static Compatibility diagonal(float... weights) {
    return new Diagonal(weights.clone());
  }

  /**
   * A weight for every pair of labels; symmetrised, as in the reference.
   *
   * @param weights {@code [labels, labels]}, row-major
   * @return the compatibility
   * @throws IllegalArgumentException if the matrix is not square
   */
  public static Compatibility matrix(float... weights) {
    int labels = (int) Math.round(Math.sqrt(weights.length));
    if (labels * labels != weights.length) {
      throw new IllegalArgumentException(weights.length + " weights are no square matrix");
    }
    float[] symmetric = new float[weights.length];
    for (int i = 0; i < labels; i++) {
      for (int j = 0; j < labels; j++) {
        symmetric[i * labels + j] = 0.5f * (weights[i * labels + j] + weights[j * labels + i]);
      }
    }
    return new Matrix(labels, symmetric);
  }

  /** Throws unless this fits a number of labels. */
  abstract void check(int labels);

  /**
   * Adds a message to the negative energies of one pixel: both arrays hold one number a label from
   * {@code start} on.
   */
  abstract void add(float[] filtered, float[] energies, int start, int labels);

  private static void requireEqual(int own, int labels) {
    if (own != labels) {
      throw new IllegalArgumentException(
          "Compatibility of " + own + " labels for unary energies of " + labels);
    }
  }

  private static final class Potts extends Compatibility {
    private final float weight;

    Potts(float weight) {
      this.weight = weight;
    }

    @Override
    void check(int labels) {
      // one weight serves any number of labels
    }

    @Override
    void add(float[] filtered, float[] energies, int start, int labels) {
      for (int i = start; i < start + labels; i++) {
        energies[i] += weight * filtered[i];
      }
    }
  }

  private static final class Diagonal extends Compatibility {
    private final float[] weights;

    Diagonal(float[] weights) {
      this.weights = weights;
    }

    @Override
    void check(int labels) {
      requireEqual(weights.length, labels);
    }

    @Override
    void add(float[] filtered, float[] energies, int start, int labels) {
      for (int l = 0; l < labels; l++) {
        energies[start + l] -= weights[l] * filtered[start + l];
      }
    }
  }

  private static final class Matrix extends Compatibility {
    private final int order;
    private final float[] weights;

    Matrix(int order, float[] weights) {
      this.order = order;
      this.weights = weights;
    }

    @Override
    void check(int labels) {
      requireEqual(order, labels);
    }

    @Override
    void add(float[] filtered, float[] energies, int start, int labels) {
      for (int l = 0; l < labels; l++) {
        float sum = 0;
        for (int k = 0; k < labels; k++) {
          sum += weights[l * labels + k] * filtered[start + k];
        }
        energies[start + l] -= sum;
      }
    }
  }
}
