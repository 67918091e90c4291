package org.zeroseg.clip.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;

class ImageIndexTest {

  private static float[][] unitRows(Random random, int rows, int dimension) {
    float[][] vectors = new float[rows][dimension];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < dimension; i++) {
        vectors[row][i] = (float) random.nextGaussian();
      }
      vectors[row] = TextEmbeddings.unit(vectors[row]);
    }
    return vectors;
  }

  private static List<String> names(int count) {
    return IntStream.range(0, count).mapToObj(row -> "p/" + row + ".jpg").toList();
  }

  /** What a search must give: all dot products in double, sorted, ties by row. */
  private static List<Integer> bruteForce(ImageIndex index, float[] query, int k) {
    double[] scores = new double[index.size()];
    for (int row = 0; row < scores.length; row++) {
      float[] vector = index.embedding(row);
      for (int i = 0; i < query.length; i++) {
        scores[row] += (double) query[i] * vector[i];
      }
    }
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(
            Comparator.comparingDouble((Integer row) -> -scores[row])
                .thenComparing(Comparator.naturalOrder()))
        .limit(k)
        .toList();
  }

  private static List<Integer> rows(List<Match> matches) {
    return matches.stream().map(Match::row).toList();
  }

  @Test
  void findsWhatSortingAllScoresFinds() {
    Random random = new Random(1);
    for (int trial = 0; trial < 20; trial++) {
      int dimension = 1 + random.nextInt(80);
      ImageIndex index = ImageIndex.of(names(700), unitRows(random, 700, dimension));
      float[][] queries = unitRows(random, 1 + random.nextInt(9), dimension);
      int k = random.nextInt(800);
      List<List<Match>> found = index.search(queries, k);
      for (int q = 0; q < queries.length; q++) {
        assertEquals(bruteForce(index, queries[q], k), rows(found.get(q)));
      }
    }
  }

  @Test
  void equalScoresComeInTheOrderOfTheRows() {
    Random random = new Random(2);
    float[][] few = unitRows(random, 3, 33);
    float[][] many = new float[5000][];
    for (int row = 0; row < many.length; row++) {
      many[row] = few[random.nextInt(3)];
    }
    ImageIndex index = ImageIndex.of(names(many.length), many);
    for (int k : new int[] {1, 10, 1700, 4000, 5000, 9999}) {
      float[] query = unitRows(random, 1, 33)[0];
      assertEquals(bruteForce(index, query, k), rows(index.search(query, k)));
    }
  }

  @Test
  void matchesOfPartsMergeIntoThoseOfTheWhole() {
    Random random = new Random(12);
    float[][] few = unitRows(random, 40, 33);
    float[][] many = new float[900][];
    for (int row = 0; row < many.length; row++) {
      many[row] = few[random.nextInt(few.length)]; // so that scores tie
    }
    float[][] queries = unitRows(random, 7, 33);
    ImageIndex whole = ImageIndex.of(names(many.length), many);
    int[] starts = {0, 1, 300, 301, 650, 900};
    for (int k : new int[] {0, 1, 30, 2000}) {
      List<TopMatches> merged = null;
      for (int part = starts.length - 2; part >= 0; part--) { // the order must not matter
        int from = starts[part];
        int to = starts[part + 1];
        List<TopMatches> found =
            ImageIndex.of(names(many.length).subList(from, to), Arrays.copyOfRange(many, from, to))
                .top(queries, k)
                .stream()
                .map(top -> top.shifted(from))
                .toList();
        List<TopMatches> before = merged;
        merged =
            before == null
                ? found
                : IntStream.range(0, queries.length)
                    .mapToObj(q -> found.get(q).merge(before.get(q)))
                    .toList();
      }
      assertEquals(whole.search(queries, k), merged.stream().map(TopMatches::matches).toList());
    }
  }

  @Test
  void aQueryFindsTheSameAloneAndAmongOthers() {
    Random random = new Random(3);
    ImageIndex index = ImageIndex.of(names(2000), unitRows(random, 2000, 64));
    float[][] queries = unitRows(random, 50, 64);
    List<List<Match>> together = index.search(queries, 20);
    for (int q = 0; q < queries.length; q++) {
      assertEquals(index.search(queries[q], 20), together.get(q));
    }
  }

  @Test
  void concatenatedIndexesAreOne() {
    Random random = new Random(4);
    float[][] vectors = unitRows(random, 300, 16);
    ImageIndex whole = ImageIndex.of(names(300), vectors);
    ImageIndex first = ImageIndex.of(names(100), Arrays.copyOfRange(vectors, 0, 100));
    ImageIndex second =
        ImageIndex.of(names(300).subList(100, 300), Arrays.copyOfRange(vectors, 100, 300));
    ImageIndex both = ImageIndex.concatenate(first, second);
    assertEquals(300, both.size());
    assertEquals(whole.search(vectors, 7), both.search(vectors, 7));
    assertEquals("p/99.jpg", both.name(99));
    assertEquals("p/100.jpg", both.name(100));
    assertArrayEquals(vectors[299], both.embedding(299));
    ImageIndex other = ImageIndex.of(names(1), unitRows(random, 1, 17));
    assertThrows(IllegalArgumentException.class, () -> ImageIndex.concatenate(first, other));
  }

  @Test
  void refusesWhatIsNoQuery() {
    ImageIndex index = ImageIndex.of(names(2), new float[][] {{1, 0}, {0, 1}});
    assertThrows(IllegalArgumentException.class, () -> index.search(new float[3], 1));
    assertThrows(IllegalArgumentException.class, () -> index.search(new float[] {Float.NaN, 0}, 1));
    assertThrows(IllegalArgumentException.class, () -> index.search(new float[2], -1));
    assertThrows(IndexOutOfBoundsException.class, () -> index.name(2));
    assertThrows(IndexOutOfBoundsException.class, () -> index.embedding(-1));
    assertEquals(List.of(), index.search(new float[][] {}, 5));
    assertEquals(List.of(), index.search(new float[] {1, 0}, 0));
  }

  @Test
  void refusesVectorsThatAreNotOfLengthOne() {
    for (float[] vector : new float[][] {{0, 0}, {2, 0}, {Float.NaN, 1}, {1}}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> ImageIndex.of(names(2), new float[][] {{1, 0}, vector}));
    }
    assertThrows(
        IllegalArgumentException.class, () -> ImageIndex.of(names(2), new float[][] {{1, 0}}));
  }

  private static void write(Path folder, DataType type, List<String> names, float[][] vectors)
      throws IOException {
    try (IndexWriter writer = IndexWriter.open(folder, vectors[0].length, type, "fake")) {
      for (int start = 0; start < vectors.length; start += 100) {
        int end = Math.min(start + 100, vectors.length);
        writer.append(names.subList(start, end), List.of(vectors).subList(start, end));
      }
    }
  }

  @Test
  void storesFloatsExactlyAndHalvesToTheirPrecision(@TempDir Path folder) throws IOException {
    float[][] vectors = unitRows(new Random(5), 250, 24);
    List<String> names = new ArrayList<>(names(250));
    names.set(17, "a\\n b\nc\r\u00e9.png");
    for (DataType type : new DataType[] {DataType.FLOAT32, DataType.FLOAT16}) {
      Path place = folder.resolve(type.name());
      write(place, type, names, vectors);
      ImageIndex index = ImageIndex.open(place);
      assertEquals(250, index.size());
      assertEquals(24, index.dimension());
      for (int row = 0; row < 250; row++) {
        assertEquals(names.get(row), index.name(row));
        assertArrayEquals(
            vectors[row], index.embedding(row), type == DataType.FLOAT32 ? 0 : 0x1p-11f);
      }
      for (float[] query : unitRows(new Random(6), 5, 24)) {
        assertEquals(bruteForce(index, query, 30), rows(index.search(query, 30)));
      }
    }
  }

  @Test
  void theFileIsOrdinarySafetensors(@TempDir Path folder) throws IOException {
    float[][] vectors = unitRows(new Random(7), 130, 8);
    write(folder, DataType.FLOAT32, names(130), vectors);
    try (Checkpoint checkpoint = Checkpoints.open(folder.resolve("embeddings.safetensors"))) {
      float[] first = new float[8];
      checkpoint.read("embeddings").asFloatBuffer().get(first);
      assertArrayEquals(vectors[0], first);
      assertEquals("fake", checkpoint.metadata().get("model"));
    }
  }

  @Test
  void readsTheLayoutOfOtherWriters(@TempDir Path folder) throws IOException {
    byte[] header =
        "{\"embeddings\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}"
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + header.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length).put(header).putFloat(0).putFloat(1).putFloat(1).putFloat(0);
    Files.write(folder.resolve("embeddings.safetensors"), file.array());
    Files.writeString(folder.resolve("names.txt"), "up\nright\n");
    ImageIndex index = ImageIndex.open(folder);
    assertEquals("right", index.search(new float[] {1, 0}, 1).get(0).name());
  }

  @Test
  void refusesDamagedIndexesByName(@TempDir Path folder) throws IOException {
    assertThrows(NoSuchFileException.class, () -> ImageIndex.open(folder));
    write(folder, DataType.FLOAT32, names(30), unitRows(new Random(8), 30, 8));
    Path matrix = folder.resolve("embeddings.safetensors");
    Path list = folder.resolve("names.txt");
    byte[] whole = Files.readAllBytes(matrix);

    Files.writeString(list, "a\nb\n");
    refused(folder, "names.txt has 2 names, but there are 30 rows");
    Files.writeString(list, "x\n".repeat(30));
    for (int length : new int[] {0, 7, 8, 100, 4096, whole.length - 1}) {
      Files.write(matrix, java.util.Arrays.copyOf(whole, length));
      refused(folder, "embeddings.safetensors");
    }
    String text = new String(whole, 8, 4088, StandardCharsets.UTF_8).strip();
    for (String[] change :
        new String[][] {
          {"F32", "F64"},
          {"[30,8]", "[30]"},
          {"[30,8]", "[31,8]"},
          {"[30,8]", "[-1,8]"},
          {"[30,8]", "[30,0]"},
          {"[0,960]", "[-960,0]"},
          {"[0,960]", "[\"x\",960]"},
          {"[0,960]", "[0]"},
          {"[0,960]", "960"},
          {"[0,960]", "[9223372036854770000,9223372036854770960]"},
          {"\"embeddings\"", "\"other\""},
          {"{", "["},
          {"}", ""},
          {"\"shape\"", "\"form\""}
        }) {
      byte[] changed = whole.clone();
      java.util.Arrays.fill(changed, 8, 4096, (byte) ' ');
      byte[] header = text.replace(change[0], change[1]).getBytes(StandardCharsets.UTF_8);
      System.arraycopy(header, 0, changed, 8, header.length);
      Files.write(matrix, changed);
      refused(folder, "embeddings.safetensors");
    }
    Files.write(matrix, whole);
    assertEquals(30, ImageIndex.open(folder).size());
  }

  private static void refused(Path folder, String reason) {
    IOException refusal = assertThrows(IOException.class, () -> ImageIndex.open(folder));
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }

  @Test
  void anyDamageIsReadOrRefused(@TempDir Path folder) throws IOException {
    write(folder, DataType.FLOAT16, names(5), unitRows(new Random(9), 5, 4));
    Path matrix = folder.resolve("embeddings.safetensors");
    byte[] whole = Files.readAllBytes(matrix);
    Random random = new Random(10);
    for (int trial = 0; trial < 400; trial++) {
      byte[] damaged = whole.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        damaged[random.nextInt(random.nextBoolean() ? 250 : damaged.length)] =
            (byte) random.nextInt(256);
      }
      Files.write(matrix, damaged);
      try {
        ImageIndex index = ImageIndex.open(folder);
        if (index.size() > 0) {
          index.embedding(index.size() - 1);
        }
      } catch (IOException expected) {
        assertTrue(expected.getMessage().contains(folder.toString()), expected.getMessage());
      }
    }
  }

  /** 1.28 million vectors of 768 halves, 919 queries, as for ImageNet-S. */
  @Test
  @Tag("slow")
  void searchesTheWholeOfImageNetForAllCategoriesInOnePass(@TempDir Path folder)
      throws IOException {
    int size = 1_281_167;
    int dimension = 768;
    SyntheticIndex.write(folder, size, dimension, DataType.FLOAT16);
    ImageIndex index = ImageIndex.open(folder);
    assertEquals(size, index.size());
    float[][] queries = unitRows(new Random(11), 919, dimension);
    long before = Runtime.getRuntime().totalMemory();
    List<List<Match>> found = index.search(queries, 500);
    assertTrue(Runtime.getRuntime().totalMemory() - before < 2L << 30);
    for (int q = 0; q < queries.length; q += 400) {
      assertEquals(bruteForce(index, queries[q], 500), rows(found.get(q)));
    }
  }

  @Test
  void aLeftoverOfAKilledWriterDoesNotCount(@TempDir Path folder) throws IOException {
    write(folder, DataType.FLOAT32, names(30), unitRows(new Random(12), 30, 8));
    try (RandomAccessFile file =
        new RandomAccessFile(folder.resolve("embeddings.safetensors").toFile(), "rw")) {
      file.seek(file.length());
      file.write(new byte[50]);
    }
    Files.writeString(
        folder.resolve("names.txt"), "half a na", java.nio.file.StandardOpenOption.APPEND);
    ImageIndex index = ImageIndex.open(folder);
    assertEquals(30, index.size());
    assertEquals("p/29.jpg", index.name(29));
  }
}
