package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.zeroseg.eval.coco.CocoProtocol;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Objects one by one. */
@Command(
    name = "instances",
    description = "Evaluates objects one by one: COCO's AP and AR.",
    mixinStandardHelpOptions = true)
final class EvalInstances implements Callable<Integer> {

  @Mixin private ObjectSet objects;

  @Mixin private ReportFiles files;

  @Override
  public Integer call() throws IOException {
    CocoProtocol protocol = CocoProtocol.coco().overlap(objects.overlap());
    return objects.evaluate(
        files,
        (evaluation, found) ->
            evaluation.instances(
                found.detections(), protocol.categories(found.ids()), found.images()));
  }
}
