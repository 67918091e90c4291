package org.zeroseg.examples.cli;

import ai.djl.ndarray.types.DataType;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands that train write: in which type, and what is said of it. */
final class WrittenModel {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(names = "--half", description = "Write the model in float16: half the size.")
  private boolean half;

  DataType type() {
    return half ? DataType.FLOAT16 : DataType.FLOAT32;
  }

  /** Says where the model is, how its training ended, and what to do with it. */
  void tell(Path model, String outcome, String next) {
    PrintWriter report = spec.commandLine().getOut();
    report.println("Trained: " + model + (outcome.isEmpty() ? "" : ", " + outcome));
    report.println("Next: zeroseg " + next);
    report.flush();
  }
}
