package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.zsi.AnnotatedPicture;
import org.zeroseg.zsi.ZsiTrainer;

/**
 * A step of ZSI's training with ResNet-50 on two pictures of 480 x 320 with three objects each, as
 * published otherwise: 512 boxes a picture, up to 128 masks.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 2)
@Fork(1)
public class ZsiTrainingBenchmark {

  private static final int STEPS = 2;
  private static final int WIDTH = 480;
  private static final int HEIGHT = 320;

  private final NDManager manager = TorchEngine.newManager();
  private Optional<ZsiTrainer> trainer = Optional.empty();
  private Optional<ZsiTrainer.Samples> batch = Optional.empty();

  /** Makes network and pictures. */
  @Setup
  public void prepare() {
    trainer = Optional.of(RandomZsi.trainer(50, manager));
    List<AnnotatedPicture.Thing> things =
        List.of(
            thing(1, 30, 20, 200, 120), thing(2, 100, 150, 260, 300), thing(3, 300, 60, 460, 200));
    AnnotatedPicture picture = new AnnotatedPicture(RandomZsi.picture(WIDTH, HEIGHT), things);
    batch = Optional.of(ZsiTrainer.Samples.of(List.of(picture, picture), WIDTH, HEIGHT, 1));
  }

  private static AnnotatedPicture.Thing thing(int label, int left, int top, int right, int bottom) {
    Mask mask = Mask.of(WIDTH, HEIGHT, (x, y) -> x >= left && x < right && y >= top && y < bottom);
    return new AnnotatedPicture.Thing(label, mask.box(), mask);
  }

  /** Frees the network. */
  @TearDown
  public void close() {
    manager.close();
  }

  /** Ends a training before its checkpoint, which would take longer than the steps. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /**
   * A step.
   *
   * @throws IOException never, since the training ends before it writes
   */
  @Benchmark
  @OperationsPerInvocation(STEPS)
  public void step() throws IOException {
    TrainingPlan plan =
        TrainingPlan.of(Path.of(System.getProperty("java.io.tmpdir"), "zeroseg-no-such"), STEPS);
    try {
      trainer
          .orElseThrow()
          .run(
              step -> batch.orElseThrow(),
              plan,
              (task, done, total) -> {
                if (done == total) {
                  throw new Enough();
                }
              });
    } catch (Enough e) {
      return;
    }
    throw new IllegalStateException("the training ended too late");
  }
}
