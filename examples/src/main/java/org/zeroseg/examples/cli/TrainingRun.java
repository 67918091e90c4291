package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.eval.report.TrainingCurves;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Options of the commands that train: how long, and what is kept and measured on the way. */
final class TrainingRun {

  @Option(names = "--steps", defaultValue = "20000", description = "Default: ${DEFAULT-VALUE}.")
  private long steps;

  @Option(
      names = "--save-every",
      defaultValue = "500",
      description = "Steps between checkpoints. Default: ${DEFAULT-VALUE}.")
  private long saveEvery;

  @Option(
      names = "--data-threads",
      defaultValue = "2",
      description = "Threads that make scenes ahead. Default: ${DEFAULT-VALUE}.")
  private int dataThreads;

  @ArgGroup(exclusive = false, heading = "Measurements on the way:%n")
  private MeanIouOnTheWay validation;

  /** The plan without measurements; curves are drawn into the folder. */
  TrainingPlan plan(Path folder) {
    return TrainingPlan.of(folder, steps)
        .withSaveEvery(saveEvery)
        .withDataThreads(dataThreads)
        .withReport(TrainingCurves::write);
  }

  boolean isMeasured() {
    return validation != null;
  }

  /** A plan with measurements of the network that is being trained. */
  TrainingPlan measured(TrainingPlan plan, Segmenter network) throws IOException {
    return plan.withValidation(validation.of(network));
  }
}
