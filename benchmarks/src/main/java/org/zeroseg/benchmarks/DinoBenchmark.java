package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.dino.DenseDescriptors;
import org.zeroseg.dino.DinoConfig;
import org.zeroseg.dino.DinoVit;
import org.zeroseg.dino.Facet;
import org.zeroseg.dino.PositionRule;

/**
 * DINO's ViT-S/8 on a picture of 228 x 228, beside its matrix products alone: the patches of the
 * usual grid of 28 x 28, and the keys of the last block at a smaller stride, which at 2 are 12,321
 * positions whose attention matrix would fill 3.6 GB a block. Each run of the model prints the peak
 * of the whole process's resident memory (Linux). For the dense keys the products are those of the
 * same eleven blocks without attention, which grows with the square of the positions and is not
 * among them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 2)
@Fork(1)
public class DinoBenchmark {

  private static final DinoConfig CONFIG = DinoConfig.SMALL_8;
  private static final int SIDE = 228;
  private static final int HEAD = 64;

  /** Pixels between positions of the dense keys. */
  @Param({"4", "2"})
  public int stride = 4;

  private final NDManager manager = TorchEngine.newManager();
  private NDArray pixels = manager.zeros(new Shape(1));
  private DinoVit vit = vit(new DinoConfig(8, HEAD, 1, 1, 1));

  /** Operands of the baselines, which the model's own runs do not hold. */
  @State(Scope.Benchmark)
  public static class Operands {

    private final NDManager manager = TorchEngine.newManager();
    private final Products forward = new Products(manager);
    private final Products dense = new Products(manager);

    /**
     * Makes them.
     *
     * @param benchmark has the grids
     */
    @Setup
    public void prepare(DinoBenchmark benchmark) {
      int depth = CONFIG.depth();
      long tokens = benchmark.tokens(CONFIG.patch());
      forward.linear(1, tokens, CONFIG.patch(), CONFIG.width(), depth);
      forward.attention(CONFIG.heads(), tokens, HEAD, tokens, depth);
      long positions = benchmark.tokens(benchmark.stride);
      dense.linear(1, positions, CONFIG.patch(), CONFIG.width(), depth - 1);
    }

    /** Frees them. */
    @TearDown
    public void close() {
      manager.close();
    }
  }

  /** Makes weights and pixels. */
  @Setup
  public void prepare() {
    vit = vit(CONFIG);
    pixels = manager.randomNormal(new Shape(1, 3, SIDE, SIDE));
  }

  private long tokens(int apart) {
    return 1L + vit.grid(pixels.getShape(), apart).size();
  }

  private DinoVit vit(DinoConfig config) {
    Map<String, Shape> shapes = config.shapes();
    Weights weights = Weights.load(RandomCheckpoint.of(shapes), shapes, manager);
    return DinoVit.of(config, weights, PositionRule.DINO, manager);
  }

  /** Prints the memory and frees the arrays. */
  @TearDown
  public void close() {
    System.out.printf("%npeak resident memory: %.0f MB%n", ResidentMemory.peak() / 1e6);
    manager.close();
  }

  /**
   * Baseline: the products of the forward pass and nothing else.
   *
   * @param operands of the products
   * @return something of the last
   */
  @Benchmark
  public float forwardProducts(Operands operands) {
    return operands.forward.run();
  }

  /**
   * The forward pass on the usual grid of 28 x 28.
   *
   * @return something of the tokens
   */
  @Benchmark
  @Against("forwardProducts")
  public float forward() {
    try (NDManager call = manager.newSubManager()) {
      return vit.forward(input(call)).getFloat(0, 0, 0);
    }
  }

  /**
   * Baseline: the products of the blocks before the last, attention left out.
   *
   * @param operands of the products
   * @return something of the last
   */
  @Benchmark
  public float denseProducts(Operands operands) {
    return operands.dense.run();
  }

  /**
   * Keys of the last block at every position.
   *
   * @return something of the keys
   */
  @Benchmark
  @Against("denseProducts")
  public float denseKeys() {
    DenseDescriptors keys = new DenseDescriptors(Facet.KEY, CONFIG.depth() - 1, stride, false);
    try (NDManager call = manager.newSubManager()) {
      return keys.describe(vit, input(call)).getFloat(0, 0, 0);
    }
  }

  private NDArray input(NDManager call) {
    NDArray input = pixels.reshape(pixels.getShape());
    input.attach(call);
    return input;
  }
}
