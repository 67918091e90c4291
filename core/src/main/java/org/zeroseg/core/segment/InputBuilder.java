package org.zeroseg.core.segment;

import org.zeroseg.core.hub.ModelBuilder;

/**
 * Options of builders whose networks look at pictures: how large, and how many at once.
 *
 * @param <B> the builder itself
 */
public abstract class InputBuilder<B extends InputBuilder<B>> extends ModelBuilder<B> {

  private InputSize input;
  private int batch;

  /**
   * With a method's defaults.
   *
   * @param input how large the network sees pictures
   * @param batch pictures that go through the network at once
   */
  protected InputBuilder(InputSize input, int batch) {
    this.input = input;
    this.batch = batch;
  }

  /**
   * How large the network sees pictures: the largest size of the picture's shape within these
   * sides. Results have the picture's own size whatever the network sees.
   *
   * @param shorter limit of the shorter side in pixels
   * @param longer limit of the longer side in pixels
   * @return this
   * @throws IllegalArgumentException if the shorter one is below 1 or above the longer one
   */
  public B inputWithin(int shorter, int longer) {
    return input(InputSize.within(shorter, longer));
  }

  /**
   * How large the network sees pictures, by another rule than {@link #inputWithin}.
   *
   * @param chosen the rule
   * @return this
   */
  public B input(InputSize chosen) {
    input = chosen;
    return self();
  }

  /**
   * Pictures of one size that go through the network at once. Together they take less time and more
   * memory; with 1 a picture's result is the same to the bit whatever pictures it is given with.
   *
   * @param pictures at most
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public B batch(int pictures) {
    if (pictures < 1) {
      throw new IllegalArgumentException("batches of " + pictures + " pictures");
    }
    batch = pictures;
    return self();
  }

  /**
   * The size rule in force.
   *
   * @return the chosen one, or the method's
   */
  protected InputSize input() {
    return input;
  }

  /**
   * The batch in force.
   *
   * @return pictures at most
   */
  protected int batch() {
    return batch;
  }
}
