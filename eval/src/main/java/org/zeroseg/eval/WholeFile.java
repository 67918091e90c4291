package org.zeroseg.eval;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/** Writes text files that are there completely or not at all. */
public final class WholeFile {

  /** Writes a text. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes everything.
     *
     * @param writer where to, in UTF-8
     * @throws IOException if that fails
     */
    void write(Writer writer) throws IOException;
  }

  private WholeFile() {}

  /**
   * Writes to a hidden file beside the target and then moves it there, so that a broken run leaves
   * what was there before.
   *
   * @param target the file
   * @param content its text
   * @throws IOException if it cannot be written
   */
  public static void write(Path target, Content content) throws IOException {
    Path file = target.toAbsolutePath();
    Path part = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      try (Writer writer = Files.newBufferedWriter(part)) {
        content.write(writer);
      }
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
