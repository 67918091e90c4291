package org.zeroseg.core.segment;

/**
 * Scores of a picture, or of a tile of one, on a grid that is stretched over it.
 *
 * @param values {@code [count, height, width]}, row-major: one map a category or word
 * @param height rows of the grid
 * @param width columns of the grid
 */
@SuppressWarnings("ArrayRecordComponent") // large, and never compared
public record ScoreMap(float[] values, int height, int width) {

  /**
   * Checks the size.
   *
   * @throws IllegalArgumentException if there is no cell, or the values are not whole maps
   */
  public ScoreMap {
    if (height < 1 || width < 1 || values.length % Math.multiplyExact(height, width) != 0) {
      throw new IllegalArgumentException(
          values.length + " values on a grid of " + width + " x " + height);
    }
  }

  /**
   * How many maps there are.
   *
   * @return categories or words
   */
  public int count() {
    return values.length / (height * width);
  }
}
