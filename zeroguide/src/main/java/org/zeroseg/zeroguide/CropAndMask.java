package org.zeroseg.zeroguide;

import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/**
 * The baseline of the paper's Table 3: a segment is what is left of the picture when all else is
 * black, cut out and squashed to the model's input.
 */
final class CropAndMask {

  private CropAndMask() {}

  /**
   * The segment alone, in its tight box; black around it.
   *
   * @param picture RGB, of any size; resized to the mask's
   * @param mask not empty
   */
  static Picture crop(Picture picture, Mask mask) {
    if (mask.isEmpty()) {
      throw new IllegalArgumentException("an empty segment has no box to cut out");
    }
    Picture resized = picture.resize(mask.width(), mask.height(), Filter.BICUBIC);
    byte[] samples = resized.samples();
    mask.not()
        .forEach(
            (x, y) -> {
              int first = 3 * (y * mask.width() + x);
              samples[first] = 0;
              samples[first + 1] = 0;
              samples[first + 2] = 0;
            });
    Box box = mask.box();
    return Picture.of(PixelFormat.RGB, mask.width(), mask.height(), samples)
        .crop(new Window((int) box.x(), (int) box.y(), (int) box.width(), (int) box.height()));
  }

  /** The crop as the model's input. */
  static Picture input(Picture picture, Mask mask, int size) {
    return crop(picture, mask).resize(size, size, Filter.BICUBIC);
  }
}
