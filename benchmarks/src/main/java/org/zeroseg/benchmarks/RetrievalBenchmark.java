package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.Match;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * The best 500 of an index of the size of ImageNet, 768 halves each, for all 919 categories of
 * ImageNet-S in one pass: against the time of the same matrix product alone, over float32 numbers
 * that are in memory already.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class RetrievalBenchmark {

  private static final int DIMENSION = 768;
  private static final int BLOCK = 16_384;
  private static final int BEST = 500;

  /** Pictures in the index: a short version, and ImageNet's. */
  @Param({"65536", "1281167"})
  public int pictures;

  /** Categories searched for. */
  @Param("919")
  public int categories;

  private Path folder;
  private ImageIndex index;
  private float[][] queries;
  private NDManager manager;
  private NDArray left;
  private NDArray right;

  /**
   * Writes an index of random unit vectors.
   *
   * @throws IOException if there is no room for it
   */
  @Setup(Level.Trial)
  public void write() throws IOException {
    manager = TorchEngine.newManager();
    folder = Files.createTempDirectory("retrieval");
    long bytes = 2L * DIMENSION * pictures;
    byte[] header =
        "{\"embeddings\":{\"dtype\":\"F16\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]}}"
            .formatted(pictures, DIMENSION, bytes)
            .getBytes(StandardCharsets.UTF_8);
    try (OutputStream file = Files.newOutputStream(folder.resolve("embeddings.safetensors"));
        WritableByteChannel channel = Channels.newChannel(file);
        BufferedWriter names = Files.newBufferedWriter(folder.resolve("names.txt"))) {
      channel.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).flip());
      channel.write(ByteBuffer.wrap(header));
      for (int first = 0; first < pictures; first += BLOCK) {
        int count = Math.min(BLOCK, pictures - first);
        try (NDManager block = manager.newSubManager()) {
          channel.write(units(block, count).toType(DataType.FLOAT16, false).toByteBuffer());
        }
        for (int row = first; row < first + count; row++) {
          names.write("train/n" + row / 1300 + "/" + row + ".JPEG\n");
        }
      }
    }
    index = ImageIndex.open(folder);
    left = units(manager, categories);
    right = units(manager, BLOCK);
    float[] flat = left.toFloatArray();
    queries = new float[categories][DIMENSION];
    for (int q = 0; q < categories; q++) {
      System.arraycopy(flat, q * DIMENSION, queries[q], 0, DIMENSION);
    }
  }

  private static NDArray units(NDManager owner, int rows) {
    try (NDManager call = owner.newSubManager()) {
      NDArray normal = call.randomNormal(new Shape(rows, DIMENSION));
      NDArray units = normal.div(normal.norm(new int[] {1}, true));
      units.attach(owner);
      return units;
    }
  }

  /**
   * The whole search.
   *
   * @return what was found
   */
  @Benchmark
  @Against("matrixProductAlone")
  public List<List<Match>> search() {
    return index.search(queries, BEST);
  }

  /**
   * As many products as the search takes.
   *
   * @return a number of the last one
   */
  @Benchmark
  public float matrixProductAlone() {
    float last = 0;
    for (int first = 0; first < pictures; first += BLOCK) {
      int count = Math.min(BLOCK, pictures - first);
      try (NDManager call = manager.newSubManager()) {
        NDArray rows = right.get("0:" + count);
        rows.attach(call);
        NDArray transposed = rows.transpose();
        transposed.attach(call);
        NDArray scores = left.matMul(transposed);
        scores.attach(call);
        last = scores.getFloat(0, 0);
      }
    }
    return last;
  }

  /**
   * Removes the index.
   *
   * @throws IOException if it cannot be removed
   */
  @TearDown(Level.Trial)
  public void remove() throws IOException {
    manager.close();
    Files.delete(folder.resolve("embeddings.safetensors"));
    Files.delete(folder.resolve("names.txt"));
    Files.delete(folder);
  }
}
