package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Locale;
import java.util.SplittableRandom;
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
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.namedmask.CoSegmentation;

/**
 * Co-segmentation of an archive of ReCo: pictures of 14 x 14 cells of 384 numbers, against half of
 * its matrix products alone. Prints the most memory that the process had in use. Aims: 50 pictures
 * in 2 seconds, 500 in 1 GB.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class CoSegmentationBenchmark {

  private static final int CELLS = 196;
  private static final int CHANNELS = 384;

  /** Pictures of the archive. */
  @Param({"50", "500"})
  public int pictures = 50;

  private float[] features = {};
  private float[] weights = {};
  private NDManager manager = TorchEngine.newManager();

  /** Draws features and weights. */
  @Setup(Level.Trial)
  public void draw() {
    SplittableRandom random = new SplittableRandom(1);
    features = new float[pictures * CELLS * CHANNELS];
    weights = new float[pictures * CELLS];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextDouble() - 0.3f;
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextDouble();
    }
    ResidentMemory.forgetPeak();
  }

  /** Tells the peak. */
  @TearDown(Level.Trial)
  public void close() {
    System.out.printf(
        Locale.ROOT,
        "%d pictures: %.0f MB in use at most, %.0f MB of them the features as given%n",
        pictures,
        ResidentMemory.peak() / 1e6,
        features.length * 4 / 1e6);
    manager.close();
  }

  /**
   * As the paper means it.
   *
   * @return the embedding
   */
  @Benchmark
  @Against("productsAlone")
  public float[] paper() {
    return CoSegmentation.DEFAULT.find(features, weights, pictures, manager).embedding();
  }

  /**
   * As published, whose windows over several pictures need all votes at once.
   *
   * @return the embedding
   */
  @Benchmark
  @Against("productsAlone")
  public float[] reference() {
    return new CoSegmentation(CoSegmentation.Rule.REFERENCE, CoSegmentation.Merge.MEAN)
        .find(features, weights, pictures, manager)
        .embedding();
  }

  /**
   * Cosines of all pairs of pictures, once for both directions.
   *
   * @return one of them
   */
  @Benchmark
  public float productsAlone() {
    float last = 0;
    try (NDManager call = manager.newSubManager()) {
      NDArray all = call.create(features, new Shape((long) pictures * CELLS, CHANNELS));
      for (int i = 0; i < pictures; i++) {
        try (NDManager one = call.newSubManager()) {
          NDArray own = all.get("{}:{}", i * CELLS, (i + 1) * CELLS);
          own.attach(one);
          NDArray transposed = own.transpose();
          transposed.attach(one);
          NDArray rest = all.get("{}:", i * CELLS);
          rest.attach(one);
          NDArray cosines = rest.matMul(transposed);
          cosines.attach(one);
          last = cosines.getFloat(0, 0);
        }
      }
    }
    return last;
  }
}
