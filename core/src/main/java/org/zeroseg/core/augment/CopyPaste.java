package org.zeroseg.core.augment;

import java.util.List;

/**
 * Simple copy-paste: the objects of all further pictures are pasted onto the first at random
 * places, without blending (Ghiasi et al. 2021; NamedMask Sec. 3.3 and ZUTIS Sec. 3.2, released
 * code).
 *
 * @param ignore labels from this one on are no objects
 * @param exactBoxes takes objects whole; the published methods lose the last row and column of each
 */
public record CopyPaste(int ignore, boolean exactBoxes) {

  /**
   * The published form.
   *
   * @param ignore labels from this one on are no objects
   * @return copy-paste that loses the last row and column of each object
   */
  public static CopyPaste of(int ignore) {
    return new CopyPaste(ignore, false);
  }

  /**
   * Pastes. Draws a top and then a left offset for each picture that has an object.
   *
   * @param samples at least one, all of one size; the first is the canvas
   * @param draws where offsets come from
   * @return the canvas with all objects on it, the later ones in front
   * @throws IllegalArgumentException if there is no sample or their sizes differ
   */
  public LabelledPixels paste(List<LabelledPixels> samples, Draws draws) {
    if (samples.isEmpty()) {
      throw new IllegalArgumentException("Nothing to paste onto");
    }
    LabelledPixels canvas = samples.get(0).copy();
    for (LabelledPixels sample : samples.subList(1, samples.size())) {
      if (sample.width() != canvas.width() || sample.height() != canvas.height()) {
        throw new IllegalArgumentException(
            "A sample of "
                + sample.width()
                + " x "
                + sample.height()
                + " on a canvas of "
                + canvas.width()
                + " x "
                + canvas.height());
      }
      if (sample.hasObject(ignore)) {
        LabelledPixels.Box box = sample.box(ignore, exactBoxes);
        int top = draws.integer(0, canvas.height() - box.height());
        int left = draws.integer(0, canvas.width() - box.width());
        paste(sample, box, canvas, top, left);
      }
    }
    return canvas;
  }

  private void paste(
      LabelledPixels sample, LabelledPixels.Box box, LabelledPixels canvas, int top, int left) {
    int width = canvas.width();
    int plane = width * canvas.height();
    for (int y = 0; y < box.height(); y++) {
      for (int x = 0; x < box.width(); x++) {
        int from = (box.top() + y) * width + box.left() + x;
        if (sample.isObject(from, ignore)) {
          int to = (top + y) * width + left + x;
          for (int c = 0; c < 3; c++) {
            canvas.pixels()[c * plane + to] = sample.pixels()[c * plane + from];
          }
          canvas.semantic()[to] = sample.semantic()[from];
          canvas.instances()[to] = sample.instances()[from];
        }
      }
    }
  }
}
