package org.zeroseg.core.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.InvalidDataException;

/** The files of a data set's folder, and the pictures that they are about. */
final class DataFolder {

  /** Makes something of values that may be of another kind than expected. */
  interface Step<T> {
    T run() throws IOException;
  }

  private static final List<String> PICTURES =
      List.of(".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif");

  private DataFolder() {}

  /** Width and height. */
  record Size(int width, int height) {}

  /** What a name ends with from its last dot on; empty if that is no ending. */
  static String ending(String name) {
    int dot = name.lastIndexOf('.');
    return dot > name.lastIndexOf('/') + 1 && name.length() - dot <= 6 ? name.substring(dot) : "";
  }

  static boolean isPicture(String name) {
    return PICTURES.contains(ending(name).toLowerCase(Locale.ROOT));
  }

  /** Where a file lies within a folder, with slashes. */
  static String name(Path folder, Path file) {
    return folder.relativize(file).toString().replace('\\', '/');
  }

  static boolean has(Path folder, String ending) throws IOException {
    return !files(folder, name -> ("/" + name).endsWith(ending)).isEmpty();
  }

  /** Files at any depth whose name within the folder passes a test, in order. */
  static List<Path> files(Path folder, Predicate<String> names) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new NotDirectoryException(folder.toString());
    }
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> names.test(name(folder, file)) && Files.isRegularFile(file))
          .sorted()
          .toList();
    }
  }

  /** The picture of a stem, with one of the usual endings. */
  static Optional<Path> picture(Path folder, String stem) {
    for (String ending : PICTURES) {
      for (String written : List.of(ending, ending.toUpperCase(Locale.ROOT))) {
        Path file = folder.resolve(stem + written);
        if (Files.isRegularFile(file)) {
          return Optional.of(file);
        }
      }
    }
    return Optional.empty();
  }

  /** The size of a picture as people see it. */
  static Size size(Path picture) throws IOException {
    Picture read = Picture.read(picture);
    return new Size(read.width(), read.height());
  }

  /** Runs a step; what it throws at values of another kind names the file, and what it is not. */
  static <T> T understood(Path file, String otherwise, Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (IllegalArgumentException
        | IllegalStateException
        | NullPointerException
        | UnsupportedOperationException
        | IndexOutOfBoundsException
        | ClassCastException e) {
      throw new InvalidDataException(file, otherwise + ": " + e.getMessage());
    }
  }
}
