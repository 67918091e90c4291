package org.zeroseg.examples.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What a report of a fault should say, and why the library is as fast as it is here. */
@Command(
    name = "doctor",
    description = "Shows what this machine offers and what zeroseg makes of it.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    MachineReport.withFolders().forEach(out::println);
    out.flush();
    return 0;
  }
}
