package org.zeroseg.core.export;

import java.io.IOException;
import java.nio.file.Path;
import org.zeroseg.core.Segmentation;

/** Takes annotated pictures, one after the other. */
@FunctionalInterface
public interface AnnotationSink {

  /**
   * Takes a picture.
   *
   * @param name where the picture lies within its set, with slashes, such as {@code cats/01.jpg}
   * @param picture its file; may be absent where a format needs only the name
   * @param segmentation what is in it
   * @throws IOException if that cannot be written
   * @throws IllegalArgumentException if the format cannot hold it
   */
  void add(String name, Path picture, Segmentation segmentation) throws IOException;
}
