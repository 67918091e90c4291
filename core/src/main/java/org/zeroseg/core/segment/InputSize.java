package org.zeroseg.core.segment;

import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;

/**
 * The size to which pictures are resized for a network. Whatever the rule, the work for one picture
 * is bounded: a rule that enlarges never makes an input longer than {@value #MOST_SIDES} times its
 * shorter side, and none takes a side beyond {@value #LONGEST} pixels that was not asked for.
 *
 * <p>Departure from the references, where a strip a pixel wide grows to gigabytes.
 */
@FunctionalInterface
public interface InputSize {

  /**
   * The one limit of the aspect ratio. Of a picture that is more than so many times as long as wide
   * the longer side becomes so many of the shorter side that was asked for, and the shorter side
   * follows.
   */
  int MOST_SIDES = 8;

  /** The longest side that a picture keeps which is seen at its own size. */
  int LONGEST = 4096;

  /**
   * The input's size.
   *
   * @param width of the picture
   * @param height of the picture
   * @return both sizes
   */
  Sizes of(int width, int height);

  /**
   * The input's size of a network that needs whole cells.
   *
   * @param picture any picture
   * @param cell the least side of an input in pixels, such as the side of a patch
   * @return both sizes
   */
  default Sizes of(Picture picture, int cell) {
    Sizes sizes = of(picture.width(), picture.height());
    return new Sizes(
        sizes.width(),
        sizes.height(),
        Math.max(cell, sizes.newWidth()),
        Math.max(cell, sizes.newHeight()));
  }

  /**
   * Pictures as large as they are; the longer side of huge ones shrinks to {@value #LONGEST}.
   *
   * @return the rule
   */
  static InputSize own() {
    return longerWithin((width, height) -> new Sizes(width, height, width, height), LONGEST);
  }

  /**
   * The shorter side is resized to a number of pixels, up or down.
   *
   * @param pixels of the shorter side
   * @return the rule
   * @throws IllegalArgumentException if it is below 1
   */
  static InputSize shorterSide(int pixels) {
    require(pixels, "a shorter side");
    long most = Math.min(Integer.MAX_VALUE, (long) MOST_SIDES * pixels);
    return (width, height) -> {
      long shorter = Math.min(width, height);
      long longer = Math.max(width, height);
      if (pixels * longer / shorter <= most) {
        return Sizes.shorterSide(width, height, pixels);
      }
      int side = (int) Math.max(1, most * shorter / longer);
      return width < height
          ? new Sizes(width, height, side, (int) most)
          : new Sizes(width, height, (int) most, side);
    };
  }

  /**
   * The longer side is resized to a number of pixels, up or down, and the shorter one by the same
   * factor, cut to a whole number.
   *
   * @param pixels of the longer side
   * @return the rule
   * @throws IllegalArgumentException if it is below 1
   */
  static InputSize longerSide(int pixels) {
    require(pixels, "a longer side");
    return (width, height) -> {
      double factor = (double) Math.min(width, height) / Math.max(width, height);
      int shorter = Math.max(1, (int) (factor * pixels));
      return width < height
          ? new Sizes(width, height, shorter, pixels)
          : new Sizes(width, height, pixels, shorter);
    };
  }

  /**
   * The largest size of the picture's shape within two sides, so that small pictures are enlarged.
   *
   * @param shorter limit of the shorter side in pixels
   * @param longer limit of the longer side in pixels
   * @return the rule
   * @throws IllegalArgumentException if the shorter one is below 1 or above the longer one
   */
  static InputSize within(int shorter, int longer) {
    require(shorter, "a shorter side");
    if (longer < shorter) {
      throw new IllegalArgumentException("input within " + longer + " x " + shorter);
    }
    return (width, height) -> Sizes.within(width, height, longer, shorter);
  }

  /**
   * This rule, after which inputs shrink whose longer side exceeds a limit.
   *
   * @param pixels limit of the longer side
   * @return the rule
   * @throws IllegalArgumentException if it is below 1
   */
  default InputSize longerWithin(int pixels) {
    require(pixels, "a longer side");
    return longerWithin(this, pixels);
  }

  /**
   * This rule, after which both sides are rounded to multiples of a step, so that there are few
   * different inputs however many sizes pictures have. PyTorch keeps what it has prepared for a
   * size: with convolutional networks and a thousand sizes that grows to some 100 MB a thread.
   *
   * @param pixels of a step
   * @return the rule
   * @throws IllegalArgumentException if it is below 1
   */
  default InputSize inSteps(int pixels) {
    require(pixels, "a step");
    return (width, height) -> {
      Sizes sizes = of(width, height);
      return new Sizes(
          width,
          height,
          pixels * Math.max(1, Math.round((float) sizes.newWidth() / pixels)),
          pixels * Math.max(1, Math.round((float) sizes.newHeight() / pixels)));
    };
  }

  private static InputSize longerWithin(InputSize rule, int pixels) {
    return (width, height) -> {
      Sizes sizes = rule.of(width, height);
      long longer = Math.max(sizes.newWidth(), sizes.newHeight());
      return longer <= pixels
          ? sizes
          : new Sizes(
              width,
              height,
              (int) Math.max(1, (long) sizes.newWidth() * pixels / longer),
              (int) Math.max(1, (long) sizes.newHeight() * pixels / longer));
    };
  }

  private static void require(int pixels, String what) {
    if (pixels < 1) {
      throw new IllegalArgumentException(what + " of " + pixels + " pixels");
    }
  }
}
