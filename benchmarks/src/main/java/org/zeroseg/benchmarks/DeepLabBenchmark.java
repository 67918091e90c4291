package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.namedmask.DeepLab;
import org.zeroseg.namedmask.DeepLabConfig;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.namedmask.NamedMaskTrainer;

/**
 * NamedMask's DeepLabv3+: a picture of 512 x 384 from pixels to labels, and a training step on two
 * scenes of 384 pixels, 21 classes, against the convolutions alone; and the memory that 920 classes
 * on a megapixel take beyond the weights. The same network in PyTorch takes 783 and 6,953 ms on two
 * cores; aims: at most 0.8 and 1.0 of its time, and 300 MB.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class DeepLabBenchmark {

  private static final int CLASSES = 21;
  private static final int STEPS = 2;
  private static final int SIDE = 384;
  private static final int WIDTH = 512;

  private final NDManager manager = TorchEngine.newManager();
  private final Map<String, NDArray> weights = new LinkedHashMap<>();
  private final Map<Precision, NamedMask> networks = new LinkedHashMap<>();
  private final Convolutions convolutions = new Convolutions(manager);
  private Picture picture = picture(WIDTH, SIDE);
  private NamedMaskTrainer.Samples batch =
      new NamedMaskTrainer.Samples(new float[3], 1, 1, new long[1], 0);

  /** Makes networks, a picture and a batch. */
  @Setup(Level.Trial)
  public void prepare() {
    weights.putAll(weights(CLASSES, manager));
    for (Precision precision : List.of(Precision.FLOAT32, Precision.BFLOAT16)) {
      networks.put(precision, network(CLASSES, weights, precision));
    }
    SplittableRandom random = new SplittableRandom(1);
    float[] pixels = new float[2 * 3 * SIDE * SIDE];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) random.nextGaussian();
    }
    long[] labels = random.longs(2L * SIDE * SIDE, 0, CLASSES).toArray();
    batch = new NamedMaskTrainer.Samples(pixels, SIDE, SIDE, labels, 0);
    addConvolutions();
  }

  private static Map<String, NDArray> weights(int classes, NDManager manager) {
    Map<String, Shape> shapes = DeepLabConfig.resNet50(classes).shapes();
    Weights made = Weights.load(RandomCheckpoint.of(shapes), shapes, manager);
    Map<String, NDArray> weights = new LinkedHashMap<>();
    shapes
        .keySet()
        .forEach(
            name -> {
              NDArray array = made.get(name);
              // Variances are positive.
              weights.put(name, name.endsWith("running_var") ? array.abs().add(0.5) : array);
            });
    return weights;
  }

  private static NamedMask network(int classes, Map<String, NDArray> weights, Precision precision) {
    NDManager owner = weights.values().iterator().next().getManager();
    DeepLab network =
        DeepLab.of(DeepLabConfig.resNet50(classes), Weights.of(weights, "random weights"), owner);
    List<String> names = IntStream.range(1, classes).mapToObj(i -> "category " + i).toList();
    return NamedMask.builder().categories(names).precision(precision).build(network);
  }

  private static Picture picture(int width, int height) {
    byte[] samples = new byte[3 * width * height];
    new SplittableRandom(2).nextBytes(samples);
    return Picture.of(PixelFormat.RGB, width, height, samples);
  }

  /** All but the depthwise ones, which are a hundredth of the work. */
  private void addConvolutions() {
    long h = SIDE / 4;
    long w = WIDTH / 4;
    convolutions.add(1, 3, 64, 7, 2, SIDE, WIDTH, 1);
    stage(64, 64, 3, 1, h, w);
    stage(256, 128, 4, 2, h, w);
    stage(512, 256, 6, 1, h / 2, w / 2);
    stage(1024, 512, 3, 1, h / 2, w / 2);
    convolutions.add(1, 2048, 256, 1, 1, h / 2, w / 2, 4);
    convolutions.add(1, 256, 256, 1, 1, h / 2, w / 2, 4);
    convolutions.add(1, 256, 48, 1, 1, h, w, 1);
    convolutions.add(1, 304, 256, 1, 1, h, w, 1);
    convolutions.add(1, 256, CLASSES, 1, 1, h, w, 1);
  }

  private void stage(long in, long width, int blocks, int stride, long h, long w) {
    long out = 4 * width;
    convolutions.add(1, in, width, 1, 1, h, w, 1);
    convolutions.add(1, width, width, 3, stride, h, w, 1);
    convolutions.add(1, in, out, 1, stride, h, w, 1);
    convolutions.add(1, out, width, 1, 1, h / stride, w / stride, blocks - 1);
    convolutions.add(1, width, width, 3, 1, h / stride, w / stride, blocks - 1);
    convolutions.add(1, width, out, 1, 1, h / stride, w / stride, blocks);
  }

  /** Frees networks and weights. */
  @TearDown(Level.Trial)
  public void close() {
    networks.values().forEach(NamedMask::close);
    manager.close();
  }

  /**
   * A picture in float32.
   *
   * @return its labels
   */
  @Benchmark
  @Against("convolutionsAlone")
  public Segmentation inference() {
    return segment(Precision.FLOAT32);
  }

  /**
   * A picture with products in bfloat16.
   *
   * @return its labels
   */
  @Benchmark
  @Against("inference")
  public Segmentation inferenceBfloat16() {
    return segment(Precision.BFLOAT16);
  }

  private Segmentation segment(Precision precision) {
    NamedMask network = networks.get(precision);
    return network.segment(picture, network.vocabulary());
  }

  /**
   * The convolutions of the picture, all but the depthwise ones.
   *
   * @return a number of the last one
   */
  @Benchmark
  public float convolutionsAlone() {
    return convolutions.run();
  }

  /**
   * Two steps of training in float32.
   *
   * @throws IOException never, since the training ends before it writes
   */
  @Benchmark
  public void twoSteps() throws IOException {
    train(false);
  }

  /**
   * Two steps of training with products in bfloat16.
   *
   * @throws IOException never, since the training ends before it writes
   */
  @Benchmark
  @Against("twoSteps")
  public void twoStepsBfloat16() throws IOException {
    train(true);
  }

  /** Ends a training before its checkpoint, which would take longer than the steps. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private void train(boolean bfloat16) throws IOException {
    NamedMaskTrainer.Options options =
        NamedMaskTrainer.Options.DEFAULT.withBfloat16(bfloat16).withLearningRate(1e-6, 1);
    TrainingPlan plan =
        TrainingPlan.of(Path.of(System.getProperty("java.io.tmpdir"), "zeroseg-no-such"), STEPS);
    Progress last =
        (task, done, total) -> {
          if (done == total) {
            throw new Enough();
          }
        };
    try {
      NamedMaskTrainer.of(DeepLabConfig.resNet50(CLASSES), weights, options)
          .run(step -> batch, plan, last);
    } catch (Enough e) {
      return;
    }
    throw new IllegalStateException("the training ended too late");
  }

  /**
   * 920 classes on 1024 x 1024 pixels; prints the memory taken beyond what was in use before.
   *
   * @return its labels
   */
  @Benchmark
  @Warmup(iterations = 1)
  @Measurement(iterations = 1)
  public Segmentation megapixelOf920Classes() {
    int classes = 920;
    NamedMask network;
    try (NDManager loading = TorchEngine.newManager()) {
      network = network(classes, weights(classes, loading), Precision.FLOAT32);
    }
    try (network) {
      network.segment(picture(64, 48), network.vocabulary());
      System.gc();
      ResidentMemory.forgetPeak();
      long before = ResidentMemory.peak();
      Segmentation found = network.segment(picture(1024, 1024), network.vocabulary());
      System.out.printf(
          Locale.ROOT,
          "920 classes on 1024 x 1024: %.0f MB beyond the %.0f MB in use before%n",
          (ResidentMemory.peak() - before) / 1e6,
          before / 1e6);
      return found;
    }
  }
}
