package org.zeroseg.benchmarks;

import ai.djl.modality.cv.Image;
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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.zutis.SyntheticScenes;
import org.zeroseg.zutis.Zutis;
import org.zeroseg.zutis.ZutisConfig;
import org.zeroseg.zutis.ZutisModel;

/**
 * What comes behind and before ZUTIS' network. Behind: from 100 proposals to instances of a picture
 * of 640 x 480, beside the full network's forward pass; the network in front is as narrow as can
 * be, so that nearly all the time is that of scoring, enlarging and suppressing. Before: a batch of
 * eight scenes of 384 pixels. Aim: below 0.1 of the forward pass.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(1)
public class ZutisPipelineBenchmark {

  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;
  private static final Vocabulary WORDS = Vocabulary.of("cat", "dog", "sofa", "plant", "person");

  private final NDManager full = TorchEngine.newManager();
  private SceneFolder folder;
  private Clip clip;
  private Zutis narrow;
  private ZutisModel model;
  private NDArray pixels;
  private Image image;
  private SyntheticScenes scenes;
  private long step;

  /**
   * Makes networks, a picture, and pictures with masks.
   *
   * @throws IOException if no temporary file can be written
   */
  @Setup
  public void prepare() throws IOException {
    ZutisConfig config = ZutisConfig.of(new ClipConfig.Vit(768, 12, 16, 14), 512);
    model = load(config, full);
    pixels = full.randomNormal(new Shape(1, 3, HEIGHT, WIDTH));
    ClipConfig.Vit vit = new ClipConfig.Vit(64, 1, 16, 4);
    clip = clip(vit);
    NDManager own = TorchEngine.newManager();
    ZutisConfig small = new ZutisConfig(vit, 32, config.queries(), 1, 8, 8);
    narrow = Zutis.builder().clip(clip).answer(Zutis.Answer.INSTANCES).build(load(small, own), own);
    image = SceneFolder.picture(WIDTH, HEIGHT, 1).toImage();
    folder = SceneFolder.make();
    scenes = folder.scenes(SyntheticScenes.DEFAULT, 8);
  }

  private static ZutisModel load(ZutisConfig config, NDManager manager) {
    RandomCheckpoint checkpoint = RandomCheckpoint.of(config.shapes());
    return ZutisModel.of(config, Weights.load(checkpoint, config.shapes(), manager), manager);
  }

  private static Clip clip(ClipConfig.Vit vit) {
    ClipTokenizer tokenizer = ClipTokenizer.learn(List.of("cat dog sofa plant person"), 8, 32);
    ClipConfig config =
        new ClipConfig(vit, new ClipConfig.Text(64, 1, 32, tokenizer.vocabularySize()), 32);
    NDManager manager = TorchEngine.newManager();
    Map<String, NDArray> weights = config.initialWeights(new SplittableRandom(1), manager);
    return Clip.of(
        ClipModel.of(config, Weights.of(weights, "random"), manager), tokenizer, manager);
  }

  /**
   * Frees networks and files.
   *
   * @throws IOException if a file cannot be removed
   */
  @TearDown
  public void close() throws IOException {
    narrow.close();
    clip.close();
    full.close();
    folder.close();
  }

  /**
   * Baseline: ViT-B/16 forward in float32, up to the proposals.
   *
   * @return a probability
   */
  @Benchmark
  public float forward() {
    try (NDManager call = full.newSubManager()) {
      NDArray input = pixels.duplicate();
      input.attach(call);
      ZutisModel.Features features = model.features(input);
      float first = model.patchTokens(features).getFloat(0, 0, 0);
      return first + model.proposals(model.decode(features, false), 0).getFloat(0, 0, 0);
    }
  }

  /**
   * A narrow network, then 100 proposals to instances.
   *
   * @return the number of instances
   */
  @Benchmark
  @Against("forward")
  public int postProcessing() {
    return narrow.segment(image, WORDS).segments().size();
  }

  /**
   * Eight scenes by one thread; a training's threads make them while the network learns.
   *
   * @return the scenes
   */
  @Benchmark
  @Against("forward")
  public Object batchOfScenes() {
    return scenes.batch(step++);
  }
}
