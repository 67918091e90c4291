package org.zeroseg.core.supervision;

import ai.djl.modality.cv.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;

/**
 * Finds in each picture the object that stands out, of whatever category. NamedMask and ZUTIS make
 * their pseudo-labels with one. Implementations are thread-safe.
 */
public interface SaliencyDetector extends AutoCloseable {

  /**
   * What stands out of a picture.
   *
   * @param mask of the picture's size; may be empty
   * @param objectness how sure the detector is that the mask shows an object, from 0 to 1; 1 where
   *     it does not say
   */
  record Salient(Mask mask, double objectness) {}

  /**
   * Looks at pictures.
   *
   * @param pictures of any modes and sizes
   * @return one result a picture, in their order
   */
  List<Salient> detect(List<Picture> pictures);

  /**
   * Looks at one picture.
   *
   * @param picture of any mode and size
   * @return what stands out
   */
  default Salient detect(Picture picture) {
    return detect(List.of(picture)).get(0);
  }

  /**
   * Looks at the upright picture in a file.
   *
   * @param file a picture of any size
   * @return what stands out
   * @throws IOException if the file cannot be read, or is no whole picture
   */
  default Salient detect(Path file) throws IOException {
    return detect(Picture.read(file));
  }

  /**
   * Looks at one picture.
   *
   * @param image DJL's picture
   * @return what stands out
   */
  default Salient detect(Image image) {
    return detect(Picture.of(image));
  }

  /**
   * Looks at one picture.
   *
   * @param image Java's picture
   * @return what stands out
   */
  default Salient detect(BufferedImage image) {
    return detect(Picture.of(image));
  }

  @Override
  void close();
}
