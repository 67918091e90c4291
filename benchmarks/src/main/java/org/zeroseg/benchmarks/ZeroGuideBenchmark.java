package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
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
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.core.Precision;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.zeroguide.SegmentEncoder;

/**
 * Segments of one picture embedded by masked attention in CLIP of the shape of ViT-L/14@336px: all
 * at once, the blocks before the first masked one shared, against one by one as published, and
 * against the matrix products alone. Aims: at most 0.25 of the time in float32, 0.1 in bfloat16.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@Fork(1)
public class ZeroGuideBenchmark {

  /** Segments of the picture. */
  @Param({"20", "5"})
  public int segments = 20;

  private final NDManager manager = TorchEngine.newManager();
  private SegmentEncoder wide;
  private SegmentEncoder narrow;
  private NDArray pixels = manager.zeros(new Shape(1));
  private NDArray masks = manager.zeros(new Shape(1));
  private final Products products = new Products(manager);

  /** Makes weights, a picture and stripes as segments. */
  @Setup
  public void prepare() {
    ClipConfig config =
        new ClipConfig(new ClipConfig.Vit(1024, 24, 14, 24), new ClipConfig.Text(64, 0, 1, 1), 768);
    wide = encoder(config, Precision.FLOAT32);
    narrow = encoder(config, Precision.BFLOAT16);
    pixels = manager.randomNormal(new Shape(1, 3, 336, 336));
    float[] stripes = new float[segments * 576];
    for (int cell = 0; cell < 576; cell++) {
      stripes[cell * segments / 576 * 576 + cell] = 1;
    }
    masks = manager.create(stripes, new Shape(segments, 24, 24));
    // Twenty shared blocks, three for each segment, and the last, of which each needs queries, keys
    // and values; those of the first masked block are shared as well.
    int shared = 20;
    int own = 3 * segments;
    products.multiply(576, 588, 1024, 1);
    products.multiply(577, 1024, 3072, shared + 1 + own);
    products.multiply(577, 1024, 1024, shared + own);
    products.multiply(577, 1024, 4096, shared + own);
    products.multiply(577, 4096, 1024, shared + own);
    // Scores are made twice: inside of the segment, and over all of the picture.
    products.multiplyEach(16, 577, 64, 577, shared + 1 + 2 * own);
    products.multiplyEach(16, 577, 577, 64, shared + own);
  }

  private SegmentEncoder encoder(ClipConfig config, Precision precision) {
    ClipModel model =
        ClipModel.load(
            RandomCheckpoint.of(config.shapes()),
            Transformer.Activation.QUICK_GELU,
            precision,
            manager);
    return SegmentEncoder.of(model, SegmentEncoder.Settings.DEFAULT);
  }

  /** Frees the models. */
  @TearDown
  public void close() {
    manager.close();
  }

  /**
   * Each segment by its own pass through all blocks.
   *
   * @return something of the embeddings
   */
  @Benchmark
  public float oneByOne() {
    float sum = 0;
    for (int i = 0; i < segments; i++) {
      try (NDArray own = masks.get(i + ":" + (i + 1))) {
        sum += embed(wide, own);
      }
    }
    return sum;
  }

  /**
   * Baseline: the matrix products behind {@link #together} and nothing else.
   *
   * @return something of the last
   */
  @Benchmark
  public float productsAlone() {
    return products.run();
  }

  /**
   * All segments behind the shared blocks.
   *
   * @return something of the embeddings
   */
  @Benchmark
  @Against({"oneByOne", "productsAlone"})
  public float together() {
    return embed(wide, masks);
  }

  /**
   * The same with the blocks in bfloat16.
   *
   * @return something of the embeddings
   */
  @Benchmark
  @Against({"oneByOne", "together"})
  public float togetherInBfloat16() {
    return embed(narrow, masks);
  }

  private float embed(SegmentEncoder encoder, NDArray chosen) {
    try (NDManager call = manager.newSubManager()) {
      NDArray picture = pixels.duplicate();
      picture.attach(call);
      NDArray shared = encoder.shared(picture);
      return encoder.embed(shared, chosen).embeddings().getFloat(0, 0);
    }
  }
}
