package org.zeroseg.zsi;

import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;

/** What the mask head is to answer for a box. */
final class MaskTargets {

  private MaskTargets() {}

  /**
   * The part of an object's mask that lies in a box, on the grid of the mask head.
   *
   * @param mask of the picture's size
   * @param boxes rows x1, y1, x2, y2
   * @param box which row
   * @param targets where the {@code [28, 28]} zeros and ones go
   * @param to from this element
   */
  static void write(Mask mask, float[] boxes, int box, float[] targets, int to) {
    int left = clamp((int) boxes[4 * box], mask.width() - 1);
    int top = clamp((int) boxes[4 * box + 1], mask.height() - 1);
    int w = Math.min(Math.max((int) boxes[4 * box + 2] - left + 1, 1), mask.width() - left);
    int h = Math.min(Math.max((int) boxes[4 * box + 3] - top + 1, 1), mask.height() - top);
    Picture cut = Picture.of(PixelFormat.GREY, w, h, mask.crop(left, top, w, h).toBytes());
    byte[] small = cut.resize(PastedMask.SIDE, PastedMask.SIDE, Filter.OPENCV_LINEAR).samples();
    for (int i = 0; i < small.length; i++) {
      targets[to + i] = small[i];
    }
  }

  private static int clamp(int value, int high) {
    return Math.max(0, Math.min(high, value));
  }
}
