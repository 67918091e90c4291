package org.zeroseg.core.mask;

import java.util.Arrays;

/**
 * A closed line through corners, the last joined to the first. Outer lines run clockwise as seen on
 * the screen, lines around holes anticlockwise. Immutable.
 */
public final class Ring {

  private final double[] xy;

  /** Takes over the corners x0, y0, x1, y1, ... */
  Ring(double[] xy) {
    this.xy = xy;
  }

  /**
   * The corners.
   *
   * @return x0, y0, x1, y1, ..., in pixels; a copy
   */
  public double[] xy() {
    return xy.clone();
  }

  /**
   * The number of corners.
   *
   * @return at least 3
   */
  public int size() {
    return xy.length / 2;
  }

  /**
   * The enclosed area.
   *
   * @return square pixels, negative around a hole
   */
  public double area() {
    double twice = 0;
    for (int i = 0, before = xy.length - 2; i < xy.length; before = i, i += 2) {
      twice += xy[before] * xy[i + 1] - xy[i] * xy[before + 1];
    }
    return twice / 2;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ring ring && Arrays.equals(xy, ring.xy);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(xy);
  }

  @Override
  public String toString() {
    return "Ring" + Arrays.toString(xy);
  }
}
