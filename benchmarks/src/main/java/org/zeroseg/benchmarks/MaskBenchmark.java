package org.zeroseg.benchmarks;

import java.util.ArrayList;
import java.util.List;
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
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.core.mask.Connectivity;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Nms;
import org.zeroseg.core.mask.Rle;

/**
 * Masks of 640 x 480: run lengths, overlaps, suppression. Each {@code plain} benchmark does the
 * same with one boolean a pixel and a loop, for the ratio.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class MaskBenchmark {

  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;

  /** How many masks a picture has. */
  @Param({"100", "300"})
  public int count;

  private final List<Mask> masks = new ArrayList<>();
  private final List<Rle> rles = new ArrayList<>();
  private final List<boolean[]> plain = new ArrayList<>();
  private double[] scores;
  private int turn;

  /** Ellipses with wavy borders, of very different sizes, all over the picture. */
  @Setup
  public void draw() {
    SplittableRandom random = new SplittableRandom(1);
    scores = random.doubles(count).toArray();
    for (int i = 0; i < count; i++) {
      double x = random.nextDouble(WIDTH);
      double y = random.nextDouble(HEIGHT);
      double a = random.nextDouble(10, 150);
      double b = random.nextDouble(10, 150);
      Mask mask =
          Mask.of(
              WIDTH,
              HEIGHT,
              (column, row) -> {
                double u = (column - x) / a;
                double v = (row - y) / b;
                return Math.hypot(u, v) < 1 + .2 * Math.sin(9 * Math.atan2(v, u));
              });
      masks.add(mask);
      rles.add(mask.rle());
      boolean[] pixels = new boolean[WIDTH * HEIGHT];
      mask.forEach((column, row) -> pixels[row * WIDTH + column] = true);
      plain.add(pixels);
    }
  }

  private int next() {
    turn = (turn + 1) % count;
    return turn;
  }

  /** One mask to run lengths. */
  @Benchmark
  @Against("encodePlain")
  public Rle encode() {
    return masks.get(next()).rle();
  }

  /** The same, pixel by pixel down the columns. */
  @Benchmark
  public List<Integer> encodePlain() {
    boolean[] pixels = plain.get(next());
    List<Integer> counts = new ArrayList<>();
    boolean inside = false;
    int length = 0;
    for (int x = 0; x < WIDTH; x++) {
      for (int y = 0; y < HEIGHT; y++) {
        if (pixels[y * WIDTH + x] != inside) {
          counts.add(length);
          length = 0;
          inside = !inside;
        }
        length++;
      }
    }
    counts.add(length);
    return counts;
  }

  /** Run lengths to one mask. */
  @Benchmark
  @Against("decodePlain")
  public Mask decode() {
    return rles.get(next()).mask();
  }

  /** The same, pixel by pixel down the columns. */
  @Benchmark
  public boolean[] decodePlain() {
    boolean[] pixels = new boolean[WIDTH * HEIGHT];
    int position = 0;
    boolean inside = false;
    for (int length : rles.get(next()).counts()) {
      for (int i = 0; i < length; i++, position++) {
        pixels[position % HEIGHT * WIDTH + position / HEIGHT] = inside;
      }
      inside = !inside;
    }
    return pixels;
  }

  /** Run lengths to text and back. */
  @Benchmark
  public Rle text() {
    return Rle.parse(WIDTH, HEIGHT, rles.get(next()).text());
  }

  /** All pairs of masks. */
  @Benchmark
  @Against("maskIouPlain")
  public double maskIous() {
    double sum = 0;
    for (Mask a : masks) {
      for (Mask b : masks) {
        sum += a.iou(b);
      }
    }
    return sum;
  }

  /** One pair with one boolean a pixel: times the square of the count for the ratio. */
  @Benchmark
  public double maskIouPlain() {
    return iou(plain.get(next()), plain.get(next()));
  }

  private static double iou(boolean[] a, boolean[] b) {
    int shared = 0;
    int union = 0;
    for (int i = 0; i < a.length; i++) {
      shared += a[i] && b[i] ? 1 : 0;
      union += a[i] || b[i] ? 1 : 0;
    }
    return union == 0 ? 0 : (double) shared / union;
  }

  /** Hard suppression of all masks. */
  @Benchmark
  @Against("nmsHardPlain")
  public List<Nms.Kept> nmsHard() {
    return Nms.masks(masks, scores, new Nms.Hard(.3), .001);
  }

  /** Soft suppression of all masks, which compares nearly all pairs. */
  @Benchmark
  public List<Nms.Kept> nmsGaussian() {
    return Nms.masks(masks, scores, new Nms.Gaussian(.5), .001);
  }

  /** Hard suppression with one boolean a pixel. */
  @Benchmark
  public boolean[] nmsHardPlain() {
    boolean[] gone = new boolean[count];
    for (int i = 0; i < count; i++) {
      int best = -1;
      for (int k = 0; k < count; k++) {
        best = !gone[k] && (best < 0 || scores[k] > scores[best]) ? k : best;
      }
      if (best < 0) {
        break;
      }
      gone[best] = true;
      for (int k = 0; k < count; k++) {
        gone[k] |= !gone[k] && iou(plain.get(best), plain.get(k)) > .3;
      }
    }
    return gone;
  }

  /** The connected parts of one mask. */
  @Benchmark
  public int components() {
    return masks.get(next()).components(Connectivity.EIGHT).count();
  }
}
