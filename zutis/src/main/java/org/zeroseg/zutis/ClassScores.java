package org.zeroseg.zutis;

import java.util.Arrays;

/** How the cosines of a proposal with all categories become the probability of one. */
public enum ClassScores {
  /** The sigmoid of the scaled cosine: a category's own, as published. */
  SIGMOID {
    @Override
    double probability(double[] cosines, int category, double temperature) {
      return 1 / (1 + Math.exp(-temperature * cosines[category]));
    }
  },
  /** The softmax of the scaled cosines: a category against the others, background among them. */
  SOFTMAX {
    @Override
    double probability(double[] cosines, int category, double temperature) {
      // Beside the largest, which is finite where a label without words is not.
      double largest = Arrays.stream(cosines).max().orElseThrow();
      double sum = 0;
      for (double cosine : cosines) {
        sum += Math.exp(temperature * (cosine - largest));
      }
      return Math.exp(temperature * (cosines[category] - largest)) / sum;
    }
  };

  abstract double probability(double[] cosines, int category, double temperature);
}
