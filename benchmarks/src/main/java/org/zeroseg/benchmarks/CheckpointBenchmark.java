package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * A checkpoint of 600 MB: opened, and loaded whole, against reading its bytes through a buffer. The
 * column of allocations shows that the Java heap does not see the tensors.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 2)
public class CheckpointBenchmark {

  private static final int TENSORS = 150;
  private static final Shape SHAPE = new Shape(1024, 1024);

  private final Map<String, Shape> shapes = new LinkedHashMap<>();
  private Path file;

  /**
   * Writes the file.
   *
   * @throws IOException if it cannot be written
   */
  @Setup(Level.Trial)
  public void write() throws IOException {
    file = Files.createTempFile("zeroseg", ".safetensors");
    try (NDManager manager = TorchEngine.newManager()) {
      NDArray zeros = manager.zeros(SHAPE);
      Map<String, NDArray> arrays = new LinkedHashMap<>();
      for (int i = 0; i < TENSORS; i++) {
        shapes.put("layer." + i + ".weight", SHAPE);
        arrays.put("layer." + i + ".weight", zeros);
      }
      SafetensorsWriter.write(file, Checkpoints.of(arrays, "zeros"), Map.of());
    }
  }

  /**
   * Deletes the file.
   *
   * @throws IOException if it cannot be deleted
   */
  @TearDown(Level.Trial)
  public void delete() throws IOException {
    Files.delete(file);
  }

  /**
   * Opens the file and lists its tensors.
   *
   * @return how many there are
   */
  @Benchmark
  @Against("readEveryByte")
  public int open() {
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      return checkpoint.tensors().size();
    }
  }

  /**
   * Opens the file and loads every tensor.
   *
   * @return how many there are
   */
  @Benchmark
  @Against("readEveryByte")
  public int load() {
    try (Checkpoint checkpoint = Checkpoints.open(file);
        NDManager manager = TorchEngine.newManager()) {
      return Weights.load(checkpoint, shapes, manager).names().size();
    }
  }

  /**
   * The bound: every byte passes once.
   *
   * @return how many there are
   * @throws IOException if the file cannot be read
   */
  @Benchmark
  public long readEveryByte() throws IOException {
    byte[] buffer = new byte[1 << 20];
    long total = 0;
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        total += n;
      }
    }
    return total;
  }
}
