package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.SplittableRandom;
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
import org.zeroseg.core.match.Assignment;
import org.zeroseg.core.network.RoiAlign;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Assignment of 100 x 100 and RoIAlign of 512 boxes, in units of {@link Baseline#matrixProduct}.
 *
 * <p>On one thread SciPy's assignment takes 0.003 units, and mmdetection's RoIAlign of 100 boxes to
 * 256 x 14 x 14, sampling 2, takes 2, hence about 10 for 512.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = Baseline.ONE_THREAD)
public class MatchBenchmark {

  private static final int SIZE = 100;
  private static final int BOXES = 512;

  private final NDManager manager = TorchEngine.newManager();
  private final RoiAlign align = new RoiAlign(14, 14, 1 / 16f, 2, RoiAlign.Convention.INCLUSIVE);
  private NDArray features = manager.zeros(new Shape(1));
  private double[] costs = {};
  private float[] boxes = {};

  /** Makes costs, features of a picture of 1333 x 800 and boxes in it. */
  @Setup
  public void makeInputs() {
    SplittableRandom random = new SplittableRandom(1);
    costs = random.doubles(SIZE * SIZE).toArray();
    features = manager.randomNormal(new Shape(1, 256, 50, 84));
    boxes = new float[5 * BOXES];
    for (int i = 0; i < BOXES; i++) {
      float x = random.nextInt(1100);
      float y = random.nextInt(600);
      boxes[5 * i + 1] = x;
      boxes[5 * i + 2] = y;
      boxes[5 * i + 3] = x + 30 + random.nextInt(200);
      boxes[5 * i + 4] = y + 30 + random.nextInt(200);
    }
  }

  /** Gives the features back. */
  @TearDown
  public void close() {
    manager.close();
  }

  /**
   * The unit.
   *
   * @param baseline one thread
   * @return an element of the product
   */
  @Benchmark
  public float matrixProduct(Baseline baseline) {
    return baseline.matrixProduct();
  }

  /**
   * The assignment.
   *
   * @return columns by row
   */
  @Benchmark
  @Against("matrixProduct")
  public int[] assignment() {
    return Assignment.minimise(costs, SIZE, SIZE);
  }

  /**
   * RoIAlign of 512 boxes to 256 x 14 x 14, sampling 2, on one engine thread.
   *
   * @return an element of the result
   */
  @Benchmark
  @Against("matrixProduct")
  public float roiAlign() {
    try (NDArray pooled = align.pool(features, boxes, org.zeroseg.core.network.Mode.INFERENCE)) {
      return pooled.getFloat(0, 0, 0, 0);
    }
  }
}
