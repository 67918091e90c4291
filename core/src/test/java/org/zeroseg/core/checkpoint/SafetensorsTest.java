package org.zeroseg.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {

  private static final List<DataType> TYPES =
      List.of(
          DataType.BOOLEAN,
          DataType.FLOAT32,
          DataType.UINT8,
          DataType.FLOAT64,
          DataType.INT8,
          DataType.BFLOAT16,
          DataType.INT16,
          DataType.FLOAT16,
          DataType.INT32,
          DataType.UINT16,
          DataType.INT64,
          DataType.UINT32,
          DataType.UINT64);

  private static final List<Shape> SHAPES =
      List.of(new Shape(), new Shape(0), new Shape(3), new Shape(2, 0, 3), new Shape(1, 2, 3, 1));

  @TempDir private Path folder;

  /** A checkpoint of random bytes in memory. */
  private record Made(Map<String, TensorInfo> tensors, Map<String, byte[]> bytes)
      implements Checkpoint {

    static Made random(long seed) {
      Made made = new Made(new LinkedHashMap<>(), new LinkedHashMap<>());
      Random random = new Random(seed);
      for (DataType type : TYPES) {
        for (Shape shape : SHAPES) {
          byte[] bytes = new byte[Math.toIntExact(shape.size() * ElementTypes.size(type))];
          random.nextBytes(bytes);
          String name = "\"größe\\\n" + type + "." + shape;
          made.tensors.put(name, new TensorInfo(type, shape));
          made.bytes.put(name, bytes);
        }
      }
      return made;
    }

    @Override
    public String source() {
      return "random bytes";
    }

    @Override
    public ByteBuffer read(String name) {
      return ByteBuffer.wrap(bytes.get(name)).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() {}
  }

  private static byte[] content(Checkpoint checkpoint, String name) {
    ByteBuffer bytes = checkpoint.read(name);
    byte[] content = new byte[bytes.remaining()];
    bytes.get(content);
    return content;
  }

  @Test
  void whatIsWrittenIsReadAgainInEveryTypeAndShape() throws IOException {
    Made made = Made.random(1);
    Map<String, String> provenance = Map.of("seed", "7", "data", "Formen-Welt \"klein\"\n");
    Path file = folder.resolve("all.safetensors");
    SafetensorsWriter.write(file, made, provenance);
    try (Checkpoint read = Checkpoints.open(file)) {
      assertEquals(provenance, read.metadata());
      assertEquals(List.copyOf(made.tensors.entrySet()), List.copyOf(read.tensors().entrySet()));
      made.bytes.forEach((name, bytes) -> assertArrayEquals(bytes, content(read, name), name));
      made.tensors.keySet().forEach(name -> assertCopied(read, name));
      for (Checkpoint view :
          List.of(
              read.renamed(name -> "x." + name),
              read.as(DataType.FLOAT16),
              read.joined(Map.of("all", List.copyOf(made.tensors.keySet()).subList(0, 1))))) {
        view.tensors().keySet().forEach(name -> assertCopied(view, name));
      }
    }
  }

  private static void assertCopied(Checkpoint checkpoint, String name) {
    ByteBuffer expected = checkpoint.read(name);
    ByteBuffer copy = ByteBuffer.allocateDirect(expected.remaining() + 1);
    checkpoint.copy(name, copy);
    assertEquals(expected, copy.flip(), name);
    if (expected.hasRemaining()) {
      assertThrows(
          BufferOverflowException.class,
          () -> checkpoint.copy(name, ByteBuffer.allocate(expected.remaining() - 1)),
          name);
    }
  }

  @Test
  void aHeaderLengthThatBeginsLikeAPickleIsNone() throws IOException {
    Made made = new Made(Map.of(), Map.of());
    Path file = folder.resolve("x.safetensors");
    for (int padding = 0; padding < 256; padding++) {
      SafetensorsWriter.write(file, made, Map.of("note", "x".repeat(padding)));
      try (Checkpoint read = Checkpoints.open(file)) {
        assertEquals(padding, read.metadata().get("note").length());
      }
    }
  }

  @Test
  void theSameTensorsGiveTheSameFileAndNothingIsLeftBeside() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    SafetensorsWriter.write(first, Made.random(2), Map.of("b", "2", "a", "1"));
    Files.writeString(second, "what was there before");
    SafetensorsWriter.write(second, Made.random(2), Map.of("a", "1", "b", "2"));
    assertEquals(-1, Files.mismatch(first, second));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(2, files.count());
    }
  }

  @Test
  void aFailedWriteLeavesTheOldFile() throws IOException {
    Path file = Files.writeString(folder.resolve("kept"), "old");
    Made broken = Made.random(3);
    broken.bytes.put(broken.tensors.keySet().iterator().next(), new byte[99]);
    assertThrows(
        IllegalStateException.class, () -> SafetensorsWriter.write(file, broken, Map.of()));
    assertEquals("old", Files.readString(file));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void everyTensorStartsAtAMultipleOfItsElementSize() throws IOException {
    Path file = folder.resolve("aligned");
    SafetensorsWriter.write(file, Made.random(4), Map.of());
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(0, bytes.getLong(0) % 8);
  }

  @Test
  void castsRoundToNearestEven() {
    float[] values = {
      1, -2.5f, 65504, 65519.996f, 65520, 1e-8f, 0x1p-24f, 0x1.8p-24f, 1 + 0x1p-11f
    };
    double[] halves = {1, -2.5, 65504, 65504, Double.POSITIVE_INFINITY, 0, 0x1p-24, 0x1p-23, 1};
    for (int i = 0; i < values.length; i++) {
      assertEquals(halves[i], Halves.float16ToFloat(Halves.toFloat16(values[i])), values[i] + "");
    }
    assertEquals(1f, Halves.bfloat16ToFloat(Halves.toBfloat16(1 + 0x1p-8f)));
    assertEquals(1 + 0x1p-6f, Halves.bfloat16ToFloat(Halves.toBfloat16(1 + 0x1.8p-7f)));
    assertTrue(Float.isNaN(Halves.bfloat16ToFloat(Halves.toBfloat16(Float.NaN))));
    for (int bits = 0; bits <= 0xffff; bits++) {
      float half = Halves.float16ToFloat((short) bits);
      float wide = Halves.bfloat16ToFloat((short) bits);
      if (Float.isNaN(half)) {
        assertTrue(Float.isNaN(Halves.float16ToFloat(Halves.toFloat16(half))));
      } else {
        assertEquals((short) bits, Halves.toFloat16(half));
      }
      assertTrue(Float.isNaN(wide) || (short) bits == Halves.toBfloat16(wide));
    }
  }

  @Test
  void halvedCheckpointsKeepTheirWholeNumbers() throws IOException {
    Path file = folder.resolve("half");
    SafetensorsWriter.write(file, Made.random(5).as(DataType.FLOAT16), Map.of());
    try (Checkpoint read = Checkpoints.open(file)) {
      Map<String, TensorInfo> before = Made.random(5).tensors;
      read.tensors()
          .forEach(
              (name, info) -> {
                DataType type = before.get(name).type();
                boolean floating = type.toString().contains("float");
                assertEquals(floating ? DataType.FLOAT16 : type, info.type(), name);
              });
    }
    assertThrows(IllegalArgumentException.class, () -> Made.random(5).as(DataType.INT32).tensors());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}x",
        "{'a':1}",
        "[]",
        "{\"a\":1}",
        "{\"a\":{}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}",
        "{\"a\":{\"dtype\":\"F3\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[99999999999,99999999999],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]},"
            + "\"a\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]},"
            + "\"b\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]}}"
      })
  void refusesHeadersThatDoNotFit(String header) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer content = ByteBuffer.allocate(8 + json.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    content.putLong(json.length).put(json);
    refusal(content.array());
  }

  private Path safetensors(String header, int bytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer content = ByteBuffer.allocate(8 + json.length + bytes);
    content.order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json);
    return Files.write(folder.resolve("made.safetensors"), content.array());
  }

  @Test
  void metadataMayBeNull() throws IOException {
    Path file =
        safetensors(
            "{\"__metadata__\":null,\"a\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
            4);
    try (Checkpoint read = Checkpoints.open(file)) {
      assertEquals(Map.of(), read.metadata());
      assertEquals(4, read.read("a").remaining());
    }
  }

  @Test
  void elementsOfUnknownTypesAreOnlyRefusedWhenAskedFor() throws IOException {
    Path file =
        safetensors(
            "{\"scale\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[4,6]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                + "\"packed\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[6,8]}}",
            8);
    try (Checkpoint read = Checkpoints.open(file)) {
      assertEquals(4, read.read("a").remaining());
      assertEquals(new TensorInfo(DataType.UNKNOWN, new Shape(2)), read.tensors().get("scale"));
      for (Checkpoint view : List.of(read, read.as(DataType.FLOAT16))) {
        String message =
            assertThrows(CheckpointException.class, () -> view.read("scale")).getMessage();
        assertTrue(message.contains("scale") && message.contains("F8_E4M3"), message);
        ByteBuffer room = ByteBuffer.allocate(99);
        assertThrows(CheckpointException.class, () -> view.copy("packed", room));
      }
    }
  }

  @Test
  void refusesMoreTensorsThanAnyModelHas() throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i <= Layout.MOST_TENSORS; i++) {
      header.append(i == 0 ? "\"" : ",\"").append(i);
      header.append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
    }
    byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer content = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
    assertTrue(refusal(content.putLong(json.length).put(json).array()).contains("100000 tensors"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":{\"x\":[[[[[[[[", // repeated below
        "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,0],\"shape\":[0,0,0,0,0,0,0,0,"
      })
  void refusesHeadersOfEndlessArraysEarly(String start) throws IOException {
    String header = start + start.substring(start.length() - 2).repeat(1_000_000);
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer content = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
    String message = refusal(content.putLong(json.length).put(json).array());
    assertTrue(message.contains("200 deep") || message.contains("over 64 numbers"), message);
  }

  @Test
  void wrappersAreTakenOffNames() throws IOException {
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    TensorInfo info = new TensorInfo(DataType.UINT8, new Shape(1));
    for (String name :
        List.of("module._orig_mod.a", "module.b._orig_mod.c", "module.d_orig_mod.e")) {
      tensors.put(name, info);
    }
    Made wrapped = new Made(tensors, Map.of());
    assertEquals(
        List.of("a", "b.c", "d_orig_mod.e"), List.copyOf(wrapped.unwrapped().tensors().keySet()));
    tensors.put("other", info);
    Made half = new Made(tensors, Map.of());
    assertEquals(
        List.of("module.a", "module.b.c", "module.d_orig_mod.e", "other"),
        List.copyOf(half.unwrapped().tensors().keySet()));
    Made plain = new Made(Map.of("a", info), Map.of());
    assertSame(plain, plain.unwrapped());
    Made twins = new Made(Map.of("a", info, "_orig_mod.a", info), Map.of());
    assertThrows(CheckpointException.class, twins::unwrapped);
  }

  @Test
  void shardsMayHaveColonsAndDotsInTheirNamesAndAreOpenedOnce() throws IOException {
    Map<String, TensorInfo> one = Map.of("a", new TensorInfo(DataType.UINT8, new Shape(1)));
    Path shard = folder.resolve("12:30..safetensors");
    SafetensorsWriter.write(shard, new Made(one, Map.of("a", new byte[] {5})), Map.of());
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\":{\"a\":\"./x/../12:30..safetensors\"}}");
    try (Checkpoint read = Checkpoints.open(index)) {
      assertArrayEquals(new byte[] {5}, content(read, "a"));
    }
    Files.writeString(index, "{\"weight_map\":{\"a\":\"12:30..safetensors\"}} x");
    String message =
        assertThrows(CheckpointException.class, () -> Checkpoints.open(index)).getMessage();
    assertTrue(message.contains("something follows"), message);
    Files.writeString(index, "{\"weight_map\":{\"a\":\"x\\u0000y\"}}");
    assertThrows(CheckpointException.class, () -> Checkpoints.open(index));
  }

  @Test
  void saysWhatAFileIsThatIsNoCheckpoint() throws IOException {
    assertTrue(refusal("").contains("empty"));
    assertTrue(refusal("\n <html>").contains("web page"));
    assertTrue(
        refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\n").contains("Git LFS"));
    assertTrue(refusal("{\"a\": 1}").contains("weight_map"));
    assertTrue(refusal("GIF89a").contains("neither"));
    assertTrue(refusal("\u0080\u0002}.").contains("holds no tensors"));
    assertTrue(refusal("\u0080\u0002}").contains("pickle"));
    assertThrows(CheckpointException.class, () -> Checkpoints.open(folder.resolve("absent")));
    String message =
        assertThrows(CheckpointException.class, () -> Checkpoints.open(folder)).getMessage();
    assertTrue(message.contains("model.safetensors"), message);
  }

  @Test
  void opensFoldersAndShardsAndKeyPaths() throws IOException {
    Map<String, TensorInfo> one = Map.of("v.a", new TensorInfo(DataType.UINT8, new Shape(1)));
    Map<String, TensorInfo> two = Map.of("t.b", new TensorInfo(DataType.UINT8, new Shape(1)));
    Path first = folder.resolve("1.safetensors");
    SafetensorsWriter.write(first, new Made(one, Map.of("v.a", new byte[] {5})), Map.of("x", "y"));
    Path second = folder.resolve("2.safetensors");
    SafetensorsWriter.write(second, new Made(two, Map.of("t.b", new byte[] {6})), Map.of());
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(
        index, "{\"weight_map\":{\"v.a\":\"1.safetensors\",\"t.b\":\"2.safetensors\"}}");
    try (Checkpoint whole = Checkpoints.open(folder);
        Checkpoint part = Checkpoints.open(index, "t")) {
      assertEquals(List.of("v.a", "t.b"), List.copyOf(whole.tensors().keySet()));
      assertEquals(Map.of("x", "y"), whole.metadata());
      assertArrayEquals(new byte[] {6}, content(part, "b"));
    }
    for (String shard : List.of("../1.safetensors", "absent", "", "model.safetensors.index.json")) {
      Files.writeString(index, "{\"weight_map\":{\"v.a\":\"" + shard + "\"}}");
      assertThrows(CheckpointException.class, () -> Checkpoints.open(index), shard);
    }
    Files.writeString(index, "{\"weight_map\":{\"v.b\":\"1.safetensors\"}}");
    assertThrows(CheckpointException.class, () -> Checkpoints.open(index));
    Path broken = Files.write(folder.resolve("broken.bin"), TorchFiles.zip().ascii("((").file());
    Files.writeString(index, "{\"weight_map\":{\"v.b\":\"broken.bin\"}}");
    String message =
        assertThrows(CheckpointException.class, () -> Checkpoints.open(index)).getMessage();
    assertTrue(message.contains(broken.toString()), message);
  }

  @Test
  void namesTheTensorThatAViewMakesTooLarge() {
    TensorInfo half = new TensorInfo(DataType.FLOAT16, new Shape(1 << 29));
    Checkpoint original = new Made(Map.of("a", half), Map.of());
    for (Checkpoint view :
        List.of(
            original.as(DataType.FLOAT64), original.joined(Map.of("a", List.of("a", "a", "a"))))) {
      String message = assertThrows(CheckpointException.class, () -> view.read("a")).getMessage();
      assertTrue(message.contains("tensor a") && message.contains("2 GiB"), message);
    }
  }

  @Test
  void readsTensorsAnywhereInFilesOfManyGigabytes() throws IOException {
    // Lengths that put a tensor across the first GiB and others beyond the reach of an int.
    long[] lengths = {(1L << 30) - 100, 200, 1L << 31, 7};
    StringBuilder json = new StringBuilder("{");
    long end = 0;
    for (int i = 0; i < lengths.length; i++) {
      json.append(i == 0 ? "" : ",").append('"').append(i).append("\":{\"dtype\":\"U8\",");
      json.append("\"shape\":[" + lengths[i] + "],");
      json.append("\"data_offsets\":[" + end + "," + (end + lengths[i]) + "]}");
      end += lengths[i];
    }
    byte[] header = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
    Path path = folder.resolve("sparse");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
      file.write(header);
      long at = 8L + header.length;
      file.setLength(at + end);
      for (int i = 0; i < lengths.length; i++) {
        at += lengths[i];
        file.seek(at - 1);
        file.write(i + 1);
      }
    }
    try (Checkpoint checkpoint = Checkpoints.open(path)) {
      for (String name : List.of("0", "1", "3")) {
        ByteBuffer bytes = checkpoint.read(name);
        assertEquals(Integer.parseInt(name) + 1, bytes.get(bytes.limit() - 1), name);
        assertEquals(0, bytes.get(0), name);
      }
      String message =
          assertThrows(CheckpointException.class, () -> checkpoint.read("2")).getMessage();
      assertTrue(message.contains("2 GiB"), message);
    }
  }

  private String refusal(String content) throws IOException {
    return refusal(content.getBytes(StandardCharsets.ISO_8859_1));
  }

  private String refusal(byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("hostile"), content);
    String message =
        assertThrows(CheckpointException.class, () -> Checkpoints.open(file)).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    return message;
  }
}
