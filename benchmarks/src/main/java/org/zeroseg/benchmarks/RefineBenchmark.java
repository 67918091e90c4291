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
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.refine.Compatibility;
import org.zeroseg.core.refine.DenseCrf;

/**
 * Refinement of masks of a picture of 500 x 375 pixels, in units of {@link Baseline#matrixProduct}.
 *
 * <p>On one thread the references take 2.3 to 3.0 units for the bilateral solver, and 23 and 54
 * units for ten iterations of the dense CRF with Zero-guidance's kernels over 2 and 21 labels, 15
 * of them for building the lattices. The classes here use all cores.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = Baseline.ONE_THREAD)
public class RefineBenchmark {

  private static final int WIDTH = 500;
  private static final int HEIGHT = 375;
  private static final int ITERATIONS = 10;

  private byte[] rgb = {};
  private Picture picture =
      Picture.of(org.zeroseg.core.image.PixelFormat.RGB, 1, 1, new byte[] {0, 0, 0});
  private Mask mask = Mask.empty(WIDTH, HEIGHT);
  private float[] twoLabels = {};
  private float[] manyLabels = {};
  private DenseCrf field = DenseCrf.builder(1, 1).build();

  /** Makes a picture of discs on a gradient, with a little noise, and a coarse mask of one disc. */
  @Setup
  public void makeScene() {
    SplittableRandom random = new SplittableRandom(1);
    int[][] discs = new int[30][];
    for (int i = 0; i < discs.length; i++) {
      discs[i] =
          new int[] {
            random.nextInt(WIDTH),
            random.nextInt(HEIGHT),
            20 + random.nextInt(60),
            random.nextInt(200),
            random.nextInt(200),
            random.nextInt(200)
          };
    }
    rgb = new byte[3 * WIDTH * HEIGHT];
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      int x = i % WIDTH;
      int y = i / WIDTH;
      int[] colour = {x * 200 / WIDTH, y * 200 / HEIGHT, (x + y) / 5};
      for (int[] disc : discs) {
        if (Math.hypot(x - disc[0], y - disc[1]) < disc[2]) {
          System.arraycopy(disc, 3, colour, 0, 3);
        }
      }
      for (int c = 0; c < 3; c++) {
        rgb[3 * i + c] = (byte) (colour[c] + x % 50 / 3 + random.nextInt(8));
      }
    }
    picture = Picture.of(org.zeroseg.core.image.PixelFormat.RGB, WIDTH, HEIGHT, rgb);
    int[] disc = discs[discs.length - 1];
    mask = Mask.of(WIDTH, HEIGHT, (x, y) -> Math.hypot(x - disc[0] - 9, y - disc[1]) < disc[2]);
    twoLabels = unary(2, random);
    manyLabels = unary(21, random);
    field = zeroGuidance();
  }

  private static float[] unary(int labels, SplittableRandom random) {
    float[] unary = new float[labels * WIDTH * HEIGHT];
    for (int i = 0; i < unary.length; i++) {
      unary[i] = (float) -random.nextDouble();
    }
    return unary;
  }

  private DenseCrf zeroGuidance() {
    return DenseCrf.builder(WIDTH, HEIGHT)
        .gaussian(1, Compatibility.potts(25))
        .bilateral(rgb, 5, 13, Compatibility.potts(100))
        .build();
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
   * The bilateral solver, grid included.
   *
   * @return the refined mask
   */
  @Benchmark
  @Against("matrixProduct")
  public Mask bilateralSolver() {
    return BilateralSolver.DEFAULT.guide(picture).refine(mask);
  }

  /**
   * Both lattices of the CRF.
   *
   * @return the field
   */
  @Benchmark
  @Against("matrixProduct")
  public DenseCrf crfLattices() {
    return zeroGuidance();
  }

  /**
   * The CRF over 2 labels, lattices included.
   *
   * @return scores
   */
  @Benchmark
  @Against("matrixProduct")
  public float[] crfOf2Labels() {
    return zeroGuidance().infer(twoLabels, 2, ITERATIONS);
  }

  /**
   * The CRF over 21 labels, lattices included.
   *
   * @return scores
   */
  @Benchmark
  @Against("matrixProduct")
  public float[] crfOf21Labels() {
    return zeroGuidance().infer(manyLabels, 21, ITERATIONS);
  }

  /**
   * The CRF over 2 labels on lattices that are there already.
   *
   * @return scores
   */
  @Benchmark
  @Against("matrixProduct")
  public float[] crfOf2LabelsAgain() {
    return field.infer(twoLabels, 2, ITERATIONS);
  }
}
