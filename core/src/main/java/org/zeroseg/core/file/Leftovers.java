package org.zeroseg.core.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;

/** Removes temporary files that killed processes have left behind. */
public final class Leftovers {

  private Leftovers() {}

  /**
   * Removes old temporary files and folders of the user that this process runs as. Files that
   * cannot be inspected or removed are skipped.
   *
   * @param folder where they lie; may be absent
   * @param names what they are called, as a whole
   * @param age how long nothing in them has changed
   */
  public static void sweep(Path folder, Pattern names, Duration age) {
    Instant newest = Instant.now().minus(age);
    try (DirectoryStream<Path> found =
        Files.newDirectoryStream(
            folder, path -> names.matcher(path.getFileName().toString()).matches())) {
      for (Path path : found) {
        try {
          if (lastChange(path).isBefore(newest) && mine(path)) {
            deleteTree(path);
          }
        } catch (IOException | SecurityException e) {
          // another process is at it, or it is not ours to remove
        }
      }
    } catch (IOException | DirectoryIteratorException | SecurityException e) {
      // nothing to see there
    }
  }

  private static boolean mine(Path path) throws IOException {
    UserPrincipal owner = Files.getOwner(path, LinkOption.NOFOLLOW_LINKS);
    Path probe = Files.createTempFile("zeroseg", null);
    try {
      return owner.equals(Files.getOwner(probe));
    } finally {
      Files.delete(probe);
    }
  }

  /** Links are not followed. */
  private static Instant lastChange(Path root) throws IOException {
    FileTime[] last = {FileTime.fromMillis(0)};
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return visitFile(folder, attributes);
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.lastModifiedTime().compareTo(last[0]) > 0) {
              last[0] = attributes.lastModifiedTime();
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return last[0].toInstant();
  }

  /**
   * Removes a folder with all that is in it, or a file. Links are not followed; another process may
   * be at it, too.
   *
   * @param root must exist
   * @throws IOException if it does not, or something cannot be removed
   */
  public static void deleteTree(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure)
              throws IOException {
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
