package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
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
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.tensor.TorchEngine;
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
@Measurement(iterations = 5)
@Fork(1)
public class ZsiTrainingBenchmark {

  private static final int WIDTH = 480;
  private static final int HEIGHT = 320;

  private final NDManager manager = TorchEngine.newManager();
  private Optional<Stepper> stepper = Optional.empty();

  /**
   * Makes network and pictures.
   *
   * @throws IOException if no temporary folder can be made
   */
  @Setup
  public void prepare() throws IOException {
    ZsiTrainer trainer = RandomZsi.trainer(50, manager);
    List<AnnotatedPicture.Thing> things =
        List.of(
            thing(1, 30, 20, 200, 120), thing(2, 100, 150, 260, 300), thing(3, 300, 60, 460, 200));
    AnnotatedPicture picture = new AnnotatedPicture(RandomZsi.picture(WIDTH, HEIGHT), things);
    ZsiTrainer.Samples batch = ZsiTrainer.Samples.of(List.of(picture, picture), WIDTH, HEIGHT, 1);
    stepper =
        Optional.of(new Stepper(1, (plan, progress) -> trainer.run(step -> batch, plan, progress)));
  }

  private static AnnotatedPicture.Thing thing(int label, int left, int top, int right, int bottom) {
    Mask mask = Mask.of(WIDTH, HEIGHT, (x, y) -> x >= left && x < right && y >= top && y < bottom);
    return new AnnotatedPicture.Thing(label, mask.box(), mask);
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
