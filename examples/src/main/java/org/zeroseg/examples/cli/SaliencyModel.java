package org.zeroseg.examples.cli;

import java.io.IOException;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.examples.demo.DemoModels;
import picocli.CommandLine.Option;

/** Options of the commands that look for what stands out. */
final class SaliencyModel {

  @Option(
      names = "--raw",
      description = "Leave SelfMask's masks as the network gives them, not snapped to edges.")
  private boolean raw;

  /**
   * Opens the detector.
   *
   * @param name demo, a file or an id of the hub
   */
  SaliencyDetector detector(String name) throws IOException {
    if (name.equals(Models.DEMO)) {
      return DemoModels.selfMask(!raw);
    }
    SelfMask.Builder builder = SelfMask.builder().model(name);
    return (raw ? builder : builder.refinedBy(BilateralSolver.DEFAULT)).build();
  }
}
