package org.zeroseg.core.supervision;

import ai.djl.modality.cv.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;

/**
 * Finds the salient object of a picture, whatever its category. NamedMask and ZUTIS make their
 * pseudo-masks with one. Implementations are thread-safe.
 */
public interface SaliencyDetector extends AutoCloseable {

  /**
   * The salient object of a picture.
   *
   * @param mask of the picture's size; may be empty
   * @param objectness the detector's confidence that the mask shows an object, from 0 to 1; 1 if it
   *     gives none
   */
  record Salient(Mask mask, double objectness) {}

  /**
   * Detects the salient objects of several pictures.
   *
   * @param pictures of any modes and sizes
   * @return one result per picture, in their order
   */
  List<Salient> detect(List<Picture> pictures);

  /**
   * Detects the salient object of one picture.
   *
   * @param picture of any mode and size
   * @return the salient object
   */
  default Salient detect(Picture picture) {
    return detect(List.of(picture)).get(0);
  }

  /**
   * Detects the salient object of a picture in a file, turned upright by its EXIF orientation.
   *
   * @param file a picture of any size
   * @return the salient object
   * @throws IOException if the file cannot be read, or is no whole picture
   */
  default Salient detect(Path file) throws IOException {
    return detect(Picture.read(file));
  }

  /**
   * Detects the salient object of one picture.
   *
   * @param image DJL's picture
   * @return the salient object
   */
  default Salient detect(Image image) {
    return detect(Picture.of(image));
  }

  /**
   * Detects the salient object of one picture.
   *
   * @param image Java's picture
   * @return the salient object
   */
  default Salient detect(BufferedImage image) {
    return detect(Picture.of(image));
  }

  @Override
  void close();
}
