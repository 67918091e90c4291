package org.zeroseg.core.augment;

import java.util.Arrays;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;

/**
 * Random scale, padding, square crop and flip of a picture with its labels (Shin et al. 2023,
 * NamedMask and ZUTIS, released code).
 *
 * @param leastScale smallest scale factor
 * @param greatestScale largest scale factor
 * @param cropSize side of the result in pixels
 * @param padding where a picture smaller than the crop is padded
 * @param flipAbove a picture is flipped if a uniform draw is above this
 * @param ignore label of padded pixels
 */
public record GeometricAugmentation(
    double leastScale,
    double greatestScale,
    int cropSize,
    Padding padding,
    double flipAbove,
    int ignore) {

  /** Where a small picture is padded. */
  public enum Padding {
    /** Right and bottom, as SelfMask and ReCo do. */
    RIGHT_AND_BOTTOM,
    /**
     * At a random corner with the odds of NamedMask and ZUTIS. The reference draws anew for every
     * corner that it tests, so that the picture lies at the bottom right with probability 0.25, top
     * right 0.1875, bottom left 0.1406 and top left 0.4219, where 0.25 each was meant.
     */
    RANDOM_CORNER
  }

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public GeometricAugmentation {
    if (!(leastScale > 0 && greatestScale >= leastScale) || cropSize < 1) {
      throw new IllegalArgumentException(
          "Scales " + leastScale + " to " + greatestScale + ", crop " + cropSize);
    }
  }

  /**
   * NamedMask's and ZUTIS's augmentation.
   *
   * @param cropSize side of the result in pixels
   * @param ignore label of padded pixels
   * @return scales from 0.1 to 1, padding at a random corner, flips with probability one half
   */
  public static GeometricAugmentation of(int cropSize, int ignore) {
    return new GeometricAugmentation(0.1, 1, cropSize, Padding.RANDOM_CORNER, 0.5, ignore);
  }

  /**
   * A picture and a label for each of its pixels.
   *
   * @param picture an RGB picture
   * @param labels {@code [height, width]}
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Labelled(Picture picture, int[] labels) {
    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if they do not fit together
     */
    public Labelled {
      if (labels.length != picture.width() * picture.height()) {
        throw new IllegalArgumentException(labels.length + " labels for " + picture);
      }
    }
  }

  /**
   * Places a picture at random: it is scaled by Pillow's bilinear filter, its labels by nearest
   * neighbours; padding has the mean colour of the scaled picture.
   *
   * @param sample a picture of any size and its labels
   * @param draws where numbers come from
   * @return {@code cropSize} pixels square
   */
  public Labelled apply(Labelled sample, Draws draws) {
    return apply(sample, draw(sample.picture().width(), sample.picture().height(), draws));
  }

  /** What was drawn; rows and columns are of the padded picture. */
  record Placement(
      double scale, boolean padLeft, boolean padTop, int top, int left, boolean flip) {}

  /** Draws for a picture: scale, corner, top, left, flip, in this order. */
  Placement draw(int width, int height, Draws draws) {
    double scale = draws.uniform(leastScale, greatestScale);
    boolean padLeft = false;
    boolean padTop = false;
    if (padding == Padding.RANDOM_CORNER) {
      Corner corner = Corner.draw(draws);
      padLeft = corner.padLeft();
      padTop = corner.padTop();
    }
    int top = draws.integer(0, Math.max(scaled(height, scale) - cropSize, 0));
    int left = draws.integer(0, Math.max(scaled(width, scale) - cropSize, 0));
    return new Placement(scale, padLeft, padTop, top, left, draws.uniform() > flipAbove);
  }

  /** The sides of a picture that padding goes to. */
  record Corner(boolean padLeft, boolean padTop) {
    static Corner draw(Draws draws) {
      if (draws.uniform() < 0.25) {
        return new Corner(true, true);
      }
      if (within(draws.uniform(), 0.25, 0.5)) {
        return new Corner(true, false);
      }
      return new Corner(false, within(draws.uniform(), 0.5, 0.75));
    }

    private static boolean within(double value, double low, double high) {
      return value >= low && value < high;
    }
  }

  /** The reference lets a thin picture vanish and fails on it; here a pixel stays. */
  private static int scaled(int side, double scale) {
    return Math.max((int) (side * scale), 1);
  }

  Labelled apply(Labelled sample, Placement placement) {
    Picture original = sample.picture().rgb();
    int width = scaled(original.width(), placement.scale());
    int height = scaled(original.height(), placement.scale());
    byte[] pixels = original.resize(width, height, Filter.BILINEAR).samples();
    int[] labels = nearest(sample.labels(), original.width(), original.height(), width, height);
    int padTop = placement.padTop() ? Math.max(cropSize - height, 0) : 0;
    int padLeft = placement.padLeft() ? Math.max(cropSize - width, 0) : 0;
    byte[] cropped = new byte[3 * cropSize * cropSize];
    int[] croppedLabels = new int[cropSize * cropSize];
    Arrays.fill(croppedLabels, ignore);
    byte[] fill = meanColour(pixels);
    for (int y = 0; y < cropSize; y++) {
      int fromY = y + placement.top() - padTop;
      for (int x = 0; x < cropSize; x++) {
        int fromX = x + placement.left() - padLeft;
        int to = y * cropSize + (placement.flip() ? cropSize - 1 - x : x);
        if (fromX >= 0 && fromX < width && fromY >= 0 && fromY < height) {
          System.arraycopy(pixels, 3 * (fromY * width + fromX), cropped, 3 * to, 3);
          croppedLabels[to] = labels[fromY * width + fromX];
        } else {
          System.arraycopy(fill, 0, cropped, 3 * to, 3);
        }
      }
    }
    return new Labelled(Picture.of(PixelFormat.RGB, cropSize, cropSize, cropped), croppedLabels);
  }

  private static byte[] meanColour(byte[] rgb) {
    long[] sums = new long[3];
    for (int i = 0; i < rgb.length; i++) {
      sums[i % 3] += rgb[i] & 0xff;
    }
    int pixels = rgb.length / 3;
    return new byte[] {
      (byte) (sums[0] / pixels), (byte) (sums[1] / pixels), (byte) (sums[2] / pixels)
    };
  }

  /** torch's nearest: source index {@code floor(i * in / out)} in float32. */
  static int[] nearest(int[] labels, int width, int height, int newWidth, int newHeight) {
    int[] resized = new int[newWidth * newHeight];
    float stepX = (float) width / newWidth;
    float stepY = (float) height / newHeight;
    for (int y = 0; y < newHeight; y++) {
      int row = Math.min((int) (y * stepY), height - 1) * width;
      for (int x = 0; x < newWidth; x++) {
        resized[y * newWidth + x] = labels[row + Math.min((int) (x * stepX), width - 1)];
      }
    }
    return resized;
  }
}
