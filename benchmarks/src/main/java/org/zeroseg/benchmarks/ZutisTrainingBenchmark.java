package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
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
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.zutis.SyntheticScenes;
import org.zeroseg.zutis.ZutisConfig;
import org.zeroseg.zutis.ZutisTrainer;

/**
 * Steps of ZUTIS ViT-B/16's training, in float32 and with products in bfloat16: batches that lie
 * ready, and batches that two threads make ahead while the network learns. Each run prints the
 * share of time that was spent waiting for them. Aims: bfloat16 below float32, waiting below 5 %.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 2)
@Fork(1)
public class ZutisTrainingBenchmark {

  private static final int STEPS = 3;

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
    ready = LongStream.range(0, STEPS).mapToObj(scenes::batch).toList();
  }

  /**
   * Frees arrays and files.
   *
   * @throws IOException if a file cannot be removed
   */
  @TearDown
  public void close() throws IOException {
    manager.close();
    folder.close();
  }

  /**
   * A step in float32.
   *
   * @throws IOException never, since the training ends before it writes
   */
  @Benchmark
  @OperationsPerInvocation(STEPS)
  public void float32() throws IOException {
    train(false, step -> ready.get((int) step));
  }

  /**
   * A step with products in bfloat16.
   *
   * @throws IOException never, since the training ends before it writes
   */
  @Benchmark
  @Against("float32")
  @OperationsPerInvocation(STEPS)
  public void bfloat16() throws IOException {
    train(true, step -> ready.get((int) step));
  }

  /**
   * A step in float32 on scenes that are made meanwhile.
   *
   * @throws IOException never, since the training ends before it writes
   */
  @Benchmark
  @Against("float32")
  @OperationsPerInvocation(STEPS)
  public void float32WithScenes() throws IOException {
    train(false, scenes);
  }

  /** Ends a training before its checkpoint, which would take longer than the steps. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private void train(boolean bfloat16, Batches<ZutisTrainer.Samples> batches) throws IOException {
    float[][] words = new float[3][config.embedding()];
    for (int i = 0; i < words.length; i++) {
      words[i][i] = 1;
    }
    ZutisTrainer.Options options = ZutisTrainer.Options.DEFAULT.withBfloat16(bfloat16);
    TrainingPlan plan =
        TrainingPlan.of(folder.folder().resolve("training"), STEPS)
            .withSaveEvery(STEPS)
            .withDataThreads(2);
    try {
      ZutisTrainer.of(config, weights, words, options)
          .run(
              batches,
              plan,
              (task, done, total) -> {
                if (done == total) {
                  System.out.println(task);
                  throw new Enough();
                }
              });
    } catch (Enough e) {
      return;
    }
    throw new IllegalStateException("the training ended too late");
  }
}
