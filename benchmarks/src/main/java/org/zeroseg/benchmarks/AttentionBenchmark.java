package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * One layer of attention over 12,321 tokens, 6 heads of 64: dense DINO at stride 2 on 224 pixels.
 * The matrix of all pairs alone would take 3.6 GB. The products' time is the baseline; at the end
 * each run prints how much the process's peak of resident memory grew by (Linux).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 5)
@Measurement(iterations = 3, time = 10)
@Fork(1)
public class AttentionBenchmark {

  private static final int TOKENS = 12_321;
  private static final int HEADS = 6;
  private static final int WIDTH = 64;

  /** Queries of a block whose products are taken at once by the baseline. */
  private static final int ROWS = 1024;

  private final NDManager manager = TorchEngine.newManager();
  private NDArray tokens = manager.zeros(new Shape(1));
  private NDArray transposed = tokens;
  private NDArray queries = tokens;
  private NDArray scores = tokens;
  private long before;

  /** Makes the tokens. */
  @Setup
  public void prepare() {
    tokens = manager.randomNormal(new Shape(1, HEADS, TOKENS, WIDTH));
    transposed = tokens.swapAxes(2, 3).duplicate();
    queries = tokens.get(":, :, :" + ROWS);
    scores = manager.randomNormal(new Shape(1, HEADS, ROWS, TOKENS));
    before = ResidentMemory.peak();
  }

  /** Prints the memory and frees the tokens. */
  @TearDown
  public void close() {
    System.out.printf(
        "%npeak resident memory: grew by %.0f MB%n", (ResidentMemory.peak() - before) / 1e6);
    manager.close();
  }

  /**
   * The fused kernel.
   *
   * @return something of the result
   */
  @Benchmark
  @Against("productsAlone")
  public float attention() {
    try (NDArray mixed = Kernels.core().call("attention", tokens, tokens, tokens)) {
      return mixed.getFloat(0, 0, 0, 0);
    }
  }

  /**
   * Baseline: the two products of attention alone, 1,024 queries at a time.
   *
   * @return something of the last product
   */
  @Benchmark
  public float productsAlone() {
    float last = 0;
    for (int start = 0; start < TOKENS; start += ROWS) {
      try (NDArray first = queries.matMul(transposed);
          NDArray second = scores.matMul(tokens)) {
        last = first.getFloat(0, 0, 0, 0) + second.getFloat(0, 0, 0, 0);
      }
    }
    return last;
  }
}
