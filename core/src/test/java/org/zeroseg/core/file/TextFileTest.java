package org.zeroseg.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFileTest {

  @TempDir Path folder;

  private Path file(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write(content);
    }
    return packed.toByteArray();
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheFirstLine() throws IOException {
    assertEquals(List.of("café", "", "猫"), TextFile.lines(file("w", utf8("\ufeffcafé\r\n\n猫\n"))));
  }

  @Test
  void aByteOrderMarkInsideIsText() throws IOException {
    assertEquals("a\ufeffb", TextFile.read(file("w", utf8("a\ufeffb"))));
  }

  @Test
  void namesFileAndByteThatIsNotUtf8() throws IOException {
    Path latin = file("latin.txt", "cat\ncaf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
    InvalidFileException e = assertThrows(InvalidFileException.class, () -> TextFile.lines(latin));
    assertEquals(
        latin + ": byte 7 (0xe9) is not UTF-8; the text must be saved in UTF-8", e.getMessage());
  }

  @Test
  void countsBytesOverSeveralReads() throws IOException {
    byte[] long1 = utf8("é".repeat(100_000) + "x");
    long1[200_000] = (byte) 0xff;
    Path file = file("long.txt", long1);
    Exception e = assertThrows(InvalidFileException.class, () -> TextFile.read(file));
    assertTrue(e.getMessage().contains("byte 200000 (0xff)"), e.getMessage());
  }

  @Test
  void aLetterThatIsCutOffAtTheEndIsNotUtf8() throws IOException {
    Path file = file("cut.txt", Arrays.copyOf(utf8("a猫"), 3));
    Exception e = assertThrows(InvalidFileException.class, () -> TextFile.read(file));
    assertTrue(e.getMessage().contains("byte 1 (0xe7)"), e.getMessage());
  }

  @Test
  void unpacksGzipWhateverItsName() throws IOException {
    assertEquals(List.of("cat", "dog"), TextFile.lines(file("w.txt", gzip(utf8("cat\ndog\n")))));
    assertEquals(List.of("cat"), TextFile.lines(file("w.gz", utf8("cat\n"))));
  }

  @Test
  void refusesDamagedGzip() throws IOException {
    byte[] packed = gzip(utf8("cat\n".repeat(100)));
    Path cut = file("cut.gz", Arrays.copyOf(packed, packed.length - 9));
    Exception e = assertThrows(InvalidFileException.class, () -> TextFile.read(cut));
    assertTrue(e.getMessage().startsWith(cut + ": its gzip is damaged"), e.getMessage());
  }

  @Test
  void boundsWhatGzipUnpacksTo() throws IOException {
    Path bomb = file("bomb.gz", gzip(new byte[1 << 28]));
    Exception e =
        assertThrows(
            InvalidFileException.class,
            () -> {
              try (Reader reader = TextFile.open(bomb)) {
                reader.transferTo(Writer.nullWriter());
              }
            });
    assertTrue(e.getMessage().contains("unpacks to over"), e.getMessage());
  }

  @Test
  void boundsWhatIsReadIntoMemory() throws IOException {
    Path file = file("w", new byte[2000]);
    assertEquals(2000, TextFile.read(file, 2000).length());
    assertThrows(InvalidFileException.class, () -> TextFile.read(file, 1999));
  }

  @Test
  void saysWhatIsNoFile() {
    Exception e = assertThrows(InvalidFileException.class, () -> TextFile.read(folder));
    assertEquals(folder + ": is a folder where a file must be", e.getMessage());
    assertThrows(NoSuchFileException.class, () -> TextFile.read(folder.resolve("absent")));
  }

  @Test
  void anEmptyFileIsAnEmptyText() throws IOException {
    assertEquals("", TextFile.read(file("empty", new byte[0])));
  }
}
