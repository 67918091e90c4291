package org.zeroseg.core.train;

import java.io.IOException;

/**
 * Evaluation of a model during training.
 *
 * @param name what is measured, such as {@code mIoU}
 * @param every steps between two measurements; there is one at the end, too
 * @param measure measures the model as it is
 */
public record Validation(String name, long every, Measure measure) {

  /** How good a model is. */
  @FunctionalInterface
  public interface Measure {

    /**
     * Measures the model in its present state, and leaves the state alone.
     *
     * @return a number, of which more is better or less is better
     * @throws IOException if the data cannot be read
     */
    double score() throws IOException;
  }

  /**
   * A score.
   *
   * @param step updates made before
   * @param value what was measured
   */
  public record Score(long step, double value) {}

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if the steps are not positive
   */
  public Validation {
    if (every < 1) {
      throw new IllegalArgumentException(name + " measured every " + every + " steps");
    }
  }
}
