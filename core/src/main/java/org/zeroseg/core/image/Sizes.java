package org.zeroseg.core.image;

import java.util.List;

/**
 * The size of a picture and the size that it is resized to.
 *
 * @param width of the picture
 * @param height of the picture
 * @param newWidth of the resized picture
 * @param newHeight of the resized picture
 */
public record Sizes(int width, int height, int newWidth, int newHeight) {

  /**
   * Checks that all four are positive.
   *
   * @throws IllegalArgumentException if one is not
   */
  public Sizes {
    if (width < 1 || height < 1 || newWidth < 1 || newHeight < 1) {
      throw new IllegalArgumentException(
          "Cannot resize " + width + " x " + height + " to " + newWidth + " x " + newHeight);
    }
  }

  /**
   * The shorter side becomes {@code size}, the longer {@code size * long / short} cut to a whole
   * number, as torchvision has it.
   *
   * @param width of the picture
   * @param height of the picture
   * @param size the new shorter side
   * @return the sizes
   * @throws IllegalArgumentException if a side is not positive or the longer one overflows
   */
  public static Sizes shorterSide(int width, int height, int size) {
    int shorter = Math.min(width, height);
    if (shorter < 1) {
      throw new IllegalArgumentException("A picture of " + width + " x " + height);
    }
    long exact = (long) size * Math.max(width, height) / shorter;
    if (exact > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          ("A picture of %d x %d cannot have its shorter side resized to %d: the longer one would"
                  + " be %d pixels, the limit is %d")
              .formatted(width, height, size, exact, Integer.MAX_VALUE));
    }
    int longer = (int) exact;
    return width <= height
        ? new Sizes(width, height, size, longer)
        : new Sizes(width, height, longer, size);
  }

  /**
   * The same, but where the longer side would exceed a limit, that side becomes the limit and the
   * shorter one {@code limit * size / longer} cut to a whole number, but at least 1.
   *
   * @param width of the picture
   * @param height of the picture
   * @param size the new shorter side
   * @param longest the limit of the longer side, more than {@code size}
   * @return the sizes
   */
  public static Sizes shorterSide(int width, int height, int size, int longest) {
    if (longest <= size) {
      throw new IllegalArgumentException(
          "The longer side may not be limited to " + longest + ", the shorter being " + size);
    }
    Sizes free = shorterSide(width, height, size);
    int longer = Math.max(free.newWidth, free.newHeight);
    if (longer <= longest) {
      return free;
    }
    int shorter = Math.max(1, (int) ((long) longest * size / longer));
    return width <= height
        ? new Sizes(width, height, shorter, longest)
        : new Sizes(width, height, longest, shorter);
  }

  /**
   * The largest size of the same shape within {@code longest} x {@code shortest}, each side rounded
   * (OpenMMLab's {@code keep_ratio}), but at least 1.
   *
   * @param width of the picture
   * @param height of the picture
   * @param longest the limit of the longer side
   * @param shortest the limit of the shorter side
   * @return the sizes
   */
  public static Sizes within(int width, int height, int longest, int shortest) {
    double factor =
        Math.min(
            (double) longest / Math.max(width, height),
            (double) shortest / Math.min(width, height));
    return new Sizes(
        width,
        height,
        Math.max(1, (int) (width * factor + 0.5)),
        Math.max(1, (int) (height * factor + 0.5)));
  }

  /**
   * What a network sees of pictures.
   *
   * @param pictures of this size
   * @param filter how they are resized
   * @return the same in colour and of the new size
   */
  public List<Picture> resize(List<Picture> pictures, Filter filter) {
    return pictures.stream()
        .map(picture -> picture.rgb().resize(newWidth, newHeight, filter))
        .toList();
  }
}
