package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.zeroseg.eval.data.Coco;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The annotations of COCO-20K out of those of COCO. */
@Command(
    name = "coco-20k",
    description = "Chooses COCO-20K's annotations out of those of COCO's train2014.",
    mixinStandardHelpOptions = true)
final class Coco20kCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "ANNOTATIONS", description = "instances_train2014.json")
  private Path annotations;

  @Parameters(
      index = "1",
      paramLabel = "LIST",
      description = "datasets/coco_20k_filenames.txt of valeoai/LOST, or ids, one a line.")
  private Path list;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Where to write. Default: instances_train2014_sel20k.json beside the former.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    List<Long> ids = Coco.imageIds(list);
    Path target = out == null ? annotations.resolveSibling("instances_train2014_sel20k.json") : out;
    Coco.select(annotations, ids, target);
    PrintWriter report = spec.commandLine().getOut();
    report.println(ids.size() + " images: " + target);
    report.flush();
    return 0;
  }
}
