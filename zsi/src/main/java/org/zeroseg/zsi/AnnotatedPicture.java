package org.zeroseg.zsi;

import java.util.List;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/**
 * A picture with objects of seen classes, to train from.
 *
 * @param picture its pixels
 * @param objects what it shows; without any, training learns background from it
 */
public record AnnotatedPicture(Picture picture, List<Thing> objects) {

  /**
   * An object.
   *
   * @param label of its class: 1 for the first seen one
   * @param box around it, in pixels
   * @param mask its pixels, of the picture's size
   */
  public record Thing(int label, Box box, Mask mask) {}

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if a mask has another size, or a label is not positive
   */
  public AnnotatedPicture {
    objects = List.copyOf(objects);
    for (Thing thing : objects) {
      if (thing.label() < 1
          || thing.mask().width() != picture.width()
          || thing.mask().height() != picture.height()) {
        throw new IllegalArgumentException(
            "An object of label %d with a mask of %d x %d in a picture of %d x %d"
                .formatted(
                    thing.label(),
                    thing.mask().width(),
                    thing.mask().height(),
                    picture.width(),
                    picture.height()));
      }
    }
  }

  /** The box of an object as x1, y1, x2, y2, the last pixel included. */
  static float[] corners(Box box) {
    return new float[] {
      (float) box.x(),
      (float) box.y(),
      (float) (box.x() + box.width() - 1),
      (float) (box.y() + box.height() - 1)
    };
  }
}
