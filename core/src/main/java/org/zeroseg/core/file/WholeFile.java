package org.zeroseg.core.file;

import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes files atomically. A reader sees either the old file or the complete new one: content goes
 * to a hidden file next to the target, which is then moved onto it. Where a link leads to a file,
 * that file is written and the link stays. A device or pipe, such as {@code /dev/stdout}, is given
 * the finished content.
 */
public final class WholeFile {

  /** As many as Linux follows. */
  private static final int MOST_LINKS = 40;

  /** Where Linux has links to what a process has open, such as the file that its output goes to. */
  private static final Path OPEN_FILES = Path.of("/proc");

  private WholeFile() {}

  /** Writes what a file is to hold. */
  @FunctionalInterface
  public interface Content {

    /**
     * Writes the content.
     *
     * @param unfinished a path at which there is no file yet
     * @throws IOException if it cannot be written
     */
    void writeTo(Path unfinished) throws IOException;
  }

  /**
   * Writes a file.
   *
   * @param file written or replaced; its folder is made if absent
   * @param content writes it
   * @throws IOException if it cannot be written; what was there before is still there, and nothing
   *     else
   */
  public static void write(Path file, Content content) throws IOException {
    Path target = behindLinks(file.toAbsolutePath());
    makeFolder(target.getParent());
    boolean through = isOpenOrNoFile(target);
    // Not a file of createTempFile, which others than its owner could not read. Its name is no
    // longer than a file's may be, however long the target's is.
    Path folder = through ? Files.createTempDirectory("zeroseg") : target.getParent();
    Path unfinished = folder.resolve("." + UUID.randomUUID() + ".part");
    try {
      content.writeTo(unfinished);
      if (through) {
        append(unfinished, target);
      } else {
        move(unfinished, target);
      }
    } catch (FileSystemException e) {
      throw unfinished.toString().equals(e.getFile()) ? ofTarget(file, e) : e;
    } catch (IOException e) {
      throw e.getClass() == IOException.class ? ofTarget(file, e) : e; // such as a full disk
    } finally {
      Files.deleteIfExists(unfinished);
      if (through) {
        Files.delete(folder);
      }
    }
  }

  /** The file that links lead to, there or not. */
  private static Path behindLinks(Path file) throws IOException {
    Path target = file;
    for (int links = 0; Files.isSymbolicLink(target) && !isOpenOrNoFile(target); links++) {
      if (links == MOST_LINKS) {
        throw new FileSystemException(file.toString(), null, "its links lead in a circle");
      }
      target = target.resolveSibling(Files.readSymbolicLink(target)).normalize();
    }
    return target;
  }

  /** A device, a pipe, or a file that this process has open: none can be replaced. */
  private static boolean isOpenOrNoFile(Path target) {
    return target.startsWith(OPEN_FILES)
        || (Files.exists(target) && !Files.isRegularFile(target) && !Files.isDirectory(target));
  }

  private static void append(Path content, Path target) throws IOException {
    try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.APPEND)) {
      Files.copy(content, out);
    }
  }

  /**
   * Writes a file of bytes.
   *
   * @param file written or replaced; its folder is made if absent
   * @param content all of it
   * @throws IOException as for {@link #write(Path, Content)}
   */
  public static void write(Path file, byte[] content) throws IOException {
    write(file, unfinished -> Files.write(unfinished, content));
  }

  /**
   * Writes a text file in UTF-8.
   *
   * @param file written or replaced; its folder is made if absent
   * @param text all of it
   * @throws IOException as for {@link #write(Path, Content)}
   */
  public static void write(Path file, String text) throws IOException {
    write(file, unfinished -> Files.writeString(unfinished, text));
  }

  /** Writes a text. */
  @FunctionalInterface
  public interface Text {

    /**
     * Writes the text.
     *
     * @param writer where to, in UTF-8
     * @throws IOException if that fails
     */
    void write(Writer writer) throws IOException;
  }

  /**
   * Writes a text file in UTF-8 part by part.
   *
   * @param file written or replaced; its folder is made if absent
   * @param text writes it
   * @throws IOException as for {@link #write(Path, Content)}
   */
  public static void writeText(Path file, Text text) throws IOException {
    write(
        file,
        unfinished -> {
          try (Writer writer = Files.newBufferedWriter(unfinished)) {
            text.write(writer);
          }
        });
  }

  /**
   * Makes a folder and those above it.
   *
   * @param folder made if absent
   * @throws IOException if it cannot be made, or is a file
   */
  public static void makeFolder(Path folder) throws IOException {
    try {
      Files.createDirectories(folder);
    } catch (FileAlreadyExistsException e) {
      FileSystemException named = new FileSystemException(e.getFile(), null, "it is no folder");
      named.initCause(e);
      throw named;
    } catch (NoSuchFileException e) { // as of pseudo file systems, for what is to be made
      FileSystemException named = new FileSystemException(e.getFile(), null, "it cannot be made");
      named.initCause(e);
      throw named;
    }
  }

  /** The failure to write the hidden file, said of the one that was asked for. */
  private static IOException ofTarget(Path target, IOException failure) {
    FileSystemException named =
        failure instanceof AccessDeniedException
            ? new AccessDeniedException(target.toString())
            : new FileSystemException(
                target.toString(),
                null,
                failure instanceof FileSystemException e ? e.getReason() : failure.getMessage());
    named.initCause(failure);
    return named;
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
