package org.zeroseg.examples.cli;

import java.nio.file.Path;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.eval.report.TrainingCurves;
import picocli.CommandLine.Option;

/** Options of all commands that train: what is kept on the way, and read ahead. */
final class TrainingFiles {

  @Option(
      names = "--save-every",
      defaultValue = "500",
      description = "Steps between checkpoints. Default: ${DEFAULT-VALUE}.")
  private long saveEvery;

  @Option(
      names = "--data-threads",
      defaultValue = "2",
      description = "Threads that make batches ahead. Default: ${DEFAULT-VALUE}.")
  private int dataThreads;

  /** The plan without measurements; curves are drawn into the folder. */
  TrainingPlan plan(Path folder, long steps) {
    return TrainingPlan.of(folder, steps)
        .withSaveEvery(saveEvery)
        .withDataThreads(dataThreads)
        .withReport(TrainingCurves::write);
  }
}
