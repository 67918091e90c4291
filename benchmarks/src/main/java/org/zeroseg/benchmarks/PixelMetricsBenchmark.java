package org.zeroseg.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.eval.saliency.SaliencyMetrics;
import org.zeroseg.eval.saliency.SaliencyScores;
import org.zeroseg.eval.semantic.ConfusionMatrix;

/**
 * Pixels per microsecond of the metrics over label and saliency maps. {@link #readBothMaps} reads
 * the same bytes and does nothing: the memory bandwidth that {@link #confusion} is held against.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class PixelMetricsBenchmark {

  private static final int WIDTH = 2048; // Cityscapes
  private static final int HEIGHT = 1024;
  private static final int PIXELS = WIDTH * HEIGHT;
  private static final int CLASSES = 21;

  private final int[] truth = new int[PIXELS];
  private final int[] prediction = new int[PIXELS];
  private final float[] map = new float[PIXELS];
  private Mask object = Mask.empty(1, 1);

  /** Regions of some dozen pixels, one pixel in twenty predicted wrong. */
  @Setup
  public void makeMaps() {
    SplittableRandom random = new SplittableRandom(1);
    int[] regions = random.ints((WIDTH / 32) * (HEIGHT / 32), 0, CLASSES).toArray();
    for (int i = 0; i < PIXELS; i++) {
      truth[i] = regions[i / WIDTH / 32 * (WIDTH / 32) + i % WIDTH / 32];
      prediction[i] = random.nextInt(20) == 0 ? random.nextInt(CLASSES) : truth[i];
      map[i] = (float) Math.min(1, Math.max(0, truth[i] / 10.0 - random.nextDouble()));
    }
    object = Mask.of(WIDTH, HEIGHT, (x, y) -> truth[y * WIDTH + x] > 10);
  }

  /**
   * The baseline.
   *
   * @return the sum of all labels
   */
  @Benchmark
  @OperationsPerInvocation(PIXELS)
  public int readBothMaps() {
    int sum = 0;
    for (int i = 0; i < PIXELS; i++) {
      sum += truth[i] ^ prediction[i];
    }
    return sum;
  }

  /**
   * A confusion matrix of 21 classes.
   *
   * @return the matrix
   */
  @Benchmark
  @OperationsPerInvocation(PIXELS)
  public ConfusionMatrix confusion() {
    ConfusionMatrix matrix = new ConfusionMatrix(CLASSES);
    matrix.add(truth, prediction);
    return matrix;
  }

  /**
   * All saliency numbers of a picture.
   *
   * @return the numbers
   */
  @Benchmark
  @OperationsPerInvocation(PIXELS)
  public SaliencyScores saliency() {
    return new SaliencyMetrics(SaliencyMetrics.FIELD).of(map, object);
  }
}
