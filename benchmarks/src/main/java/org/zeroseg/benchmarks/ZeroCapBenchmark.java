package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.Precision;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.zeroguide.caption.CaptionWork;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zeroguide.caption.ZeroCapSettings;
import org.zeroseg.zeroguide.gpt2.Gpt2;

/**
 * Captions of segments by ZeroCap with GPT-2 and a text tower of published shapes, the search
 * shortened to what takes seconds: all segments in lockstep, against one by one, against the texts
 * that the published code encodes for the same captions. Prints how much less of CLIP's text tower
 * was run than there; aim: 30 times less.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@Fork(1)
public class ZeroCapBenchmark {

  private static final int BATCH = 32;

  private static final ZeroCapSettings SHORT =
      ZeroCapSettings.ZERO_GUIDANCE.withSearch(2, 2).withEffort(2, 16);

  /** Channels of the text tower: 512 of ViT-B/32, 768 of ViT-L/14. */
  @Param({"512", "768"})
  public int width = 512;

  /** Segments of the picture. */
  @Param({"2", "4"})
  public int segments = 2;

  private final NDManager manager = TorchEngine.newManager();
  private Clip clip;
  private Gpt2 model;
  private ByteLevelTokenizer tokenizer;
  private List<float[]> targets = List.of();
  private CaptionWork work = new CaptionWork(0, 0, 0, 0);

  /**
   * Makes networks, vocabularies and targets.
   *
   * @throws IOException if no temporary file can be written
   */
  @Setup
  public void prepare() throws IOException {
    // No more of the image tower than must be there.
    ClipConfig config =
        new ClipConfig(
            new ClipConfig.Vit(64, 1, 14, 2), new ClipConfig.Text(width, 12, 77, 49408), width);
    NDManager own = TorchEngine.newManager();
    ClipModel towers =
        ClipModel.load(
            RandomCheckpoint.of(config.shapes()),
            Transformer.Activation.QUICK_GELU,
            Precision.FLOAT32,
            own);
    clip = Clip.of(towers, ClipTokenizer.of(PublishedSizes.clipMerges(), 77), own);
    model =
        Gpt2.load(
            RandomCheckpoint.of(PublishedSizes.GPT2_SMALL.shapes()),
            OptionalInt.empty(),
            Precision.FLOAT32,
            manager);
    Path merges = Files.createTempFile("zeroseg-gpt2", ".bpe");
    try {
      PublishedSizes.writeMerges(merges, PublishedSizes.gpt2Merges());
      tokenizer = ByteLevelTokenizer.read(merges);
    } finally {
      Files.delete(merges);
    }
    SplittableRandom random = new SplittableRandom(1);
    targets = Stream.generate(() -> target(random)).limit(segments).toList();
    lockstep();
  }

  private float[] target(SplittableRandom random) {
    float[] target = new float[width];
    for (int i = 0; i < width; i++) {
      target[i] = (float) (random.nextDouble() - 0.5);
    }
    return target;
  }

  /** Frees the networks, and says what lockstep saves. */
  @TearDown
  public void close() {
    System.out.printf("%s: %.1f times less than published%n", work, work.saving());
    clip.close();
    manager.close();
  }

  /**
   * Baseline: the text tower's part of the published code, every candidate of every beam in every
   * iteration at its full length; neither the language model nor anything else.
   *
   * @return something of the last embedding
   */
  @Benchmark
  public float textsAsPublished() {
    long texts = work.referencePositions() / 77;
    float last = 0;
    for (long done = 0; done < texts; done += BATCH) {
      int rows = (int) Math.min(BATCH, texts - done);
      long[] ids = new long[rows * 77];
      // A text ends at the first end token, which closes the padded length here.
      for (int row = 0; row < rows; row++) {
        ids[row * 77 + 76] = clip.tokenizer().endToken();
      }
      last =
          clip.compute(
              (towers, call) -> {
                NDArray padded = call.create(ids, new Shape(rows, 77));
                return towers.text().encode(padded).getFloat(0, 0);
              });
    }
    return last;
  }

  /**
   * Each segment by itself, nothing kept from one to the next.
   *
   * @return the captions
   */
  @Benchmark
  @Against("textsAsPublished")
  public Object oneByOne() {
    return targets.stream().map(target -> captions(List.of(target))).toList();
  }

  /**
   * All segments at once.
   *
   * @return the captions
   */
  @Benchmark
  @Against({"textsAsPublished", "oneByOne"})
  public Object lockstep() {
    return captions(targets);
  }

  /** By a namer that remembers no earlier picture. */
  private Object captions(List<float[]> chosen) {
    try (ZeroCap namer =
        ZeroCap.of(model, tokenizer, clip, SHORT, ZeroCap.PROMPT, manager.newSubManager())) {
      Object captions = namer.captions(chosen);
      work = chosen.size() == segments ? namer.work() : work;
      return captions;
    }
  }
}
