package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
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
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.dino.DenseDescriptors;
import org.zeroseg.dino.DinoConfig;
import org.zeroseg.dino.DinoVit;
import org.zeroseg.dino.Facet;
import org.zeroseg.dino.PositionRule;

/**
 * DINO's ViT-S/8 on a picture of 224 x 224, beside its matrix products alone: the patches of the
 * usual grid, and the keys of the last block at a smaller stride, which at 2 are 11,881 positions
 * whose attention matrix would fill 3.4 GB a block. There the products are those of the same eleven
 * blocks without attention, which grows with the square of the positions and is not among them.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 2)
@Fork(1)
public class DinoBenchmark {

  private static final DinoConfig CONFIG = DinoConfig.SMALL_8;
  private static final int SIDE = 224;
  private static final int HEAD = 64;

  /** Pixels between positions of the dense keys. */
  @Param({"4", "2"})
  public int stride = 4;

  private final NDManager manager = NDManager.newBaseManager();
  private final List<Product> forward = new ArrayList<>();
  private final List<Product> dense = new ArrayList<>();
  private NDArray pixels = manager.zeros(new Shape(1));
  private DinoVit vit = vit(new DinoConfig(8, HEAD, 1, 1, 1));

  /** One product of the model: {@code x w}. */
  private record Product(NDArray x, NDArray w, int times) {}

  /** Makes weights, pixels and the operands of the products. */
  @Setup
  public void prepare() {
    vit = vit(CONFIG);
    pixels = manager.randomNormal(new Shape(1, 3, SIDE, SIDE));
    long tokens = 1L + vit.grid(pixels.getShape(), CONFIG.patch()).size();
    blocks(forward, tokens, CONFIG.depth());
    NDArray queries = manager.randomNormal(new Shape(CONFIG.heads(), tokens, HEAD));
    NDArray keys = manager.randomNormal(new Shape(CONFIG.heads(), HEAD, tokens));
    NDArray scores = manager.randomNormal(new Shape(CONFIG.heads(), tokens, tokens));
    forward.add(new Product(queries, keys, CONFIG.depth()));
    forward.add(new Product(scores, queries, CONFIG.depth()));
    blocks(dense, 1L + vit.grid(pixels.getShape(), stride).size(), CONFIG.depth() - 1);
  }

  private DinoVit vit(DinoConfig config) {
    Map<String, Shape> shapes = config.shapes();
    Weights weights = Weights.load(RandomCheckpoint.of(shapes), shapes, manager);
    return DinoVit.of(config, weights, PositionRule.DINO, manager);
  }

  private void blocks(List<Product> products, long tokens, int depth) {
    long width = CONFIG.width();
    multiply(products, tokens, 3L * CONFIG.patch() * CONFIG.patch(), width, 1);
    multiply(products, tokens, width, 3 * width, depth);
    multiply(products, tokens, width, width, depth);
    multiply(products, tokens, width, 4 * width, depth);
    multiply(products, tokens, 4 * width, width, depth);
  }

  private void multiply(List<Product> products, long rows, long in, long out, int times) {
    NDArray x = manager.randomNormal(new Shape(rows, in));
    products.add(new Product(x, manager.randomNormal(new Shape(in, out)), times));
  }

  /** Frees the arrays. */
  @TearDown
  public void close() {
    manager.close();
  }

  private static float all(List<Product> products) {
    float last = 0;
    for (Product product : products) {
      for (int i = 0; i < product.times; i++) {
        try (NDArray result = product.x.matMul(product.w)) {
          last = i == product.times - 1 ? result.flatten().getFloat(0) : last;
        }
      }
    }
    return last;
  }

  /**
   * Baseline: the products of the forward pass and nothing else.
   *
   * @return something of the last
   */
  @Benchmark
  public float forwardProducts() {
    return all(forward);
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
   * @return something of the last
   */
  @Benchmark
  public float denseProducts() {
    return all(dense);
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
