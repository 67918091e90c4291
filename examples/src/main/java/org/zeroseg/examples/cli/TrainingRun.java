package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.zeroseg.core.train.TrainingPlan;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the commands that train on scenes: how long, and what is measured on the way. */
final class TrainingRun {

  @Option(names = "--steps", defaultValue = "20000", description = "Default: ${DEFAULT-VALUE}.")
  private long steps;

  @Mixin private TrainingFiles files;

  @ArgGroup(exclusive = false, heading = "Evaluation during training:%n")
  private MeanIouOnTheWay validation;

  /** The plan without measurements; curves are drawn into the folder. */
  TrainingPlan plan(Path folder) {
    return files.plan(folder, steps);
  }

  /** The same for so many steps. */
  TrainingPlan plan(Path folder, long count) {
    return files.plan(folder, count);
  }

  boolean isMeasured() {
    return validation != null;
  }

  /** A plan with measurements of the network that is being trained. */
  TrainingPlan measured(TrainingPlan plan, MeanIouOnTheWay.Learner learner) throws IOException {
    return plan.withValidation(validation.of(learner));
  }
}
