package org.zeroseg.core.mask;

import java.util.List;

/**
 * An area with a border and perhaps holes. Its rings do not cross themselves or each other; they
 * may touch in single corners.
 *
 * @param outer the border
 * @param holes the borders of the holes
 */
public record Polygon(Ring outer, List<Ring> holes) {

  /** Copies the holes. */
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
}
