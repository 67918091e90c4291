package org.zeroseg.core.augment;

/**
 * A normalised picture with its labels, ready for a training batch.
 *
 * @param pixels {@code [3, height, width]}
 * @param width in pixels
 * @param height in pixels
 * @param semantic a category for every pixel, {@code [height, width]}; 0 is background
 * @param instances a number for every pixel, {@code [height, width]}; 0 is no object
 */
@SuppressWarnings("ArrayRecordComponent")
public record LabelledPixels(
    float[] pixels, int width, int height, int[] semantic, int[] instances) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public LabelledPixels {
    int size = width * height;
    if (pixels.length != 3 * size || semantic.length != size || instances.length != size) {
      throw new IllegalArgumentException(
          pixels.length
              + " values, "
              + semantic.length
              + " categories and "
              + instances.length
              + " instances for "
              + width
              + " x "
              + height
              + " pixels");
    }
  }

  /**
   * The mask of one instance.
   *
   * @param number of the instance, from 1
   * @return {@code [height, width]}; all false if the instance was cropped away or covered
   */
  public boolean[] instance(int number) {
    boolean[] mask = new boolean[instances.length];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = instances[i] == number;
    }
    return mask;
  }

  /** A copy that may be painted over. */
  LabelledPixels copy() {
    return new LabelledPixels(pixels.clone(), width, height, semantic.clone(), instances.clone());
  }

  /**
   * Where the pixels of an object are, and which part of them is taken along.
   *
   * @param top first row
   * @param left first column
   * @param height rows
   * @param width columns
   */
  record Box(int top, int left, int height, int width) {}

  /** Whether a pixel belongs to an object: neither background nor ignored. */
  boolean isObject(int pixel, int ignore) {
    return semantic[pixel] > 0 && semantic[pixel] < ignore;
  }

  boolean hasObject(int ignore) {
    for (int i = 0; i < semantic.length; i++) {
      if (isObject(i, ignore)) {
        return true;
      }
    }
    return false;
  }

  /**
   * The box of the object's pixels; without exact bounds its last row and column are left out,
   * since the references take the last indices as ends.
   */
  Box box(int ignore, boolean exact) {
    int top = height;
    int left = width;
    int bottom = 0;
    int right = 0;
    for (int i = 0; i < semantic.length; i++) {
      if (isObject(i, ignore)) {
        int y = i / width;
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
        left = Math.min(left, i % width);
        right = Math.max(right, i % width);
      }
    }
    int rest = exact ? 1 : 0;
    return new Box(top, left, bottom - top + rest, right - left + rest);
  }
}
