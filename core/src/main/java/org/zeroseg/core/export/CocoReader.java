package org.zeroseg.core.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.Outline;

/** Reads COCO's data sets and results. */
final class CocoReader {

  private CocoReader() {}

  static void read(Path from, Path pictures, Notes notes, AnnotationSink sink) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(file(from, CocoWriter.INSTANCES));
    for (CocoGroundTruth.Image image : truth.images()) {
      List<Instance> kept = new ArrayList<>();
      for (Instance instance : truth.annotations(image.id())) {
        boolean hasMask = !(instance.outline() instanceof Outline.Missing);
        notes.add("crowds left out", instance.crowd() && hasMask ? 1 : 0);
        notes.add("annotations without a mask left out", hasMask ? 0 : 1);
        if (hasMask && !instance.crowd()) {
          kept.add(instance);
        }
      }
      hand(truth, image, kept, 1, pictures, sink);
    }
  }

  static void readResults(Path from, Path pictures, AnnotationSink sink) throws IOException {
    CocoGroundTruth info = CocoGroundTruth.read(from.resolve(CocoWriter.IMAGE_INFO));
    CocoDetections results = CocoDetections.read(from.resolve(CocoWriter.RESULTS), info);
    List<List<Instance>> byImage = new ArrayList<>();
    info.images().forEach(image -> byImage.add(new ArrayList<>()));
    results.instances().forEach(instance -> byImage.get(instance.image()).add(instance));
    for (int i = 0; i < byImage.size(); i++) {
      hand(info, info.images().get(i), byImage.get(i), 0, pictures, sink);
    }
  }

  /** With scores as the file gives them, or that of an annotation, which has none. */
  private static void hand(
      CocoGroundTruth truth,
      CocoGroundTruth.Image image,
      List<Instance> instances,
      double score,
      Path pictures,
      AnnotationSink sink)
      throws IOException {
    String name =
        FormatWriter.within(image.fileName().isEmpty() ? image.id() + ".jpg" : image.fileName());
    Path picture = pictures.resolve(name);
    int width = image.width();
    int height = image.height();
    if (width == 0 || height == 0) {
      DataFolder.Size size = DataFolder.size(picture);
      width = size.width();
      height = size.height();
    }
    Segmentation segmentation;
    try {
      List<String> names = truth.categories().stream().map(CocoGroundTruth.Category::name).toList();
      Raster raster = new Raster(width, height, names);
      for (Instance instance : instances) {
        Rle rle = instance.outline().rle(width, height);
        raster.add(instance.category() + 1, Math.max(score, instance.score()), rle.mask());
      }
      segmentation = raster.segmentation();
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(
          truth.source(), List.of("image " + image.id() + ": " + e.getMessage()));
    }
    sink.add(name, picture, segmentation);
  }

  /** The file itself, the usual one of a folder, or its only one. */
  private static Path file(Path from, String usual) throws IOException {
    if (!Files.isDirectory(from) || Files.exists(from.resolve(usual))) {
      return Files.isDirectory(from) ? from.resolve(usual) : from;
    }
    List<Path> found = DataFolder.files(from, name -> name.endsWith(".json"));
    if (found.size() != 1) {
      throw new IOException(
          from + ": expected " + usual + " or a single JSON file; else name the file itself");
    }
    return found.get(0);
  }
}
