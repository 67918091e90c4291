package org.zeroseg.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
