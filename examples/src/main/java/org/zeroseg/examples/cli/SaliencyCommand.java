package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.dino.SaliencyDetector;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.examples.demo.DemoModels;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Pictures in, the object that stands out of each out. */
@Command(
    name = "saliency",
    description = "Finds what stands out of pictures, by SelfMask and without words.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "For each picture NAME it writes into the output folder",
      "  NAME.saliency.png          the picture with the object in colour",
      "  NAME.saliency.labels.png   a palette picture: 0 background, 1 the object"
    })
final class SaliencyCommand implements Callable<Integer> {

  private static final String OBJECT = "object";

  @Mixin private PictureFiles pictures;

  @Option(
      names = {"-m", "--model"},
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description =
          "A SelfMask: 'demo', a file such as selfmask_nq20.pt, or an id of the hub. "
              + "Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = "--raw",
      description = "Leave the mask as the network gives it, not snapped to edges.")
  private boolean raw;

  @Override
  public Integer call() throws IOException {
    try (ConsoleProgress progress = new ConsoleProgress();
        SaliencyDetector detector = detector()) {
      return pictures.forEach(
          progress, (shot, report) -> describe(shot, detector.detect(shot.picture()), report));
    }
  }

  private SaliencyDetector detector() throws IOException {
    if (model.equals(Models.DEMO)) {
      return DemoModels.selfMask(!raw);
    }
    SelfMask.Builder builder = SelfMask.builder().model(model);
    return (raw ? builder : builder.refinedBy(BilateralSolver.DEFAULT)).build();
  }

  private static void describe(
      PictureFiles.Shot shot, SaliencyDetector.Salient found, PrintWriter report)
      throws IOException {
    Picture picture = shot.picture();
    Segmentation result =
        Segmentation.ofSegments(
            picture.width(),
            picture.height(),
            List.of(OBJECT),
            List.of(Segment.of(1, OBJECT, found.objectness(), found.mask())));
    String written = shot.write(result, ".saliency.png", ".saliency.labels.png");
    double area = (double) picture.width() * picture.height();
    report.printf(
        Locale.ROOT,
        "%s: %.1f %% of the picture, objectness %.2f%n",
        shot.file(),
        100 * found.mask().area() / area,
        found.objectness());
    report.println(written);
  }
}
