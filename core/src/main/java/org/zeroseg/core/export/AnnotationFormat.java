package org.zeroseg.core.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * The formats of annotation tools and data sets. Every one is a folder.
 *
 * <pre>{@code
 * try (AnnotationWriter writer = AnnotationFormat.COCO.open(Path.of("coco"))) {
 *   for (String photo : List.of("01.jpg", "02.jpg")) {
 *     Path file = Path.of("photos").resolve(photo);
 *     writer.add(photo, file, segmenter.segment(file, Vocabulary.of("cat", "sofa")));
 *   }
 *   System.out.println(writer.finish());
 * }
 * AnnotationFormat.COCO.read(
 *     Path.of("coco"),
 *     Path.of("photos"),
 *     (name, picture, result) -> System.out.println(name + " " + result.segments()));
 * }</pre>
 */
public enum AnnotationFormat {
  /** COCO's data set, {@code instances.json}; masks as run lengths, kept to the pixel. */
  COCO,
  /** COCO's data set with polygons, a list for each object; holes by a seam. */
  COCO_POLYGONS,
  /**
   * COCO's results, {@code results.json}, and {@code image_info.json} with the images and
   * categories that their ids mean.
   */
  COCO_RESULTS,
  /** Ultralytics' segmentation: {@code data.yaml}, {@code images/}, {@code labels/}. */
  YOLO,
  /** LabelMe: a JSON file for each picture. */
  LABELME,
  /** PASCAL VOC: {@code SegmentationClass/}, {@code SegmentationObject/}, {@code labelmap.txt}. */
  VOC,
  /** A picture of labels for each picture, and {@code classes.txt} with the label's names. */
  LABELS,
  /** A black and white picture for each segment, and {@code masks.json} beside them. */
  MASKS,
  /** GeoJSON as QuPath reads it, a file for each picture. */
  GEOJSON,
  /** Label Studio's tasks with predictions as brush strokes, and the project's configuration. */
  LABEL_STUDIO,
  /** Label Studio's tasks with predictions as polygons, and the project's configuration. */
  LABEL_STUDIO_POLYGONS;

  /**
   * The format of a name.
   *
   * @param name as {@link #toString} gives it, in any case
   * @return the format
   * @throws IllegalArgumentException if there is none
   */
  public static AnnotationFormat of(String name) {
    String key = name.strip().toLowerCase(Locale.ROOT).replace('_', '-');
    return Arrays.stream(values())
        .filter(format -> format.toString().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "There is no format '"
                        + name
                        + "': "
                        + Arrays.stream(values())
                            .map(AnnotationFormat::toString)
                            .collect(Collectors.joining(", "))));
  }

  /**
   * Starts writing, outlines corner by corner.
   *
   * @param folder made if absent; what it holds of the same names is replaced
   * @return the writer
   * @throws IOException if the folder cannot be made
   */
  public AnnotationWriter open(Path folder) throws IOException {
    return open(folder, 0);
  }

  /**
   * Starts writing.
   *
   * @param folder made if absent; what it holds of the same names is replaced
   * @param tolerance of outlines, in pixels, as in {@link org.zeroseg.core.mask.Mask#polygons};
   *     formats of pixels ignore it
   * @return the writer
   * @throws IOException if the folder cannot be made
   * @throws IllegalArgumentException if the tolerance is negative or not a number
   */
  public AnnotationWriter open(Path folder, double tolerance) throws IOException {
    if (!(tolerance >= 0)) {
      throw new IllegalArgumentException("A tolerance of " + tolerance + " pixels");
    }
    return switch (this) {
      case COCO -> new CocoWriter(folder, tolerance, CocoWriter.Content.RUNS);
      case COCO_POLYGONS -> new CocoWriter(folder, tolerance, CocoWriter.Content.POLYGONS);
      case COCO_RESULTS -> new CocoWriter(folder, tolerance, CocoWriter.Content.RESULTS);
      case YOLO -> new YoloWriter(folder, tolerance);
      case LABELME -> new LabelMeWriter(folder, tolerance);
      case VOC -> new VocWriter(folder);
      case LABELS -> new LabelsWriter(folder);
      case MASKS -> new MasksWriter(folder);
      case GEOJSON -> new GeoJsonWriter(folder, tolerance);
      case LABEL_STUDIO -> new LabelStudioWriter(folder, tolerance, false);
      case LABEL_STUDIO_POLYGONS -> new LabelStudioWriter(folder, tolerance, true);
    };
  }

  /**
   * The formats that can be read.
   *
   * @return all but those of Label Studio
   */
  public static List<AnnotationFormat> readable() {
    return Arrays.stream(values())
        .filter(format -> format != LABEL_STUDIO && format != LABEL_STUDIO_POLYGONS)
        .toList();
  }

  /**
   * Reads a data set, picture by picture where the format has a file for each.
   *
   * @param from its folder; for COCO its file, too
   * @param pictures the folder of the pictures, which formats without names or sizes look into
   * @param sink is given every picture in turn
   * @return what could not be read as it was, such as {@code "crowds left out"}, and how many
   * @throws IOException if it cannot be read, or the sink fails
   * @throws org.zeroseg.core.supervision.InvalidDataException if what it holds is malformed
   * @throws UnsupportedOperationException if this format is not {@linkplain #readable readable}
   */
  public SortedMap<String, Long> read(Path from, Path pictures, AnnotationSink sink)
      throws IOException {
    Notes notes = new Notes();
    switch (this) {
      case COCO, COCO_POLYGONS -> CocoReader.read(from, pictures, notes, sink);
      case COCO_RESULTS -> CocoReader.readResults(from, pictures, sink);
      case YOLO -> YoloReader.read(from, notes, sink);
      case LABELME -> LabelMeReader.read(from, notes, sink);
      case VOC -> VocReader.read(from, pictures, sink);
      case LABELS -> LabelsReader.read(from, pictures, sink);
      case MASKS -> MasksReader.read(from, pictures, sink);
      case GEOJSON -> GeoJsonReader.read(from, pictures, notes, sink);
      case LABEL_STUDIO, LABEL_STUDIO_POLYGONS ->
          throw new UnsupportedOperationException(this + " can be written only");
      default -> throw new AssertionError(this);
    }
    return notes.counts();
  }

  /**
   * The format of what lies in a folder, by its files' names.
   *
   * @param from a folder, or a file of COCO
   * @return empty if it cannot be told
   * @throws IOException if the folder cannot be read
   */
  public static Optional<AnnotationFormat> detect(Path from) throws IOException {
    if (Files.isRegularFile(from)) {
      return from.toString().endsWith(".json") ? Optional.of(COCO) : Optional.empty();
    }
    if (Files.exists(from.resolve(CocoWriter.RESULTS))) {
      return Optional.of(COCO_RESULTS);
    }
    if (Files.exists(from.resolve(CocoWriter.INSTANCES))) {
      return Optional.of(COCO);
    }
    if (Files.exists(from.resolve(YoloWriter.DATA))) {
      return Optional.of(YOLO);
    }
    if (Files.isDirectory(from.resolve(VocWriter.CLASS))) {
      return Optional.of(VOC);
    }
    if (Files.exists(from.resolve(LabelsWriter.CLASSES))) {
      return Optional.of(LABELS);
    }
    if (DataFolder.has(from, GeoJsonWriter.ENDING)) {
      return Optional.of(GEOJSON);
    }
    if (DataFolder.has(from, "/" + MasksWriter.INDEX)) {
      return Optional.of(MASKS);
    }
    return DataFolder.has(from, ".json") ? Optional.of(LABELME) : Optional.empty();
  }

  /** As on the command line, such as {@code coco-polygons}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
