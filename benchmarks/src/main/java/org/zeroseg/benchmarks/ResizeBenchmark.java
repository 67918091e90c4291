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
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Preprocessing;

/**
 * A photograph of 4000 x 3000 pixels in RGB to a shorter side of 336, bicubic, equal to Pillow's
 * result to the bit. {@link #readEveryPixelOnce} is the baseline of the same run; to compare with
 * Pillow, time this on the same machine:
 *
 * <pre>{@code
 * python3 -m timeit -s "import numpy, PIL.Image as I" \
 *     -s "p = I.fromarray(numpy.random.randint(0, 256, (3000, 4000, 3), numpy.uint8))" \
 *     "p.resize((448, 336), I.BICUBIC)"
 * }</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class ResizeBenchmark {

  private static final int WIDTH = 4000;
  private static final int HEIGHT = 3000;

  private final Preprocessing preprocessing = Preprocessing.clip(336);
  private byte[] samples = {};
  private Picture photograph =
      Picture.of(org.zeroseg.core.image.PixelFormat.RGB, 1, 1, new byte[] {0, 0, 0});

  /** Makes the picture; the time does not depend on what it shows. */
  @Setup
  public void makePicture() {
    samples = new byte[WIDTH * HEIGHT * 3];
    new SplittableRandom(1).nextBytes(samples);
    photograph = Picture.of(org.zeroseg.core.image.PixelFormat.RGB, WIDTH, HEIGHT, samples);
  }

  /**
   * The baseline.
   *
   * @return the sum of all samples
   */
  @Benchmark
  public long readEveryPixelOnce() {
    long sum = 0;
    for (byte sample : samples) {
      sum += sample & 0xff;
    }
    return sum;
  }

  /**
   * The whole picture, on all cores.
   *
   * @return 448 x 336
   */
  @Benchmark
  @Against("readEveryPixelOnce")
  public Picture resizeToShorterSide336() {
    return photograph.resize(448, 336, Filter.BICUBIC);
  }

  /**
   * Only what the centre crop keeps.
   *
   * @return 336 x 336
   */
  @Benchmark
  @Against("readEveryPixelOnce")
  public Picture resizeAndCropTo336() {
    return preprocessing.square(photograph);
  }
}
