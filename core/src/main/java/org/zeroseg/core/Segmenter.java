package org.zeroseg.core;

import ai.djl.modality.cv.Image;
import java.util.List;

/**
 * Finds the pixels that words name. Safe for use by several threads at once; {@link #close} frees
 * the model, after which every call fails with {@link IllegalStateException}.
 */
public interface Segmenter extends AutoCloseable {

  /**
   * Segments one picture.
   *
   * @param image the picture, of any size
   * @param vocabulary the words
   * @return the segments, in the picture's own resolution
   */
  default Segmentation segment(Image image, Vocabulary vocabulary) {
    return segment(List.of(image), vocabulary).get(0);
  }

  /**
   * Segments several pictures, which may differ in size. The result for a picture does not depend
   * on the others.
   *
   * @param images the pictures
   * @param vocabulary the words
   * @return one result a picture, in the same order
   */
  List<Segmentation> segment(List<Image> images, Vocabulary vocabulary);

  /** Frees the model. */
  @Override
  void close();
}
