package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.run.Evaluation;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of all evaluations: where their report goes. */
final class ReportFiles {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--examples",
      defaultValue = "8",
      paramLabel = "N",
      description = "Worst and best pictures in the HTML report. Default: ${DEFAULT-VALUE}.")
  private int examples;

  @Option(names = "--html", paramLabel = "FILE", description = "Writes a report with pictures.")
  private Path html;

  @Option(names = "--csv", paramLabel = "FILE", description = "Writes all tables with all digits.")
  private Path csv;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes everything but pictures.")
  private Path json;

  /** Finds the numbers. */
  interface Kind {
    Report evaluate(Evaluation evaluation, ConsoleProgress progress) throws IOException;
  }

  /**
   * Evaluates, prints and writes.
   *
   * @param predictions where predictions lie, null if a model makes them
   */
  int of(Path predictions, Kind kind) throws IOException {
    if (examples < 0) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--examples " + examples + ": at least 0");
    }
    Report report;
    try (ConsoleProgress progress = new ConsoleProgress()) {
      // A model uses all processors by itself.
      int threads = predictions == null ? 1 : Runtime.getRuntime().availableProcessors();
      report =
          kind.evaluate(new Evaluation(threads, html == null ? 0 : examples, progress), progress);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(report);
    if (csv != null) {
      report.writeCsv(csv);
      out.println("Tables: " + csv);
    }
    if (json != null) {
      report.writeJson(json);
      out.println("All digits: " + json);
    }
    if (html != null) {
      report.writeHtml(html);
      out.println("Report: " + html);
    }
    out.flush();
    return 0;
  }
}
