package org.zeroseg.core.image;

import java.util.function.DoubleUnaryOperator;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/**
 * The mapping between a picture and a model's input: the picture is resized, and the model sees a
 * window of the result. The window may cut the resized picture (a crop), reach beyond it (padding),
 * or both.
 *
 * <p>Coordinates are continuous: pixel {@code i} spans {@code [i, i + 1)}, so that its centre is at
 * {@code i + 0.5}, and the edges of picture and input map onto each other.
 *
 * @param sizes the picture and what it is resized to
 * @param window what the model sees, in pixels of the resized picture
 */
public record Framing(Sizes sizes, Window window) {

  /**
   * The whole picture, resized.
   *
   * @param sizes the picture and what it is resized to
   * @return the framing without crop or padding
   */
  public static Framing whole(Sizes sizes) {
    return new Framing(sizes, Window.whole(sizes.newWidth(), sizes.newHeight()));
  }

  /**
   * The whole picture, resized and padded at the right and at the bottom.
   *
   * @param sizes the picture and what it is resized to
   * @param multiple what width and height of the input are made multiples of: the patch size
   * @return the framing
   */
  public static Framing padded(Sizes sizes, int multiple) {
    return new Framing(
        sizes,
        new Window(
            0, 0, roundUp(sizes.newWidth(), multiple), roundUp(sizes.newHeight(), multiple)));
  }

  private static int roundUp(int length, int multiple) {
    return (length + multiple - 1) / multiple * multiple;
  }

  /**
   * A column of the picture as a column of the input.
   *
   * @param x in pixels of the picture
   * @return in pixels of the input; outside {@code 0 .. window().width()} where the crop left it
   *     out
   */
  public double toModelX(double x) {
    return x * sizes.newWidth() / sizes.width() - window.left();
  }

  /**
   * A row of the picture as a row of the input.
   *
   * @param y in pixels of the picture
   * @return in pixels of the input
   */
  public double toModelY(double y) {
    return y * sizes.newHeight() / sizes.height() - window.top();
  }

  /**
   * A column of the input as a column of the picture.
   *
   * @param x in pixels of the input
   * @return in pixels of the picture
   */
  public double toPictureX(double x) {
    return (x + window.left()) * sizes.width() / sizes.newWidth();
  }

  /**
   * A row of the input as a row of the picture.
   *
   * @param y in pixels of the input
   * @return in pixels of the picture
   */
  public double toPictureY(double y) {
    return (y + window.top()) * sizes.height() / sizes.newHeight();
  }

  /**
   * A box of the picture as a box of the input.
   *
   * @param box in pixels of the picture
   * @return in pixels of the input, not cut at its borders
   */
  public Box toModel(Box box) {
    return Box.ofCorners(
        toModelX(box.x()), toModelY(box.y()), toModelX(box.right()), toModelY(box.bottom()));
  }

  /**
   * A box of the input as a box of the picture.
   *
   * @param box in pixels of the input
   * @return in pixels of the picture, not cut at its borders
   */
  public Box toPicture(Box box) {
    return Box.ofCorners(
        toPictureX(box.x()),
        toPictureY(box.y()),
        toPictureX(box.right()),
        toPictureY(box.bottom()));
  }

  /**
   * The model's view of a picture; padding is zero samples.
   *
   * @param picture a picture of the size that this framing is for
   * @param filter the resampling filter
   * @return a picture of the window's size, in the same mode
   * @throws IllegalArgumentException if the picture has another size
   */
  public Picture apply(Picture picture, Filter filter) {
    if (picture.width() != sizes.width() || picture.height() != sizes.height()) {
      throw new IllegalArgumentException(picture + " where " + sizes + " was framed");
    }
    int left = Math.max(window.left(), 0);
    int top = Math.max(window.top(), 0);
    int right = Math.min(window.left() + window.width(), sizes.newWidth());
    int bottom = Math.min(window.top() + window.height(), sizes.newHeight());
    Picture seen =
        picture.resize(
            sizes.newWidth(),
            sizes.newHeight(),
            filter,
            new Window(left, top, right - left, bottom - top));
    return seen.pad(left - window.left(), top - window.top(), window.width(), window.height());
  }

  /**
   * A map of labels over the input as one over the picture, by the nearest pixel.
   *
   * @param labels row-major, one a pixel of the input
   * @param outside the label of picture pixels that the model did not see
   * @return row-major, one a pixel of the picture
   * @throws IllegalArgumentException if the number of labels is not that of the input's pixels
   */
  public int[] toPicture(int[] labels, int outside) {
    requirePixels(labels.length, window.width(), window.height(), "input");
    int[] columns = nearest(sizes.width(), window.width(), this::toModelX);
    int[] rows = nearest(sizes.height(), window.height(), this::toModelY);
    int[] result = new int[Math.multiplyExact(sizes.width(), sizes.height())];
    for (int y = 0, i = 0; y < rows.length; y++) {
      for (int column : columns) {
        boolean seen = rows[y] >= 0 && column >= 0;
        result[i++] = seen ? labels[rows[y] * window.width() + column] : outside;
      }
    }
    return result;
  }

  /**
   * A mask over the input as one over the picture, by the nearest pixel; false where the model did
   * not see the picture.
   *
   * @param mask of the input's size
   * @return of the picture's size
   * @throws IllegalArgumentException if the mask has another size
   */
  public Mask toPicture(Mask mask) {
    requireSize(mask, window.width(), window.height());
    int[] columns = nearest(sizes.width(), window.width(), this::toModelX);
    int[] rows = nearest(sizes.height(), window.height(), this::toModelY);
    return Mask.of(
        sizes.width(),
        sizes.height(),
        (x, y) -> columns[x] >= 0 && rows[y] >= 0 && mask.get(columns[x], rows[y]));
  }

  /**
   * A mask over the picture as one over the input, by the nearest pixel; false in the padding.
   *
   * @param mask of the picture's size
   * @return of the input's size
   * @throws IllegalArgumentException if the mask has another size
   */
  public Mask toModel(Mask mask) {
    requireSize(mask, sizes.width(), sizes.height());
    int[] columns = nearest(window.width(), sizes.width(), this::toPictureX);
    int[] rows = nearest(window.height(), sizes.height(), this::toPictureY);
    return Mask.of(
        window.width(),
        window.height(),
        (x, y) -> columns[x] >= 0 && rows[y] >= 0 && mask.get(columns[x], rows[y]));
  }

  private static void requireSize(Mask mask, int width, int height) {
    if (mask.width() != width || mask.height() != height) {
      throw new IllegalArgumentException(
          "A mask of "
              + (mask.width() + " x " + mask.height())
              + (" where " + width + " x " + height + " is expected"));
    }
  }

  /** For each column (or row) of one, that of the other in which its centre lies, or -1. */
  private static int[] nearest(int length, int limit, DoubleUnaryOperator mapping) {
    int[] nearest = new int[length];
    for (int i = 0; i < length; i++) {
      int pixel = (int) Math.floor(mapping.applyAsDouble(i + 0.5));
      nearest[i] = pixel >= 0 && pixel < limit ? pixel : -1;
    }
    return nearest;
  }

  /**
   * A map of labels over the picture as one over the input, by the nearest pixel.
   *
   * @param labels row-major, one a pixel of the picture
   * @param outside the label of padding
   * @return row-major, one a pixel of the input
   * @throws IllegalArgumentException if the number of labels is not that of the picture's pixels
   */
  public int[] toModel(int[] labels, int outside) {
    requirePixels(labels.length, sizes.width(), sizes.height(), "picture");
    int[] columns = nearest(window.width(), sizes.width(), this::toPictureX);
    int[] rows = nearest(window.height(), sizes.height(), this::toPictureY);
    int[] result = new int[Math.multiplyExact(window.width(), window.height())];
    for (int y = 0, i = 0; y < rows.length; y++) {
      for (int column : columns) {
        boolean within = rows[y] >= 0 && column >= 0;
        result[i++] = within ? labels[rows[y] * sizes.width() + column] : outside;
      }
    }
    return result;
  }

  private static void requirePixels(int length, int width, int height, String what) {
    if (length != (long) width * height) {
      throw new IllegalArgumentException(
          length + " labels for the " + what + " of " + width + " x " + height);
    }
  }
}
