package org.zeroseg.benchmarks;

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
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.core.cluster.KMeans;
import org.zeroseg.core.cluster.MergeTree;
import org.zeroseg.core.cluster.Neighbours;
import org.zeroseg.core.cluster.Vectors;
import org.zeroseg.core.cluster.Ward;

/**
 * Clustering, in units of {@link Baseline#matrixProduct}: the 12,321 dense descriptors of 384
 * numbers that Zero-guidance clusters, and the grouping of 300 text embeddings into 30.
 *
 * <p>On one thread scikit-learn's Ward takes 57 to 72 units for 4,000 descriptors, hence about 600
 * for these, with 0.6 GB for all distances; its k-means takes 0.22 units.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(value = 1, jvmArgsAppend = Baseline.ONE_THREAD)
public class ClusterBenchmark {

  private static final int SIDE = 111;
  private static final int DIMENSION = 384;

  private float[] descriptors = {};
  private float[] fewer = {};
  private double[] embeddings = {};

  /** Makes descriptors that change smoothly over the picture around a few kinds of things. */
  @Setup
  public void makeVectors() {
    SplittableRandom random = new SplittableRandom(1);
    descriptors = descriptors(SIDE, random);
    fewer = descriptors(63, random);
    embeddings = new double[300 * 512];
    for (int i = 0; i < embeddings.length; i++) {
      embeddings[i] = random.nextDouble(-1, 1) / Math.sqrt(512 / 3.0);
    }
  }

  private static float[] descriptors(int side, SplittableRandom random) {
    int kinds = 12;
    float[] kind = new float[kinds * DIMENSION];
    for (int i = 0; i < kind.length; i++) {
      kind[i] = (float) random.nextDouble(-1, 1);
    }
    int[] places = random.ints(2L * kinds, 0, side).toArray();
    float[] vectors = new float[side * side * DIMENSION];
    for (int i = 0; i < side * side; i++) {
      for (int k = 0; k < kinds; k++) {
        int x = i % side - places[2 * k];
        int y = i / side - places[2 * k + 1];
        float share = (float) Math.exp(-(x * x + y * y) / (0.02 * side * side));
        for (int d = 0; d < DIMENSION; d++) {
          vectors[i * DIMENSION + d] += share * kind[k * DIMENSION + d];
        }
      }
      for (int d = 0; d < DIMENSION; d++) {
        vectors[i * DIMENSION + d] += (float) random.nextDouble(-0.3, 0.3);
      }
    }
    return Vectors.unit(vectors, DIMENSION);
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
   * Ward's tree of 12,321 x 384.
   *
   * @return the tree
   */
  @Benchmark
  @Against("matrixProduct")
  public MergeTree ward12321() {
    return Ward.tree(descriptors, DIMENSION);
  }

  /**
   * Ward's tree of 3,969 x 384.
   *
   * @return the tree
   */
  @Benchmark
  @Against("matrixProduct")
  public MergeTree ward3969() {
    return Ward.tree(fewer, DIMENSION);
  }

  /**
   * Ward's tree of 12,321 x 384, neighbours in the grid only.
   *
   * @return the tree
   */
  @Benchmark
  @Against("matrixProduct")
  public MergeTree wardOfNeighbours12321() {
    return Ward.tree(descriptors, DIMENSION, Neighbours.grid(SIDE, SIDE));
  }

  /**
   * k-means of 300 x 512 into 30, one start.
   *
   * @return the clusters
   */
  @Benchmark
  @Against("matrixProduct")
  public KMeans.Clusters kMeans() {
    return new KMeans(30, 1, 300, 0).fit(embeddings, 512, new SplittableRandom(1));
  }
}
