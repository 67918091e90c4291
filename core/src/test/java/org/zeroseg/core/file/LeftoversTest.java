package org.zeroseg.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {

  private static final Pattern NAMES = Pattern.compile("tmp\\d+");

  @TempDir private Path folder;

  private static Path aged(Path path, Duration age) throws IOException {
    return Files.setLastModifiedTime(path, FileTime.from(Instant.now().minus(age)));
  }

  private void sweep() {
    Leftovers.sweep(folder, NAMES, Duration.ofHours(1));
  }

  @Test
  void removesWhatIsOldAndKeepsWhatIsNewOrCalledOtherwise() throws IOException {
    Path old = Files.createDirectory(folder.resolve("tmp1"));
    aged(Files.createFile(old.resolve("library.so")), Duration.ofHours(2));
    aged(old, Duration.ofHours(2));
    Path recent = Files.createDirectory(folder.resolve("tmp2"));
    Path other = aged(Files.createFile(folder.resolve("tmp3.txt")), Duration.ofHours(2));
    sweep();
    assertFalse(Files.exists(old));
    assertTrue(Files.exists(recent));
    assertTrue(Files.exists(other));
  }

  @Test
  void keepsAFolderInWhichSomethingIsStillWritten() throws IOException {
    Path old = Files.createDirectory(folder.resolve("tmp1"));
    Path growing = Files.createFile(old.resolve("library.so"));
    aged(old, Duration.ofHours(2));
    sweep();
    assertTrue(Files.exists(growing));
  }

  @Test
  void removesALinkAndNotWhatItPointsTo() throws IOException {
    Path target = Files.createDirectory(folder.resolve("target"));
    Path kept = aged(Files.createFile(target.resolve("kept")), Duration.ofHours(2));
    Path old = Files.createDirectory(folder.resolve("tmp1"));
    aged(kept, Duration.ofHours(2));
    Path link = Files.createSymbolicLink(old.resolve("link"), target);
    aged(old, Duration.ofHours(2));
    Leftovers.sweep(folder, NAMES, Duration.ofHours(-1));
    assertFalse(Files.exists(link, LinkOption.NOFOLLOW_LINKS));
    assertTrue(Files.exists(kept));
  }

  @Test
  void anAbsentFolderHasNone() {
    Path absent = folder.resolve("absent");
    Leftovers.sweep(absent, NAMES, Duration.ZERO);
    assertEquals(false, Files.exists(absent));
  }
}
