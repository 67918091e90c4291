package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
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
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Batches;
import org.zeroseg.zutis.SyntheticScenes;
import org.zeroseg.zutis.ZutisConfig;
import org.zeroseg.zutis.ZutisTrainer;

/**
 * A step of ZUTIS ViT-B/16's training, in float32 and with products in bfloat16: batches that lie
 * ready, and batches that two threads make ahead while the network learns. Each run prints the
 * share of time that was spent waiting for them. Aims: bfloat16 below float32, waiting below 5 %.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 5)
@Fork(1)
public class ZutisTrainingBenchmark {

  private static final int READY = 4;

  /** Side of the scenes. */
  @Param({"192", "384"})
  public int size = 192;

  /** Scenes of a step. */
  @Param({"1", "8"})
  public int batch = 1;

  private final NDManager manager = TorchEngine.newManager();
  private final Map<String, NDArray> weights = new LinkedHashMap<>();
  private ZutisConfig config = ZutisConfig.of(new ClipConfig.Vit(64, 1, 16, 4), 32);
  private SceneFolder folder;
  private SyntheticScenes scenes;
  private List<ZutisTrainer.Samples> ready = List.of();
  private Optional<Stepper> stepper = Optional.empty();
  private String told = "";

  /**
   * Makes weights, pictures and a few batches.
   *
   * @throws IOException if no temporary file can be written
   */
  @Setup
  public void prepare() throws IOException {
    config = ZutisConfig.of(new ClipConfig.Vit(768, 12, 16, 14), 512);
    Map<String, Shape> shapes = config.shapes();
    Weights made = Weights.load(RandomCheckpoint.of(shapes), shapes, manager);
    shapes.keySet().forEach(name -> weights.put(name, made.get(name)));
    folder = SceneFolder.make();
    scenes = folder.scenes(SyntheticScenes.DEFAULT.withSize(size), batch);
    ready = LongStream.range(0, READY).mapToObj(scenes::batch).toList();
  }

  /**
   * Frees arrays and files.
   *
   * @throws IOException if a file cannot be removed
   */
  @TearDown
  public void close() throws IOException {
    System.out.println(told);
    if (stepper.isPresent()) {
      stepper.get().close();
    }
    manager.close();
    folder.close();
  }

  /**
   * A step in float32.
   *
   * @throws IOException if no temporary folder can be made
   */
  @Benchmark
  public void float32() throws IOException {
    step(false, step -> ready.get((int) (step % READY)));
  }

  /**
   * A step with products in bfloat16.
   *
   * @throws IOException if no temporary folder can be made
   */
  @Benchmark
  @Against("float32")
  public void bfloat16() throws IOException {
    step(true, step -> ready.get((int) (step % READY)));
  }

  /**
   * A step in float32 on scenes that are made meanwhile.
   *
   * @throws IOException if no temporary folder can be made
   */
  @Benchmark
  @Against("float32")
  public void float32WithScenes() throws IOException {
    step(false, scenes);
  }

  /** The first begins the run. */
  private void step(boolean bfloat16, Batches<ZutisTrainer.Samples> batches) throws IOException {
    if (stepper.isEmpty()) {
      float[][] words = new float[3][config.embedding()];
      for (int i = 0; i < words.length; i++) {
        words[i][i] = 1;
      }
      ZutisTrainer.Options options = ZutisTrainer.Options.DEFAULT.withBfloat16(bfloat16);
      ZutisTrainer trainer = ZutisTrainer.of(config, weights, words, options);
      stepper =
          Optional.of(new Stepper(2, (plan, progress) -> trainer.run(batches, plan, progress)));
    }
    told = stepper.get().step();
  }
}
