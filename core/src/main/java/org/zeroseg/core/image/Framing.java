package org.zeroseg.core.image;

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
    if (labels.length != (long) window.width() * window.height()) {
      throw new IllegalArgumentException(
          "%d labels for the input of %d x %d"
              .formatted(labels.length, window.width(), window.height()));
    }
    int[] columns = nearest(sizes.width(), sizes.newWidth(), window.left(), window.width());
    int[] rows = nearest(sizes.height(), sizes.newHeight(), window.top(), window.height());
    int[] result = new int[Math.multiplyExact(sizes.width(), sizes.height())];
    for (int y = 0, i = 0; y < rows.length; y++) {
      for (int column : columns) {
        boolean seen = rows[y] >= 0 && column >= 0;
        result[i++] = seen ? labels[rows[y] * window.width() + column] : outside;
      }
    }
    return result;
  }

  /** For each column (or row) of the picture, that of the input in which its centre lies, or -1. */
  private static int[] nearest(int length, int resized, int offset, int limit) {
    int[] nearest = new int[length];
    for (int i = 0; i < length; i++) {
      int pixel = (int) Math.floor((i + 0.5) * resized / length - offset);
      nearest[i] = pixel >= 0 && pixel < limit ? pixel : -1;
    }
    return nearest;
  }
}
