package org.zeroseg.core.image;

/**
 * A rectangle of whole pixels.
 *
 * @param left the first column
 * @param top the first row
 * @param width the number of columns, at least 1
 * @param height the number of rows, at least 1
 */
public record Window(int left, int top, int width, int height) {

  /**
   * Checks the size; the position may lie anywhere.
   *
   * @throws IllegalArgumentException if it has no pixels
   */
  public Window {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException("A window of " + width + " x " + height + " pixels");
    }
  }

  /**
   * The whole of a picture.
   *
   * @param width its width
   * @param height its height
   * @return the window at the origin
   */
  public static Window whole(int width, int height) {
    return new Window(0, 0, width, height);
  }

  /** Throws unless this lies within a picture of the given size. */
  void requireWithin(int pictureWidth, int pictureHeight) {
    if (left < 0
        || top < 0
        || (long) left + width > pictureWidth
        || (long) top + height > pictureHeight) {
      throw new IllegalArgumentException(
          this + " reaches outside a picture of " + pictureWidth + " x " + pictureHeight);
    }
  }
}
