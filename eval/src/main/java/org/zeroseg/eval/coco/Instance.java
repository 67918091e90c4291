package org.zeroseg.eval.coco;

import java.util.Optional;
import org.zeroseg.core.mask.Box;

/**
 * An annotation or a detection.
 *
 * @param id the annotation's id, or the detection's position in its file, from 1
 * @param image index of the image
 * @param category index of the category, in the order of the file
 * @param score of a detection; 0 for an annotation
 * @param area as the file gives it, or as the rule for results derives it
 */
record Instance(
    long id,
    int image,
    int category,
    boolean crowd,
    double score,
    double area,
    Optional<Box> box,
    Outline outline) {}
