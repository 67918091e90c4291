package org.zeroseg.examples.cli;

import org.zeroseg.core.supervision.PastedScenes;
import picocli.CommandLine.Option;

/** Options of the commands that learn from pasted scenes. */
final class SceneOptions {

  @Option(
      names = "--size",
      defaultValue = "384",
      description = "Side of a scene in pixels. Default: ${DEFAULT-VALUE}.")
  private int size;

  @Option(
      names = "--least-scale",
      defaultValue = "0.1",
      description = "The most that pictures are shrunk. Default: ${DEFAULT-VALUE}.")
  private double leastScale;

  @Option(
      names = "--greatest-scale",
      defaultValue = "1",
      description = "The most that pictures are enlarged. Default: ${DEFAULT-VALUE}.")
  private double greatestScale;

  @Option(
      names = "--true-colours",
      description = "Leave colours and sharpness as they are, for words that name colours.")
  private boolean trueColours;

  @Option(names = "--seed", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  /** A method's scenes with what the options say instead. */
  PastedScenes.Options of(PastedScenes.Options published) {
    return published
        .withSize(size)
        .withScales(leastScale, greatestScale)
        .withPhotometric(!trueColours)
        .withSeed(seed);
  }
}
