package org.zeroseg.examples.shapeworld;

import java.util.Locale;

/** The outline of an object, inscribed in the unit circle. */
public enum Shape {
  /** A disc. */
  CIRCLE,
  /** Four equal sides and right angles. */
  SQUARE,
  /** Three equal sides. */
  TRIANGLE,
  /** Five points. */
  STAR,
  /** Two crossed bars. */
  CROSS,
  /** A disc with a round hole. */
  RING,
  /** A rhombus, longer than wide. */
  DIAMOND,
  /** A disc out of which another is cut. */
  CRESCENT;

  private static final double[] TRIANGLE_CORNERS = corners(3, 1);
  private static final double[] STAR_CORNERS = corners(5, 0.42);

  /**
   * The shape's name in captions.
   *
   * @return an English noun
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * How far a point lies outside the outline: negative inside. The size is exact or too small,
   * never too large.
   */
  double distance(double x, double y) {
    return switch (this) {
      case CIRCLE -> length(x, y) - 0.9;
      case SQUARE -> box(x, y, 0.8, 0.8);
      case TRIANGLE -> polygon(x, y, TRIANGLE_CORNERS);
      case STAR -> polygon(x, y, STAR_CORNERS);
      case CROSS -> Math.min(box(x, y, 0.95, 0.32), box(x, y, 0.32, 0.95));
      case RING -> Math.max(length(x, y) - 0.95, 0.52 - length(x, y));
      // The distance to a rhombus' side is that to its line: a half plane in the first quadrant.
      case DIAMOND -> (0.55 * Math.abs(x) + Math.abs(y) - 0.55) / Math.sqrt(0.55 * 0.55 + 1);
      case CRESCENT -> Math.max(length(x, y) - 0.95, 0.78 - length(x - 0.5, y));
    };
  }

  private static double length(double x, double y) {
    return Math.sqrt(x * x + y * y);
  }

  private static double box(double x, double y, double halfWidth, double halfHeight) {
    double dx = Math.abs(x) - halfWidth;
    double dy = Math.abs(y) - halfHeight;
    if (dx <= 0 || dy <= 0) {
      return Math.max(dx, dy);
    }
    return length(dx, dy);
  }

  /** The distance to a polygon, its sign by the even-odd rule. */
  private static double polygon(double x, double y, double[] corners) {
    double nearest = Double.MAX_VALUE;
    boolean inside = false;
    int n = corners.length;
    for (int i = 0, j = n - 2; i < n; j = i, i += 2) {
      double ex = corners[j] - corners[i];
      double ey = corners[j + 1] - corners[i + 1];
      double wx = x - corners[i];
      double wy = y - corners[i + 1];
      double t = Math.max(0, Math.min(1, (wx * ex + wy * ey) / (ex * ex + ey * ey)));
      double dx = wx - t * ex;
      double dy = wy - t * ey;
      nearest = Math.min(nearest, dx * dx + dy * dy);
      if ((corners[i + 1] > y) != (corners[j + 1] > y) && x < wy / ey * ex + corners[i]) {
        inside = !inside;
      }
    }
    return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
  }

  /** Corners on the unit circle, with inner ones between them where {@code inner} is below 1. */
  private static double[] corners(int points, double inner) {
    int n = inner < 1 ? 2 * points : points;
    double[] corners = new double[2 * n];
    for (int i = 0; i < n; i++) {
      double angle = 2 * StrictMath.PI * i / n - StrictMath.PI / 2;
      double radius = inner < 1 && i % 2 == 1 ? inner : 1;
      corners[2 * i] = radius * StrictMath.cos(angle);
      corners[2 * i + 1] = radius * StrictMath.sin(angle);
    }
    return corners;
  }
}
