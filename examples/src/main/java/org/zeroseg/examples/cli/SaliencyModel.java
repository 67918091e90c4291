package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.dino.SelfMaskBuilder;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the commands that find salient objects. */
final class SaliencyModel {

  @Option(
      names = {"-m", "--model"},
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description =
          "A SelfMask: 'demo', a file such as selfmask_nq20.pt, or an id of the hub. "
              + "Default: ${DEFAULT-VALUE}.")
  private String name;

  @Option(
      names = "--raw",
      description = "Leave SelfMask's masks as the network gives them, not snapped to edges.")
  private boolean raw;

  @Mixin private TileOption tiles;

  /** Opens the detector. */
  SaliencyDetector detector() throws IOException {
    return detector(UnaryOperator.identity());
  }

  /** Opens the detector, with choices that the demo's has made already. */
  SaliencyDetector detector(UnaryOperator<SelfMaskBuilder> choices) throws IOException {
    Optional<Demo> demo = Demo.of(name);
    if (demo.isPresent()) {
      return demo.get().selfMask(!raw, tiles::on);
    }
    SelfMaskBuilder builder = tiles.on(choices.apply(SelfMask.builder().model(name)));
    return (raw ? builder : builder.refinedBy(BilateralSolver.DEFAULT)).build();
  }
}
