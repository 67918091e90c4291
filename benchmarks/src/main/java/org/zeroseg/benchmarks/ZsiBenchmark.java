package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
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
import org.zeroseg.core.Precision;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.zsi.UnfoldedZsi;
import org.zeroseg.zsi.Zsi;

/**
 * Generalised ZSI of a picture of 1333 x 800: 1000 proposals, 50 seen and 50 unseen instances with
 * masks, random weights. Beside it the convolutions and matrix products of that and nothing else
 * (aim: 1.15), and the same with the released code's arithmetic (aim: 0.6). Prints the peak of
 * resident memory (Linux; aim: 2 GB). ResNet-50 is for comparison with other Mask R-CNNs.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@Fork(1)
public class ZsiBenchmark {

  private static final int HALF = 50;
  private static final int WIDTH = 1333;
  private static final int HEIGHT = 800;

  /** Layers of the ResNet. */
  @Param({"101", "50"})
  public int depth = 101;

  private final Picture picture = RandomZsi.picture(WIDTH, HEIGHT);

  /** The network in use. */
  @State(Scope.Benchmark)
  public static class Folded {

    private Optional<Zsi> zsi = Optional.empty();

    /**
     * Makes it.
     *
     * @param benchmark has the size
     * @throws IOException if no temporary file can be written
     */
    @Setup
    public void prepare(ZsiBenchmark benchmark) throws IOException {
      Path file = Files.createTempFile("zeroseg-zsi", ".safetensors");
      try {
        RandomZsi.write(file, benchmark.depth);
        ResidentMemory.forgetPeak();
        zsi =
            Optional.of(
                Zsi.builder()
                    .model(file)
                    .precision(Precision.FLOAT32)
                    .minScore(-1e9)
                    .atMost(HALF)
                    .build());
      } finally {
        Files.delete(file);
      }
    }

    /** Prints the memory and frees it. */
    @TearDown
    public void close() {
      System.out.printf("%npeak resident memory: %.0f MB%n", ResidentMemory.peak() / 1e6);
      zsi.ifPresent(Zsi::close);
    }
  }

  /** The network with the released code's arithmetic. */
  @State(Scope.Benchmark)
  public static class Unfolded {

    private final NDManager manager = TorchEngine.newManager();
    private Optional<UnfoldedZsi> zsi = Optional.empty();

    /**
     * Makes it.
     *
     * @param benchmark has the size
     */
    @Setup
    public void prepare(ZsiBenchmark benchmark) {
      Map<String, NDArray> weights = RandomZsi.weights(benchmark.depth, manager);
      zsi =
          Optional.of(
              new UnfoldedZsi(
                  RandomZsi.config(benchmark.depth),
                  weights,
                  RandomZsi.vocabulary(manager),
                  RandomZsi.CLASSES,
                  HALF));
    }

    /** Frees it. */
    @TearDown
    public void close() {
      manager.close();
    }
  }

  /** Operands of the baseline. */
  @State(Scope.Benchmark)
  public static class Operands {

    private final NDManager manager = TorchEngine.newManager();
    private final Convolutions convolutions = new Convolutions(manager);
    private final Products products = new Products(manager);

    /**
     * Makes them.
     *
     * @param benchmark has the size
     */
    @Setup
    public void prepare(ZsiBenchmark benchmark) {
      long rows = HEIGHT;
      long columns = (WIDTH + 31) / 32 * 32;
      convolutions.resNet(new int[] {3, 4, benchmark.depth == 101 ? 23 : 6, 3}, rows, columns);
      for (int level = 0; level < 5; level++) {
        long h = cells(rows, level);
        long w = cells(columns, level);
        if (level < 4) {
          convolutions.add(1, 256L << level, 256, 1, 1, h, w, 1);
        }
        // The pyramid's and the proposal network's.
        convolutions.add(1, 256, 256, 3, 1, h, w, level < 4 ? 2 : 1);
        convolutions.add(1, 256, 18, 1, 1, h, w, 1);
      }
      products.multiply(1000, 12544, 1024, 1);
      products.multiply(1000, 1024, 1024, 1);
      products.multiply(1000, 1024, 5L * 49, 1);
      long masks = 2L * HALF;
      convolutions.add(masks / 4, 256, 256, 3, 1, 14, 14, 4);
      convolutions.add(masks / 4, 256, 1024, 1, 1, 14, 14, 4); // transposed, of the same cost
      convolutions.add(masks / 4, 256, 300, 3, 1, 28, 28, 4);
      products.multiplyEach(masks, 9, 300, 784, 1);
    }

    /** What is left of a side on a level of the pyramid. */
    private static long cells(long side, int level) {
      long stride = 4L << level;
      return (side + stride - 1) / stride;
    }

    /** Frees them. */
    @TearDown
    public void close() {
      manager.close();
    }
  }

  /**
   * Baseline: convolutions and matrix products of {@link #detector} and nothing else.
   *
   * @param operands of them
   * @return something of the last
   */
  @Benchmark
  public float productsAlone(Operands operands) {
    return operands.convolutions.run() + operands.products.run();
  }

  /**
   * Baseline: the released code's arithmetic.
   *
   * @param network its network
   * @return pixels of all masks
   */
  @Benchmark
  public long unfolded(Unfolded network) {
    return network.zsi.orElseThrow().detect(picture);
  }

  /**
   * The whole detector.
   *
   * @param network its network
   * @return the number of instances
   */
  @Benchmark
  @Against({"productsAlone", "unfolded"})
  public int detector(Folded network) {
    int found = network.zsi.orElseThrow().detect(List.of(picture), RandomZsi.WORDS).get(0).size();
    if (found != 2 * HALF) {
      throw new IllegalStateException(found + " instances instead of " + 2 * HALF);
    }
    return found;
  }

  /** Boxes of random scores. */
  @State(Scope.Benchmark)
  public static class Candidates {

    private static final int BOXES = 1000;
    private static final int CLASSES = 65;

    private final float[] corners = new float[4 * BOXES];
    private final float[] scores = new float[BOXES * (1 + CLASSES)];

    /** Makes them. */
    @Setup
    public void prepare() {
      SplittableRandom random = new SplittableRandom(1);
      for (int i = 0; i < BOXES; i++) {
        corners[4 * i] = (float) random.nextDouble(0, 1100);
        corners[4 * i + 1] = (float) random.nextDouble(0, 600);
        corners[4 * i + 2] = corners[4 * i] + (float) random.nextDouble(20, 230);
        corners[4 * i + 3] = corners[4 * i + 1] + (float) random.nextDouble(20, 200);
      }
      for (int i = 0; i < scores.length; i++) {
        scores[i] = (float) random.nextDouble(0.06, 0.6);
      }
    }
  }

  /**
   * Suppression of 1000 boxes in 65 classes, all above the threshold.
   *
   * @param candidates the boxes
   * @return how many stay
   */
  @Benchmark
  @Warmup(iterations = 10)
  @Measurement(iterations = 20)
  public int suppression(Candidates candidates) {
    return UnfoldedZsi.suppress(candidates.corners, candidates.scores, Candidates.CLASSES);
  }
}
