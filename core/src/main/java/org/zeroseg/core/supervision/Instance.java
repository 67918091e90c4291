package org.zeroseg.core.supervision;

import java.util.Optional;
import org.zeroseg.core.mask.Box;

/**
 * An annotated or a detected object.
 *
 * @param id the annotation's id, or the detection's position in its file, from 1
 * @param image index of its image in the set
 * @param category index of its category in the set, in the order of the file
 * @param crowd whether it stands for a crowd
 * @param ignored whether it is marked to be left out of training; evaluation counts it
 * @param score of a detection; 0 for an annotation
 * @param area as the file gives it, or as the rule for results derives it
 * @param box its box, where given
 * @param outline its mask, where given
 */
public record Instance(
    long id,
    int image,
    int category,
    boolean crowd,
    boolean ignored,
    double score,
    double area,
    Optional<Box> box,
    Outline outline) {

  /** The same object by another number. */
  Instance withId(long number) {
    return new Instance(number, image, category, crowd, ignored, score, area, box, outline);
  }
}
