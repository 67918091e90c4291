package org.zeroseg.core.mask;

/**
 * An axis-parallel rectangle in pixels, the left upper corner of the picture being (0, 0). The
 * pixel in column x and row y covers [x, x+1] x [y, y+1], so a box around it has width 1; this is
 * COCO's convention.
 *
 * @param x left edge
 * @param y upper edge
 * @param width extent to the right, not negative
 * @param height extent downwards, not negative
 */
public record Box(double x, double y, double width, double height) {

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if a value is not finite or an extent is negative
   */
  public Box {
    if (!Double.isFinite(x) || !Double.isFinite(y)) {
      throw new IllegalArgumentException("A box at (" + x + ", " + y + ")");
    }
    if (!(width >= 0 && width < Double.POSITIVE_INFINITY)
        || !(height >= 0 && height < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("A box of width " + width + " and height " + height);
    }
  }

  /**
   * The box between two corners.
   *
   * @param left smallest x
   * @param top smallest y
   * @param right largest x, not part of the extent in the sense of pixels
   * @param bottom largest y, likewise
   * @return the box
   * @throws IllegalArgumentException if a corner is not finite, or the second lies before the first
   */
  public static Box ofCorners(double left, double top, double right, double bottom) {
    return new Box(left, top, right - left, bottom - top);
  }

  /**
   * The right edge.
   *
   * @return x + width
   */
  public double right() {
    return x + width;
  }

  /**
   * The lower edge.
   *
   * @return y + height
   */
  public double bottom() {
    return y + height;
  }

  /**
   * The area.
   *
   * @return square pixels
   */
  public double area() {
    return width * height;
  }

  /**
   * The area that two boxes share.
   *
   * @param other the other box
   * @return square pixels, 0 if they only touch
   */
  public double intersection(Box other) {
    double w = Math.min(right(), other.right()) - Math.max(x, other.x);
    double h = Math.min(bottom(), other.bottom()) - Math.max(y, other.y);
    return w > 0 && h > 0 ? w * h : 0;
  }

  /**
   * Intersection over union.
   *
   * @param other the other box
   * @return a number in [0, 1]; 0 if the boxes share no area
   */
  public double iou(Box other) {
    double shared = intersection(other);
    return shared > 0 ? shared / (area() + other.area() - shared) : 0;
  }

  /**
   * COCO's overlap of a detection with a crowd: the share of this box that lies in the other.
   *
   * @param crowd the crowd's box
   * @return a number in [0, 1]; 0 if the boxes share no area
   */
  public double overlapWithCrowd(Box crowd) {
    double shared = intersection(crowd);
    return shared > 0 ? shared / area() : 0;
  }
}
