package org.zeroseg.core.refine;

/**
 * How a kernel's message for one label weighs on another: what the dense CRF adds to the negative
 * energies of the labels (Kraehenbuehl and Koltun 2011, Sec. 2).
 */
public sealed interface Compatibility {

  /**
   * The Potts model: equal labels attract.
   *
   * @param weight the kernel's weight
   */
  record Potts(float weight) implements Compatibility {}

  /** One weight a label: the message is {@code -weights[l]} times the filtered scores of l. */
  final class Diagonal implements Compatibility {
    private final float[] weights;

    /**
     * Weights by label.
     *
     * @param weights one a label; a Potts weight w is -w for every label
     */
    public Diagonal(float... weights) {
      this.weights = weights.clone();
    }
  }

  /** A weight for every pair of labels; symmetrised, as in the reference. */
  final class Matrix implements Compatibility {
    private final int labels;
    private final float[] weights;

    /**
     * Weights by pair of labels.
     *
     * @param weights {@code [labels, labels]}, row-major
     * @throws IllegalArgumentException if the matrix is not square
     */
    public Matrix(float... weights) {
      labels = (int) Math.round(Math.sqrt(weights.length));
      if (labels * labels != weights.length) {
        throw new IllegalArgumentException(weights.length + " weights are no square matrix");
      }
      this.weights = new float[weights.length];
      for (int i = 0; i < labels; i++) {
        for (int j = 0; j < labels; j++) {
          this.weights[i * labels + j] = 0.5f * (weights[i * labels + j] + weights[j * labels + i]);
        }
      }
    }
  }

  /**
   * The Potts model of a weight.
   *
   * @param weight the kernel's weight
   * @return the compatibility
   */
  static Compatibility potts(float weight) {
    return new Potts(weight);
  }

  /** Throws unless this fits a number of labels. */
  default void check(int labels) {
    int own =
        this instanceof Diagonal d
            ? d.weights.length
            : this instanceof Matrix m ? m.labels : labels;
    if (own != labels) {
      throw new IllegalArgumentException(
          "Compatibility of " + own + " labels for unary energies of " + labels);
    }
  }

  /**
   * Adds a message to the negative energies of one pixel.
   *
   * @param filtered filtered scores by label, from {@code start}
   * @param energies negative energies by label, from {@code start}; added to
   * @param start where the pixel's labels begin
   * @param labels number of labels
   */
  default void add(float[] filtered, float[] energies, int start, int labels) {
    if (this instanceof Potts potts) {
      float weight = potts.weight;
      for (int i = start; i < start + labels; i++) {
        energies[i] += weight * filtered[i];
      }
    } else if (this instanceof Diagonal diagonal) {
      for (int l = 0; l < labels; l++) {
        energies[start + l] -= diagonal.weights[l] * filtered[start + l];
      }
    } else if (this instanceof Matrix matrix) {
      for (int l = 0; l < labels; l++) {
        float sum = 0;
        for (int k = 0; k < labels; k++) {
          sum += matrix.weights[l * labels + k] * filtered[start + k];
        }
        energies[start + l] -= sum;
      }
    }
  }
}
