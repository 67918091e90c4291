package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;

class WeightsTest {

  @TempDir private Path folder;

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private Path file(Map<String, NDArray> arrays, DataType type) throws IOException {
    Path file = folder.resolve("weights.safetensors");
    SafetensorsWriter.write(file, Checkpoints.of(arrays, "memory").as(type), Map.of());
    return file;
  }

  @Test
  void aMatrixOfFewLargeWeightsStaysFloat32() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray plain = manager.randomNormal(new Shape(32, 64));
      NDArray outliers = plain.duplicate();
      outliers.set(new NDIndex(":, 3"), plain.get(":, 3").mul(100));
      Map<String, NDArray> arrays = Map.of("plain", plain, "outliers", outliers);
      Weights weights =
          Weights.load(
              Checkpoints.of(arrays, "test"),
              Map.of("plain", plain.getShape(), "outliers", outliers.getShape()),
              Precision.INT8,
              name -> false,
              name -> true,
              manager);
      assertEquals(DataType.INT8, weights.get("plain").getDataType());
      assertEquals(new Shape(68, 32), weights.get("plain").getShape());
      assertEquals(outliers, weights.get("outliers"));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT16", "BFLOAT16", "FLOAT32", "FLOAT64"})
  void floatingTensorsOfEveryTypeAreReadAsFloat32(DataType type) throws IOException {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    arrays.put(
        "a.matrix", manager.create(new float[] {1, -2, 0.5f, 256, 0, -0.125f}, new Shape(3, 2)));
    arrays.put("a.scalar", manager.create(4f));
    arrays.put("a.empty", manager.create(new float[0], new Shape(0, 3)));
    arrays.put("ids", manager.create(new long[] {5, 1L << 40}));
    arrays.put("mask", manager.create(new boolean[] {true, false}));
    Map<String, Shape> expected = new LinkedHashMap<>();
    arrays.forEach((name, array) -> expected.put(name, array.getShape()));
    try (Checkpoint checkpoint = Checkpoints.open(file(arrays, type))) {
      Weights weights = Weights.load(checkpoint, expected, manager);
      arrays.forEach((name, array) -> assertEquals(array, weights.get(name), name));
      assertEquals(Set.of("matrix", "scalar", "empty"), weights.at("a").names());
      assertEquals(
          Set.of("matrix", "scalar", "empty"), weights.at("a").checkpoint().tensors().keySet());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT16", "BFLOAT16", "FLOAT32", "FLOAT64"})
  void tensorsOfEveryTypeAreReduced(DataType type) throws IOException {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    // Numbers that bfloat16 has.
    arrays.put("a.small", manager.create(new float[] {1, -2, 0.5f, 256}, new Shape(2, 2)));
    arrays.put("a.scalar", manager.create(4f));
    arrays.put("a.empty", manager.create(new float[0], new Shape(0, 3)));
    arrays.put("a.large", manager.arange(100f).reshape(10, 10));
    arrays.put("b", manager.create(new float[] {0.1f, 3}));
    Map<String, Shape> expected = new LinkedHashMap<>();
    arrays.forEach((name, array) -> expected.put(name, array.getShape()));
    try (NDManager own = manager.newSubManager();
        Checkpoint checkpoint = Checkpoints.open(file(arrays, type))) {
      Weights weights =
          Weights.load(
              checkpoint, expected, Precision.BFLOAT16, name -> name.startsWith("a."), own);
      weights
          .at("a")
          .names()
          .forEach(
              name ->
                  assertEquals(
                      arrays.get("a." + name),
                      Kernels.core().call("to_float32", weights.at("a").get(name)),
                      name));
      assertEquals(3f, weights.get("b").getFloat(1));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT16", "BFLOAT16", "FLOAT32"})
  void arraysCanBeChangedInPlaceAndOutliveTheFile(DataType type) throws IOException {
    Path file = file(Map.of("w", manager.create(new float[] {1, 2})), type);
    byte[] before = Files.readAllBytes(file);
    Weights weights;
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      weights = Weights.load(checkpoint, Map.of("w", new Shape(2)), manager);
    }
    weights.get("w").addi(1);
    assertArrayEquals(new float[] {2, 3}, weights.get("w").toFloatArray());
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  @Test
  void reportsEveryFaultAtOnce() throws IOException {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    arrays.put("fits", manager.create(1f));
    arrays.put("misshapen", manager.create(new float[] {1, 2}));
    arrays.put("unexpected", manager.create(1f));
    Path file = file(arrays, DataType.FLOAT32);
    Map<String, Shape> expected =
        Map.of("fits", new Shape(), "misshapen", new Shape(3), "missing", new Shape(7));
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      String message =
          assertThrows(CheckpointException.class, () -> Weights.load(checkpoint, expected, manager))
              .getMessage();
      assertTrue(message.startsWith(file.toString()), message);
      assertTrue(message.contains("missing (1):\n    missing (7)"), message);
      assertTrue(message.contains("misshapen expected (3), found (2)"), message);
      assertTrue(message.contains("unexpected (1):\n    unexpected ()"), message);
      Checkpoint named =
          checkpoint
              .renamed(name -> name.equals("unexpected") ? "found" : name)
              .without(name -> name.equals("misshapen"));
      Map<String, Shape> fitting = Map.of("fits", new Shape(), "found", new Shape());
      assertEquals(Set.of("fits", "found"), Weights.load(named, fitting, manager).names());
    }
  }

  @Test
  void namesTheTensorThatAModelAsksForInVain() {
    Weights weights = Weights.of(Map.of("a.b", manager.create(1f)), "memory");
    String message =
        assertThrows(CheckpointException.class, () -> weights.at("a").get("c")).getMessage();
    assertEquals("memory has no tensor a.c", message);
    assertTrue(weights.at("a").find("b").isPresent());
    assertTrue(weights.find("b").isEmpty());
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT16", "BFLOAT16", "FLOAT32"})
  void loadingGoesPastTheJavaHeap(DataType type) throws IOException {
    int rows = 1 << 12;
    int columns = 1 << 12;
    Path file = sparse(type, rows, columns);
    Map<String, Shape> expected = Map.of("w", new Shape(rows, columns));
    Weights.load(Checkpoints.open(file), expected, manager); // loads the engine and its classes
    long heapBefore = allocated();
    long directBefore = direct();
    try (NDManager own = manager.newSubManager();
        Checkpoint checkpoint = Checkpoints.open(file)) {
      Weights weights = Weights.load(checkpoint, expected, own);
      assertEquals(0f, weights.get("w").getFloat(rows - 1, columns - 1));
    }
    assertTrue(allocated() - heapBefore < 1 << 20, "heap " + (allocated() - heapBefore));
    assertTrue(direct() - directBefore < 1 << 20, "direct " + (direct() - directBefore));
  }

  private static long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  private static long direct() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  /** A large file of zeros that takes no space on the disk. */
  private Path sparse(DataType type, long rows, long columns) throws IOException {
    String dtype = type.asSafetensors();
    long bytes = rows * columns * type.getNumOfBytes();
    String header =
        "{\"w\":{\"dtype\":\"%s\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]}}"
            .formatted(dtype, rows, columns, bytes);
    byte[] json = header.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer start = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
    start.putLong(json.length).put(json).flip();
    Path file = folder.resolve("sparse.safetensors");
    try (var random = new RandomAccessFile(file.toFile(), "rw")) {
      random.setLength(8 + json.length + bytes);
      random.write(start.array());
    }
    return file;
  }
}
