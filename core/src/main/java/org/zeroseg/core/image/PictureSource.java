package org.zeroseg.core.image;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A picture that is still to be read, from wherever it is kept, and the name that results give it.
 */
public interface PictureSource {

  /**
   * What results call the picture.
   *
   * @return its name, such as a path relative to its collection
   */
  String name();

  /**
   * Reads the picture. May be called by any thread.
   *
   * @return the picture
   * @throws IOException if there is none, or it is damaged
   */
  Picture read() throws IOException;

  /**
   * A picture in a file, to be read {@linkplain Picture#readAsStored as it is stored}.
   *
   * @param folder what its name is relative to
   * @param name its path with slashes
   * @return the picture to be
   */
  static PictureSource of(Path folder, String name) {
    return new PictureSource() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Picture read() throws IOException {
        return Picture.readAsStored(folder.resolve(name));
      }
    };
  }
}
