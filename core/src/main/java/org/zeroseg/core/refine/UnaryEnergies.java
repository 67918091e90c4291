package org.zeroseg.core.refine;

import java.util.Arrays;

/** Unary energies for {@link DenseCrf}, the usual two kinds. */
public final class UnaryEnergies {

  private UnaryEnergies() {}

  /**
   * From hard labels that are right with some probability.
   *
   * @param labels one a pixel, from 0
   * @param classes number of labels, at least 2
   * @param probability of a given label to be right, between 0 and 1
   * @return energies {@code [classes, pixels]}
   * @throws IllegalArgumentException if a label or the probability is out of range
   */
  public static float[] fromLabels(int[] labels, int classes, double probability) {
    return fromLabels(labels, classes, probability, 0);
  }

  /**
   * From hard labels of which 0 means unsure: the others count from 1, and unsure pixels get the
   * same energy for all.
   *
   * @param labels one a pixel, 0 for unsure
   * @param classes number of labels, at least 2, unsure not counted
   * @param probability of a given label to be right, between 0 and 1
   * @return energies {@code [classes, pixels]}
   * @throws IllegalArgumentException if a label or the probability is out of range
   */
  public static float[] fromUnsureLabels(int[] labels, int classes, double probability) {
    return fromLabels(labels, classes, probability, 1);
  }

  private static float[] fromLabels(int[] labels, int classes, double probability, int first) {
    if (classes < 2 || !(probability > 0 && probability < 1)) {
      throw new IllegalArgumentException(
          classes + " labels, right with probability " + probability + ": no distribution");
    }
    int pixels = labels.length;
    float[] energies = new float[classes * pixels];
    Arrays.fill(energies, (float) -Math.log((1 - probability) / (classes - 1)));
    for (int i = 0; i < pixels; i++) {
      int label = labels[i] - first;
      if (label < -first || label >= classes) {
        throw new IllegalArgumentException("Label of pixel " + i + " is " + labels[i]);
      }
      if (label >= 0) {
        energies[label * pixels + i] = (float) -Math.log(probability);
      } else {
        for (int l = 0; l < classes; l++) {
          energies[l * pixels + i] = (float) -Math.log(1.0 / classes);
        }
      }
    }
    return energies;
  }

  /**
   * From probabilities: {@code -ln(clip(p))}.
   *
   * @param probabilities {@code [classes, pixels]}
   * @param least probabilities are not taken below this
   * @return energies {@code [classes, pixels]}
   */
  public static float[] fromSoftmax(float[] probabilities, float least) {
    float[] energies = new float[probabilities.length];
    for (int i = 0; i < energies.length; i++) {
      energies[i] = (float) -Math.log(Math.min(Math.max(probabilities[i], least), 1));
    }
    return energies;
  }

  /**
   * From probabilities that are trusted only so far: mixed with the uniform distribution first.
   *
   * @param probabilities {@code [classes, pixels]}
   * @param classes number of labels
   * @param scale share of the probabilities in the mixture, in (0, 1]
   * @param least probabilities are not taken below this
   * @return energies {@code [classes, pixels]}
   */
  public static float[] fromSoftmax(float[] probabilities, int classes, double scale, float least) {
    if (!(scale > 0 && scale <= 1)) {
      throw new IllegalArgumentException("Scale " + scale + " is not in (0, 1]");
    }
    float[] mixed = new float[probabilities.length];
    for (int i = 0; i < mixed.length; i++) {
      mixed[i] = (float) (scale * probabilities[i] + (1 - scale) / classes);
    }
    return fromSoftmax(mixed, least);
  }
}
