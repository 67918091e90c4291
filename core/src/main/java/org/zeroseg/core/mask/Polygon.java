package org.zeroseg.core.mask;

import java.util.List;

/**
 * An area with a border and perhaps holes.
 *
 * @param outer the border
 * @param holes the borders of the holes
 */
public record Polygon(Ring outer, List<Ring> holes) {

  /**
   * Copies the holes.
   *
   * @param outer the border
   * @param holes the borders of the holes
   */
  public Polygon {
    holes = List.copyOf(holes);
  }

  /**
   * The area.
   *
   * @return square pixels, without the holes
   */
  public double area() {
    return outer.area() + holes.stream().mapToDouble(Ring::area).sum();
  }

  /**
   * The polygon with fewer corners.
   *
   * @param tolerance as in {@link Ring#simplified}
   * @return the simplified polygon; its lines may cross where they came closer than the tolerance
   */
  public Polygon simplified(double tolerance) {
    return new Polygon(
        outer.simplified(tolerance),
        holes.stream().map(hole -> hole.simplified(tolerance)).toList());
  }
}
