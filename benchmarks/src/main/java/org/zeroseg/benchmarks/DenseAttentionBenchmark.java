package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.List;
import java.util.Map;
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
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.PatchEncoder;
import org.zeroseg.clip.Protocol;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.DinoConfig;

/**
 * Every attention of {@link MaskClip} beside the value path, on whole pictures, with a random
 * ViT-B/16 and a DINO of the same size, three words and no refinement of maps. Aims: sclip,
 * clearclip, naclip and pearl at most 1.1 of the value path's time, scclip and resclip at most 1.5,
 * proxyclip at most 1.1 of the value path and DINO together. The growth of the peak of resident
 * memory is printed at the end of each.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class DenseAttentionBenchmark {

  /** The preset. */
  @Param({
    "value",
    "sclip",
    "clearclip",
    "naclip",
    "proxyclip",
    "resclip",
    "scclip",
    "pearl",
    "segearth",
    "gem"
  })
  public String attention = "";

  /** The picture. */
  @Param({"640x480", "2048x1024"})
  public String size = "";

  /** The format of the products. */
  @Param("FLOAT32")
  public Precision precision = Precision.FLOAT32;

  private static final Vocabulary WORDS = Vocabulary.of("a", "b", "c");

  private final NDManager manager = TorchEngine.newManager();
  private Picture picture = Picture.of(PixelFormat.RGB, 1, 1, new byte[3]);
  private MaskClip value;
  private MaskClip chosen;
  private Dino dino;
  private long before;

  /** Makes the models and the picture. */
  @Setup
  public void prepare() throws IOException {
    ClipTokenizer tokenizer = ClipTokenizer.learn(List.of("a b c"), 2, 16);
    ClipConfig config =
        new ClipConfig(
            new ClipConfig.Vit(768, 12, 16, 14),
            new ClipConfig.Text(64, 1, 16, tokenizer.vocabularySize()),
            512);
    ClipModel model =
        ClipModel.load(
            RandomCheckpoint.of(config.shapes()),
            Transformer.Activation.QUICK_GELU,
            precision,
            manager);
    Clip clip = Clip.of(model, tokenizer, manager);
    Map<String, Shape> shapes = DinoConfig.BASE_16.shapes();
    dino = Dino.of(RandomCheckpoint.of(shapes), manager.getDevice());
    String[] sides = size.split("x", -1);
    int width = Integer.parseInt(sides[0]);
    int height = Integer.parseInt(sides[1]);
    byte[] noise = new byte[3 * width * height];
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (byte) random.nextInt(256);
    }
    picture = Picture.of(PixelFormat.RGB, width, height, noise);
    value = segmenter(clip, Attention.VALUE);
    chosen = segmenter(clip, Attention.preset(attention));
    before = ResidentMemory.peak();
  }

  private MaskClip segmenter(Clip clip, Attention preset) throws IOException {
    return MaskClip.builder()
        .model(clip)
        .textEmbeddings(TextEmbeddings.of(texts -> vectors(texts.size())))
        .attention(preset)
        .protocol(Protocol.SCLIP.withWindows(0, 1, 0))
        .normalization(Normalization.CLIP)
        .templates(PromptTemplates.BARE)
        .encoder(PatchEncoder.of(16, dino::patches))
        .input(InputSize.own())
        .build();
  }

  private static float[][] vectors(int count) {
    float[][] vectors = new float[count][512];
    SplittableRandom random = new SplittableRandom(4);
    for (float[] vector : vectors) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) random.nextDouble(-1, 1);
      }
    }
    return vectors;
  }

  /** Prints the memory and frees the models. */
  @TearDown
  public void close() {
    System.out.printf(
        "%n%s, %s: peak resident memory grew by %.0f MB%n",
        attention, size, (ResidentMemory.peak() - before) / 1e6);
    value.close();
    chosen.close();
    dino.close();
    manager.close();
  }

  /**
   * Baseline: the value path.
   *
   * @return the number of segments
   */
  @Benchmark
  public int valuePath() {
    ResidentMemory.forgetPeak();
    return value.segment(picture, WORDS).segments().size();
  }

  /**
   * The attention.
   *
   * @return the number of segments
   */
  @Benchmark
  @Against("valuePath")
  public int preset() {
    ResidentMemory.forgetPeak();
    return chosen.segment(picture, WORDS).segments().size();
  }

  /**
   * Baseline: the second network alone.
   *
   * @return something of the features
   */
  @Benchmark
  public float secondNetwork() {
    try (NDManager call = manager.newSubManager()) {
      NDArray pixels = Normalization.IMAGENET.pixels(call, List.of(picture));
      return dino.patches(pixels).getFloat(0, 0, 0);
    }
  }
}
