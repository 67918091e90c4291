package org.zeroseg.examples.cli;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.clip.retrieval.Unreadable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A folder of pictures becomes an index that texts can be looked up in. */
@Command(
    name = "index",
    description = "Embeds a folder of pictures, so that texts can be looked up in it.",
    mixinStandardHelpOptions = true,
    footer = {"", "Stopped at any point, the same command goes on where it was."})
final class IndexCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "PICTURES", description = "A folder; folders in it count too.")
  private Path pictures;

  @Option(
      names = {"-i", "--index"},
      required = true,
      paramLabel = "DIR",
      description = "The folder of the index; made or gone on with.")
  private Path index;

  @Option(
      names = {"-m", "--model"},
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description = "A CLIP, as 'zeroseg models' lists them. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = "--batch",
      defaultValue = "32",
      paramLabel = "N",
      description = "Pictures encoded at once. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(names = "--half", description = "Store 16-bit numbers: half the size.")
  private boolean half;

  @Override
  public Integer call() throws IOException {
    if (batch < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--batch " + batch + ": at least 1 picture");
    }
    try (ConsoleProgress progress = new ConsoleProgress();
        Clip clip = Models.clip(model, progress)) {
      IndexBuilder.Outcome outcome =
          IndexBuilder.of(clip.imageEncoder(Models.noted(model)))
              .withBatchSize(batch)
              .storing(half ? DataType.FLOAT16 : DataType.FLOAT32)
              .withProgress(progress)
              .build(index, pictures);
      progress.finish();
      PrintWriter out = spec.commandLine().getOut();
      out.println(outcome.index().size() + " pictures in " + index);
      for (Unreadable unreadable : outcome.unreadable()) {
        Failures.unread(out, unreadable.name(), unreadable.reason());
      }
      String same = model.equals(Models.DEMO) ? "" : " --model " + model;
      out.println("Next: zeroseg archive " + index + same + " --words \"cat, tree\"");
      out.flush();
      return 0;
    }
  }
}
