package org.zeroseg.core.augment;

import java.util.random.RandomGenerator;

/** A source of random numbers: a seeded generator, or a record of earlier draws. */
public interface Draws {

  /**
   * A number from a range.
   *
   * @param low the least
   * @param high the bound, never below low
   * @return {@code low + (high - low) u} for u uniform in [0, 1)
   */
  double uniform(double low, double high);

  /**
   * A whole number from a range.
   *
   * @param low the least
   * @param high the greatest, itself included
   * @return each with the same probability
   */
  int integer(int low, int high);

  /**
   * A number from [0, 1).
   *
   * @return uniform
   */
  default double uniform() {
    return uniform(0, 1);
  }

  /**
   * Draws from a generator.
   *
   * @param random seeded by the caller, one a sample
   * @return the same draws for the same seed
   */
  static Draws of(RandomGenerator random) {
    return new Draws() {
      @Override
      public double uniform(double low, double high) {
        return low + (high - low) * random.nextDouble();
      }

      @Override
      public int integer(int low, int high) {
        return random.nextInt(low, high + 1);
      }
    };
  }
}
