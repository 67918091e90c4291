package org.zeroseg.examples.cli;

import ai.djl.modality.cv.Image;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

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

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "PICTURE", description = "PNG, JPEG, GIF or BMP.")
  private List<Path> pictures;

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

  @Option(
      names = {"-o", "--out"},
      defaultValue = "zeroseg-out",
      paramLabel = "DIR",
      description = "Where to write. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    Files.createDirectories(out);
    PrintWriter report = spec.commandLine().getOut();
    int failed = 0;
    try (SaliencyDetector detector = detector()) {
      for (Path file : pictures) {
        try {
          Picture picture = Picture.read(file).rgb();
          describe(file, picture, detector.detect(picture), report);
        } catch (IOException e) {
          failed++;
          String reason =
              Files.exists(file) ? String.valueOf(e.getMessage()) : "there is no file " + file;
          spec.commandLine().getErr().println("zeroseg: " + reason);
        }
      }
    }
    return failed == 0 ? 0 : 1;
  }

  private SaliencyDetector detector() throws IOException {
    if (model.equals(Models.DEMO)) {
      return DemoModels.selfMask(!raw);
    }
    SelfMask.Builder builder = SelfMask.builder().model(model);
    return (raw ? builder : builder.refinedBy(BilateralSolver.DEFAULT)).build();
  }

  private void describe(
      Path file, Picture picture, SaliencyDetector.Salient found, PrintWriter report)
      throws IOException {
    Segmentation result =
        Segmentation.ofSegments(
            picture.width(),
            picture.height(),
            List.of(OBJECT),
            List.of(Segment.of(1, OBJECT, found.objectness(), found.mask())));
    String name = String.valueOf(file.getFileName());
    String stem = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
    Path overlay = out.resolve(stem + ".saliency.png");
    Image image = picture.toImage();
    try (OutputStream stream = Files.newOutputStream(overlay)) {
      result.overlay(image).save(stream, "png");
    }
    Path labels = out.resolve(stem + ".saliency.labels.png");
    result.writeLabels(labels);
    double area = (double) picture.width() * picture.height();
    report.printf(
        Locale.ROOT,
        "%s: %.1f %% of the picture, objectness %.2f%n",
        file,
        100 * found.mask().area() / area,
        found.objectness());
    report.println("  overlay " + overlay + ", labels " + labels);
    report.flush();
  }
}
