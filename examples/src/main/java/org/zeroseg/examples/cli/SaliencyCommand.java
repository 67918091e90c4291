package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.SaliencyDetector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Pictures in, the salient object of each out. */
@Command(
    name = "saliency",
    description = "Finds the salient object of each picture by SelfMask, without words.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "For each picture NAME it writes into the output folder",
      "  NAME.saliency.png          the picture with the object in colour",
      "  NAME.saliency.labels.png   a palette picture: 0 background, 1 the object",
      "  NAME.saliency.json         the object with its score, box and outline",
      "and for folders a page to look at, saliency-gallery.html."
    })
final class SaliencyCommand implements Callable<Integer> {

  private static final String OBJECT = "object";

  private static final PictureFiles.Endings ENDINGS =
      new PictureFiles.Endings(
          ".saliency.png", ".saliency.labels.png", ".saliency.json", "saliency-");

  @Mixin private PictureFiles pictures;

  @Mixin private SaliencyModel saliency;

  @Override
  public Integer call() throws IOException {
    try (ConsoleProgress progress = new ConsoleProgress();
        SaliencyDetector detector = saliency.detector()) {
      return pictures.forEach(
          progress,
          ENDINGS,
          Optional.of(List.of(OBJECT)),
          (shot, report) -> describe(shot, detector.detect(shot.picture()), report));
    }
  }

  private static Segmentation describe(
      PictureFiles.Shot shot, SaliencyDetector.Salient found, PrintWriter report)
      throws IOException {
    Picture picture = shot.picture();
    Segmentation result = segmentation(picture, found);
    String written = shot.write(result);
    double area = (double) picture.width() * picture.height();
    report.printf(
        Locale.ROOT,
        "%s: %.1f %% of the picture, objectness %.2f%n",
        shot.name(),
        100 * found.mask().area() / area,
        found.objectness());
    report.println(written);
    return result;
  }

  /** The object as the one segment of a picture. */
  static Segmentation segmentation(Picture picture, SaliencyDetector.Salient found) {
    return Segmentation.ofSegments(
        picture.width(),
        picture.height(),
        List.of(OBJECT),
        List.of(Segment.of(1, OBJECT, found.objectness(), found.mask())));
  }
}
