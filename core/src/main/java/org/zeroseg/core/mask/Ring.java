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

  /**
   * The line with fewer corners (Douglas and Peucker 1973).
   *
   * @param tolerance how far, in pixels, a corner that is left out may lie from the new line; 0
   *     leaves out nothing but corners on a straight line
   * @return the simplified line; this one if fewer than three corners would be left
   * @throws IllegalArgumentException if the tolerance is negative or not a number
   */
  public Ring simplified(double tolerance) {
    if (!(tolerance >= 0)) {
      throw new IllegalArgumentException("A tolerance of " + tolerance + " pixels");
    }
    // The first corner and the one farthest from it stay; both halves are simplified.
    int far = 0;
    for (int i = 1; i < size(); i++) {
      far = distance(0, i) > distance(0, far) ? i : far;
    }
    boolean[] kept = new boolean[size() + 1];
    keep(kept, 0, far, tolerance);
    keep(kept, far, size(), tolerance);
    double[] simple = new double[xy.length];
    int corners = 0;
    for (int i = 0; i < size(); i++) {
      if (kept[i]) {
        simple[2 * corners] = xy[2 * i];
        simple[2 * corners++ + 1] = xy[2 * i + 1];
      }
    }
    return corners < 3 ? this : new Ring(Arrays.copyOf(simple, 2 * corners));
  }

  private double x(int corner) {
    return xy[2 * (corner % size())];
  }

  private double y(int corner) {
    return xy[2 * (corner % size()) + 1];
  }

  private double distance(int a, int b) {
    return Math.hypot(x(a) - x(b), y(a) - y(b));
  }

  private void keep(boolean[] kept, int from, int to, double tolerance) {
    // A stack of its own: a long spiral would recurse too deeply.
    int[] open = new int[2 * size() + 4];
    int depth = 0;
    open[depth++] = from;
    open[depth++] = to;
    while (depth > 0) {
      int last = open[--depth];
      int first = open[--depth];
      kept[first] = true;
      kept[last] = true;
      int worst = -1;
      double most = tolerance;
      for (int i = first + 1; i < last; i++) {
        double away = fromLine(i, first, last);
        if (away > most) {
          most = away;
          worst = i;
        }
      }
      if (worst >= 0) {
        open[depth++] = first;
        open[depth++] = worst;
        open[depth++] = worst;
        open[depth++] = last;
      }
    }
  }

  private double fromLine(int corner, int a, int b) {
    double length = distance(a, b);
    if (length == 0) {
      return distance(a, corner);
    }
    double cross = (x(b) - x(a)) * (y(corner) - y(a)) - (y(b) - y(a)) * (x(corner) - x(a));
    return Math.abs(cross) / length;
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
