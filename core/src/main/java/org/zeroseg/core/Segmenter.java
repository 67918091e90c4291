package org.zeroseg.core;

import ai.djl.modality.cv.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.zeroseg.core.image.Picture;

/**
 * Segments pictures by words. Thread-safe; {@link #close} frees the model, after which every call
 * fails with {@link IllegalStateException}.
 *
 * <pre>{@code
 * Vocabulary words = Vocabulary.of("cat", "sofa").withCommonBackground();
 * Segmentation found = segmenter.segment(Path.of("photo.jpg"), words);
 * }</pre>
 */
public interface Segmenter extends AutoCloseable {

  /**
   * Segments a picture in a file, turned upright by its EXIF orientation.
   *
   * @param file a picture of any size
   * @param vocabulary the words
   * @return the segments, in the upright picture's own resolution
   * @throws IOException if the file cannot be read, or is no whole picture
   */
  default Segmentation segment(Path file, Vocabulary vocabulary) throws IOException {
    return segment(Picture.read(file), vocabulary);
  }

  /**
   * Segments one picture.
   *
   * @param image DJL's picture, of any size
   * @param vocabulary the words
   * @return the segments, in the picture's own resolution
   */
  default Segmentation segment(Image image, Vocabulary vocabulary) {
    return segment(Picture.of(image), vocabulary);
  }

  /**
   * Segments one picture.
   *
   * @param image Java's picture, of any size and type
   * @param vocabulary the words
   * @return the segments, in the picture's own resolution
   */
  default Segmentation segment(BufferedImage image, Vocabulary vocabulary) {
    return segment(Picture.of(image), vocabulary);
  }

  /**
   * Segments one picture.
   *
   * @param picture of any mode and size
   * @param vocabulary the words
   * @return the segments, in the picture's own resolution
   */
  default Segmentation segment(Picture picture, Vocabulary vocabulary) {
    return segment(List.of(picture), vocabulary).get(0);
  }

  /**
   * Segments several pictures, which may differ in size. The result for a picture depends on that
   * picture alone, except for rounding: in a batch, scores may differ by about 1e-6 from those of
   * the picture alone, and so may the label of a pixel whose two best words are that close. If
   * results must be bit-identical, build the segmenter with a batch of 1.
   *
   * @param pictures of any modes and sizes
   * @param vocabulary the words
   * @return one result per picture, in the same order
   */
  List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary);

  /** Frees the model. */
  @Override
  void close();
}
