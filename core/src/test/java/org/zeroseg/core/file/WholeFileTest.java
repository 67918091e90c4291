package org.zeroseg.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {

  @TempDir private Path folder;

  @Test
  void replacesAFileAndLeavesNothingElse() throws IOException {
    Path file = folder.resolve("words.txt");
    WholeFile.write(file, "cat");
    WholeFile.write(file, "d\u00f6g");
    assertEquals("d\u00f6g", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  @Test
  void makesTheFolder() throws IOException {
    Path file = folder.resolve("results").resolve("words.txt");
    WholeFile.write(file, "cat");
    assertEquals("cat", Files.readString(file));
  }

  @Test
  void keepsWhatWasThereWhereTheContentFails() throws IOException {
    Path file = Files.writeString(folder.resolve("words.txt"), "cat");
    WholeFile.Content broken =
        unfinished -> {
          Files.writeString(unfinished, "d");
          throw new IOException("the disk is full");
        };
    assertThrows(IOException.class, () -> WholeFile.write(file, broken));
    assertEquals("cat", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  @Test
  void writesAFileOfTheLongestName() throws IOException {
    Path file = folder.resolve("x".repeat(255));
    WholeFile.write(file, "cat");
    assertEquals("cat", Files.readString(file));
  }

  @Test
  void saysWhichFileCouldNotBeWritten() throws IOException {
    Path file = folder.resolve("words.txt");
    WholeFile.Content full =
        unfinished -> {
          throw new IOException("No space left on device");
        };
    IOException failure = assertThrows(IOException.class, () -> WholeFile.write(file, full));
    assertEquals(file + ": No space left on device", failure.getMessage());
    Path below = Files.writeString(file, "cat").resolve("below.txt");
    failure = assertThrows(IOException.class, () -> WholeFile.write(below, "dog"));
    assertEquals(file + ": it is no folder", failure.getMessage());
  }

  @Test
  void canBeReadByWhomeverAPlainFileCan() throws IOException {
    assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"));
    Path plain = Files.writeString(folder.resolve("plain.txt"), "cat");
    Path whole = folder.resolve("whole.txt");
    WholeFile.write(whole, "cat");
    assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(whole));
  }

  @Test
  void aLinkStaysAndTheFileThatItLeadsToIsWritten() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path real = Files.writeString(elsewhere.resolve("real.txt"), "cat");
    Path middle = Files.createSymbolicLink(folder.resolve("middle"), Path.of("elsewhere/real.txt"));
    Path link = Files.createSymbolicLink(folder.resolve("link.txt"), middle);
    WholeFile.write(link, "dog");
    assertTrue(Files.isSymbolicLink(link));
    assertTrue(Files.isSymbolicLink(middle));
    assertEquals("dog", Files.readString(real));
    Path dangling = Files.createSymbolicLink(folder.resolve("new"), elsewhere.resolve("new.txt"));
    WholeFile.write(dangling, "bird");
    assertEquals("bird", Files.readString(elsewhere.resolve("new.txt")));
    try (Stream<Path> files = Files.list(elsewhere)) {
      assertEquals(2, files.count());
    }
  }

  @Test
  void linksInACircleAreRefused() throws IOException {
    Path one = folder.resolve("one");
    Files.createSymbolicLink(one, Files.createSymbolicLink(folder.resolve("two"), one));
    assertThrows(FileSystemException.class, () -> WholeFile.write(one, "cat"));
  }

  @Test
  void aDeviceIsWrittenToAndNotReplaced() throws IOException {
    Path device = Path.of("/dev/null");
    assumeTrue(Files.exists(device) && !Files.isRegularFile(device));
    Path link = Files.createSymbolicLink(folder.resolve("nothing"), device);
    WholeFile.write(device, "cat");
    WholeFile.write(link, "cat");
    assertFalse(Files.isRegularFile(device));
    assertEquals(List.of(link), files());
  }

  @Test
  void aPipeGetsTheWholeContent() throws Exception {
    Path pipe = folder.resolve("pipe");
    assumeTrue(madePipe(pipe));
    CompletableFuture<String> read =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.readString(pipe);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    WholeFile.write(pipe, "cat");
    assertEquals("cat", read.get(20, TimeUnit.SECONDS));
    assertEquals(List.of(pipe), files());
  }

  private static boolean madePipe(Path pipe) throws InterruptedException {
    try {
      return new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void namesMayBeAsLongAsFilesHaveThem() throws IOException {
    for (String name : List.of("a".repeat(251) + ".txt", "\u00e4".repeat(125) + ".txt")) {
      Path file = folder.resolve(name);
      WholeFile.write(file, "cat");
      assertEquals("cat", Files.readString(file));
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
