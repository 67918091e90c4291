package org.zeroseg.core.supervision;

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

  @Override
  void close();
}
