package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
import org.zeroseg.clip.ClipTrainer;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.dino.DinoConfig;
import org.zeroseg.dino.DinoTrainer;
import org.zeroseg.dino.SelfMaskConfig;
import org.zeroseg.dino.SelfMaskLoss;
import org.zeroseg.dino.SelfMaskTrainer;
import org.zeroseg.zeroguide.gpt2.Gpt2Config;
import org.zeroseg.zeroguide.gpt2.Gpt2Trainer;

/**
 * A step of training in float32 on a batch of noise that lies ready: forwards, backwards, update.
 * ZUTIS, ZSI and NamedMask have benchmarks of their own.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@Fork(1)
public class TrainingStepBenchmark {

  /** Networks and batches. */
  public enum Work {
    /** The demo's CLIP: 128 pictures of 64 x 64 with captions of 20 tokens. */
    CLIP {
      @Override
      Stepper.Run run(NDManager manager, SplittableRandom random) {
        int batch = 128;
        ClipConfig config =
            new ClipConfig(
                new ClipConfig.ResNet(32, List.of(1, 2), 8),
                new ClipConfig.Text(128, 2, 32, 1000),
                128);
        long[][] captions = rows(random, batch, 20, 999);
        for (long[] caption : captions) {
          caption[caption.length - 1] = 999;
        }
        ClipTrainer.Pairs pairs =
            new ClipTrainer.Pairs(noise(random, batch * 3 * 64 * 64), 64, captions);
        ClipTrainer trainer = ClipTrainer.of(config, random, manager);
        ClipTrainer.Options options = new ClipTrainer.Options(1e-3, 100, 0.05);
        return (plan, progress) -> trainer.run(step -> pairs, options, plan, progress);
      }
    },
    /** The demo's GPT-2: 64 rows of 32 tokens. */
    GPT2_DEMO {
      @Override
      Stepper.Run run(NDManager manager, SplittableRandom random) {
        return gpt2(new Gpt2Config(4, 64, 4, 500, 32, 1e-5), 64, 32, manager, random);
      }
    },
    /** GPT-2 of 124 million parameters: 2 rows of 256 tokens. */
    GPT2 {
      @Override
      Stepper.Run run(NDManager manager, SplittableRandom random) {
        return gpt2(PublishedSizes.GPT2_SMALL, 2, 256, manager, random);
      }
    },
    /**
     * DINO's ViT-S/16 and head of published sizes: 2 pictures, each in 2 large and 8 small crops.
     */
    DINO {
      @Override
      Stepper.Run run(NDManager manager, SplittableRandom random) {
        int batch = 2;
        DinoTrainer.Views views =
            new DinoTrainer.Views(
                noise(random, 2 * batch * 3 * 224 * 224),
                224,
                noise(random, 8 * batch * 3 * 96 * 96),
                96,
                batch);
        Map<String, NDArray> weights =
            DinoTrainer.initialWeights(
                DinoConfig.SMALL_16, new DinoTrainer.Head(2048, 256, 65536), random, manager);
        DinoTrainer trainer =
            DinoTrainer.of(
                DinoConfig.SMALL_16, weights, new DinoTrainer.Options(5e-4, 100, 0.04, 0.996, 0));
        return (plan, progress) -> trainer.run(step -> views, plan, progress);
      }
    },
    /** SelfMask of published sizes, on ViT-S/8: 2 pictures of 224 x 224. */
    SELFMASK {
      @Override
      Stepper.Run run(NDManager manager, SplittableRandom random) {
        int batch = 2;
        byte[] masks = new byte[batch * 224 * 224];
        for (int i = 0; i < masks.length; i++) {
          masks[i] = (byte) (i / 112 % 2);
        }
        SelfMaskTrainer.Samples samples =
            new SelfMaskTrainer.Samples(noise(random, batch * 3 * 224 * 224), masks, batch, 224);
        SelfMaskConfig config = SelfMaskConfig.SMALL_8;
        SelfMaskTrainer trainer =
            SelfMaskTrainer.of(
                config,
                config.initialWeights(random, manager),
                new SelfMaskTrainer.Options(6e-6, 0.01, 0, SelfMaskLoss.DEFAULT));
        return (plan, progress) -> trainer.run(step -> samples, plan, progress);
      }
    };

    abstract Stepper.Run run(NDManager manager, SplittableRandom random);

    private static Stepper.Run gpt2(
        Gpt2Config config, int batch, int length, NDManager manager, SplittableRandom random) {
      long[][] rows = rows(random, batch, length + 1, config.vocabulary());
      Gpt2Trainer trainer = Gpt2Trainer.of(config, random, manager);
      Gpt2Trainer.Options options = new Gpt2Trainer.Options(2e-3, 100, 0.1);
      return (plan, progress) -> trainer.run(step -> rows, options, plan, progress);
    }

    private static float[] noise(SplittableRandom random, int count) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return values;
    }

    private static long[][] rows(SplittableRandom random, int count, int length, int vocabulary) {
      return IntStream.range(0, count)
          .mapToObj(row -> random.longs(length, 0, vocabulary).toArray())
          .toArray(long[][]::new);
    }
  }

  /** What is trained. */
  @Param({"CLIP", "GPT2_DEMO", "GPT2", "DINO", "SELFMASK"})
  public Work work = Work.CLIP;

  private final NDManager manager = TorchEngine.newManager();
  private Optional<Stepper> stepper = Optional.empty();

  /**
   * Makes network and batch.
   *
   * @throws IOException if no temporary folder can be made
   */
  @Setup
  public void prepare() throws IOException {
    stepper = Optional.of(new Stepper(1, work.run(manager, new SplittableRandom(1))));
  }

  /**
   * Frees the network.
   *
   * @throws IOException if the temporary folder cannot be removed
   */
  @TearDown
  public void close() throws IOException {
    stepper.orElseThrow().close();
    manager.close();
  }

  /**
   * A step.
   *
   * @return the loss
   */
  @Benchmark
  public String step() {
    return stepper.orElseThrow().step();
  }
}
