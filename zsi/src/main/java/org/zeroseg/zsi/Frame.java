package org.zeroseg.zsi;

import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;

/**
 * How a picture lies in the network's input: resized, keeping its shape, at the upper left, with
 * zeros to the right and below.
 *
 * @param sizes of the picture, before and after
 * @param scale by which boxes are multiplied, along both axes
 */
record Frame(Sizes sizes, double scale) {

  /** Sides of the input are multiples of this. */
  static final int DIVISOR = 32;

  /**
   * A picture as large as fits.
   *
   * @param width of the picture
   * @param height of the picture
   * @param longest limit of the longer side
   * @param shortest limit of the shorter side
   * @throws IllegalArgumentException if a side would have no pixel
   */
  static Frame of(int width, int height, int longest, int shortest) {
    double scale =
        Math.min(
            (double) longest / Math.max(width, height),
            (double) shortest / Math.min(width, height));
    if ((int) (Math.min(width, height) * scale + 0.5) < 1) {
      throw new IllegalArgumentException(
          "A picture of %d x %d is too narrow: within %d x %d a side would have no pixel"
              .formatted(width, height, longest, shortest));
    }
    return new Frame(Sizes.within(width, height, longest, shortest), scale);
  }

  /**
   * A picture of a size that another rule has found. Sides are rounded, so the longer one tells the
   * scale better.
   */
  static Frame of(Sizes sizes) {
    double scale =
        sizes.width() > sizes.height()
            ? (double) sizes.newWidth() / sizes.width()
            : (double) sizes.newHeight() / sizes.height();
    return new Frame(sizes, scale);
  }

  int width() {
    return sizes.newWidth();
  }

  int height() {
    return sizes.newHeight();
  }

  static int padded(int side) {
    return (side + DIVISOR - 1) / DIVISOR * DIVISOR;
  }

  Picture resize(Picture picture) {
    return picture.rgb().resize(width(), height(), Filter.OPENCV_LINEAR);
  }

  /**
   * Writes a resized picture into a batch of zeros.
   *
   * @param resized of {@link #width} x {@link #height}
   * @param flipped whether left and right change places
   * @param batch {@code [B, 3, rows, columns]}
   * @param index which picture of the batch
   * @param rows of the batch
   * @param columns of the batch
   */
  static void write(
      Picture resized, boolean flipped, float[] batch, int index, int rows, int columns) {
    float[] pixels = resized.toPixels(Normalization.IMAGENET);
    int width = resized.width();
    int height = resized.height();
    for (int line = 0; line < 3 * height; line++) {
      int from = line * width;
      int to = ((3 * index + line / height) * rows + line % height) * columns;
      if (flipped) {
        for (int x = 0; x < width; x++) {
          batch[to + x] = pixels[from + width - 1 - x];
        }
      } else {
        System.arraycopy(pixels, from, batch, to, width);
      }
    }
  }
}
