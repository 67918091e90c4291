package org.zeroseg.zsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.golden.Golden;

class WordVectorsTest {

  private static final Map<String, float[]> WORDS = new LinkedHashMap<>();

  static {
    WORDS.put("the", new float[] {0, 0, 1});
    WORDS.put("fire", new float[] {1, 2, 3});
    WORDS.put("hydrant", new float[] {3, 0, -1});
    WORDS.put("wine_glass", new float[] {0.5f, -0.25f, 8});
    WORDS.put("wine", new float[] {9, 9, 9});
    WORDS.put("glass", new float[] {9, 9, 9});
    WORDS.put("café", new float[] {1e-3f, 2, 3});
  }

  private static final List<String> NAMES = List.of("fire hydrant", "wine glass", "café");

  @TempDir Path folder;

  private static byte[] text(boolean header) {
    StringBuilder text = new StringBuilder(header ? WORDS.size() + " 3\n" : "");
    WORDS.forEach(
        (word, v) ->
            text.append(word)
                .append(' ')
                .append(v[0])
                .append(' ')
                .append(v[1])
                .append(' ')
                .append(v[2])
                .append('\n'));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] binary(String lineEnd) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write((WORDS.size() + " 3\n").getBytes(StandardCharsets.UTF_8));
    for (Map.Entry<String, float[]> word : WORDS.entrySet()) {
      bytes.write((word.getKey() + " ").getBytes(StandardCharsets.UTF_8));
      ByteBuffer numbers = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
      numbers.asFloatBuffer().put(word.getValue());
      bytes.write(numbers.array());
      bytes.write(lineEnd.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("vectors"), bytes);
  }

  private static void check(WordVectors words) {
    assertArrayEquals(WORDS.get("wine_glass"), words.vector("wine glass").orElseThrow());
    assertArrayEquals(WORDS.get("café"), words.vector("café").orElseThrow());
    assertArrayEquals(new float[] {2, 1, 1}, words.vector("fire hydrant").orElseThrow(), 1e-6f);
    assertTrue(words.vector("fire alarm").isEmpty());
    assertTrue(words.word("the").isEmpty(), "kept a word that nobody asked for");
  }

  @Test
  void readsTheThreePublishedForms() throws IOException {
    for (byte[] bytes : List.of(text(true), text(false), binary(""), binary("\n"))) {
      check(WordVectors.read(write(bytes), NAMES));
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (OutputStream gzip = new GZIPOutputStream(packed)) {
        gzip.write(bytes);
      }
      check(WordVectors.read(write(packed.toByteArray()), NAMES));
    }
  }

  private void refuses(byte[] bytes, String... parts) throws IOException {
    Path file = write(bytes);
    String message =
        assertThrows(InvalidFileException.class, () -> WordVectors.read(file, NAMES)).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    refuses(new byte[0], "holds no word vectors");
    refuses("hello\n".getBytes(StandardCharsets.UTF_8), "holds no word vectors");
    refuses("fire 1 2 3\nhydrant 1 2\n".getBytes(StandardCharsets.UTF_8), "line 2", "2 numbers");
    refuses("fire 1 2 nan\n".getBytes(StandardCharsets.UTF_8), "line 1", "'fire'", "'nan'");
    byte[] whole = binary("");
    refuses(java.util.Arrays.copyOf(whole, whole.length - 5), "ends inside word 7 of 7");
    refuses("5 999999\nx".getBytes(StandardCharsets.UTF_8), "999999 numbers");
  }

  @Test
  void classesHaveOneLengthAndBackgroundIsTheirMean() {
    ClassVectors classes =
        WordVectors.of(WORDS).classes(List.of("fire hydrant", "wine glass"), List.of("café"), 0.5);
    for (String name : List.of("Fire_Hydrant", "wine glass", "café")) {
      assertEquals(0.5, ClassVectors.norm(classes.vector(name).orElseThrow()), 1e-6);
    }
    for (int d = 0; d < 3; d++) {
      float sum = 0;
      for (int c = 1; c <= 3; c++) {
        sum += classes.rows()[c][d];
      }
      assertEquals(sum / 3, classes.background()[d], 1e-6);
    }
    String missing =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    WordVectors.of(WORDS).classes(List.of("wine glass", "bus"), List.of("tram"), 1))
            .getMessage();
    assertTrue(missing.contains("bus, tram"), missing);
  }

  @Test
  void thePublishedPairIsReadAndWrittenBack() throws IOException {
    Path data = Golden.data().resolve("zsi");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.isDirectory(data), data + " is absent");
    ClassVectors classes =
        ClassVectors.read(
            data.resolve("word_w2v_withbg_48_17.txt"), data.resolve("classes_48_17.json"));
    assertEquals(48, classes.seen().size());
    assertEquals(17, classes.unseen().size());
    assertEquals(300, classes.dimensions());
    assertEquals(ClassVectors.PUBLISHED_LENGTH, classes.length(), 1e-5);
    classes.write(folder.resolve("words.txt"), folder.resolve("classes.json"));
    ClassVectors again =
        ClassVectors.read(folder.resolve("words.txt"), folder.resolve("classes.json"));
    assertEquals(classes.unseen(), again.unseen());
    for (int c = 0; c < classes.rows().length; c++) {
      assertArrayEquals(classes.rows()[c], again.rows()[c], 1e-9f);
    }
  }

  private void refusesMatrix(String text, String... parts) throws IOException {
    Path matrix = Files.writeString(folder.resolve("matrix.txt"), text);
    String message =
        assertThrows(
                InvalidFileException.class,
                () -> ClassVectors.read(matrix, List.of("a", "b"), List.of("c")))
            .getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part) && message.contains("matrix.txt"), message);
    }
  }

  @Test
  void saysWhatIsWrongWithAMatrixOrASplit() throws IOException {
    refusesMatrix("", "no numbers");
    refusesMatrix("1,2,3,4\n1,2,3\n", "line 2", "3 numbers");
    refusesMatrix("1,2,3\n4,5,6\n", "3 columns", "need 4");
    refusesMatrix("1,2,NaN,4\n", "line 1, column 3", "'NaN'");
    refusesMatrix("1,2,x,4\n", "column 3", "'x'");
    float[][] vectors = new float[2][3];
    assertThrows(
        IllegalArgumentException.class, () -> ClassVectors.of(List.of(), List.of("a"), vectors));
    assertThrows(
        IllegalArgumentException.class,
        () -> ClassVectors.of(List.of("a"), List.of("A"), new float[3][3]));
    Path names = Files.writeString(folder.resolve("names.json"), "{\"seen\": [\"a\"]}");
    assertThrows(
        InvalidFileException.class, () -> ClassVectors.read(folder.resolve("matrix.txt"), names));
  }
}
