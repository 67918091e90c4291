package org.zeroseg.core.supervision;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.zeroseg.core.mask.Box;

/**
 * Reads COCO's result files. The first detection decides for all where areas come from: from the
 * boxes if it has one, otherwise from the masks. Parts of a large file are read at once.
 */
final class DetectionFile {

  private final EntryReader in;
  private final CocoGroundTruth truth;
  private final List<Instance> instances = new ArrayList<>();
  private final List<LeftOut> leftOut = new ArrayList<>();
  private long position;
  private boolean decided;
  private boolean fromBoxes;

  private OptionalLong imageId;
  private OptionalLong categoryId;
  private OptionalDouble score;
  private Optional<Box> box;
  private Outline outline;

  private DetectionFile(EntryReader in, CocoGroundTruth truth) {
    this.in = in;
    this.truth = truth;
  }

  /** A detection of a category that the ground truth lacks. */
  record LeftOut(long position, long category) {}

  /**
   * Detections that follow one another.
   *
   * @param count how many, with those left out
   * @param decided whether any has a box or a mask
   * @param fromBoxes whether areas are those of boxes
   */
  record Part(
      long count,
      boolean decided,
      boolean fromBoxes,
      List<Instance> instances,
      List<LeftOut> leftOut) {}

  static CocoDetections read(Path file, CocoGroundTruth truth) throws IOException {
    EntryReader.Whole<Part> list = in -> new DetectionFile(in, truth).read();
    List<Part> parts =
        ListParts.read(file, text -> part(file, text, truth, list))
            .filter(DetectionFile::agree)
            .orElse(List.of()); // of a small file, or of one that is not right or decides late
    if (parts.isEmpty()) {
      parts = List.of(EntryReader.read(file, list));
    }
    return join(parts, file, truth);
  }

  private static Part part(
      Path file, ByteBuffer text, CocoGroundTruth truth, EntryReader.Whole<Part> list)
      throws IOException {
    Optional<Part> plain = DetectionText.read(text, truth);
    return plain.isPresent() ? plain.get() : EntryReader.read(file, text, list);
  }

  /** Whether the first part decides for the others what they decided by themselves. */
  private static boolean agree(List<Part> parts) {
    Part first = parts.get(0);
    return parts.stream()
        .filter(part -> part.count > 0)
        .allMatch(part -> part.decided && part.fromBoxes == first.fromBoxes);
  }

  private static CocoDetections join(List<Part> parts, Path file, CocoGroundTruth truth) {
    List<Instance> instances = new ArrayList<>();
    Warnings warnings = new Warnings(file);
    long before = 0;
    for (Part part : parts) {
      for (Instance instance : part.instances) {
        instances.add(before == 0 ? instance : instance.withId(before + instance.id()));
      }
      for (LeftOut left : part.leftOut) {
        warnings.add(
            "[" + (before + left.position) + "]",
            "category_id: there is no category " + left.category + ", left out");
      }
      before += part.count;
    }
    return new CocoDetections(file.toString(), truth, instances, warnings.lines());
  }

  private Part read() throws IOException {
    in.array("results", this::readDetection);
    in.endEntry("the file");
    in.failIfWrong();
    return new Part(position, decided, fromBoxes, instances, leftOut);
  }

  private void readDetection() throws IOException {
    imageId = OptionalLong.empty();
    categoryId = OptionalLong.empty();
    score = OptionalDouble.empty();
    box = Optional.empty();
    outline = new Outline.Missing("is missing");
    String name = "[" + position + "]";
    boolean isObject = in.object("detection", this::readField);
    if (isObject) {
      check();
    }
    if (in.endEntry(name)) {
      add();
    }
    position++;
  }

  private void readField(String field) throws IOException {
    switch (field) {
      case "image_id" -> imageId = in.integer(field);
      case "category_id" -> categoryId = in.integer(field);
      case "score" -> score = in.number(field);
      case "bbox" -> box = in.box(field);
      case "segmentation" -> outline = OutlineReader.read(in, field);
      default -> in.skip();
    }
  }

  private void check() {
    require(imageId.isPresent(), "image_id", "");
    require(categoryId.isPresent(), "category_id", "");
    require(score.isPresent(), "score", "");
    boolean boxed = box.isPresent() || !in.isFaultless("bbox");
    boolean masked = !(outline instanceof Outline.Missing) || !in.isFaultless("segmentation");
    if (!decided) {
      decided = boxed || masked;
      fromBoxes = boxed;
    }
    if (fromBoxes) {
      require(boxed, "bbox", "; the first detection has one, so areas come from boxes");
    } else if (!decided) {
      require(false, "segmentation", ", and so is bbox");
    } else {
      require(masked, "segmentation", "; the first detection has one and no bbox");
    }
    if (imageId.isPresent()) {
      OptionalInt image = truth.imageRegistry().find(imageId.getAsLong());
      if (image.isEmpty()) {
        in.fault("image_id", "there is no image " + imageId.getAsLong() + " in " + truth.source());
      } else {
        OutlineReader.check(outline, truth.images().get(image.getAsInt()), in);
      }
    }
  }

  private void require(boolean present, String field, String why) {
    if (!present && in.isFaultless(field)) {
      in.fault(field, "is missing" + why);
    }
  }

  private void add() {
    OptionalInt category = truth.categoryRegistry().find(categoryId.getAsLong());
    if (category.isEmpty()) {
      leftOut.add(new LeftOut(position, categoryId.getAsLong()));
      return;
    }
    int image = truth.imageRegistry().require(imageId.getAsLong());
    instances.add(
        CocoDetections.detection(
            position + 1,
            image,
            category.getAsInt(),
            score.getAsDouble(),
            fromBoxes ? box : Optional.empty(),
            box,
            outline,
            truth.images().get(image)));
  }
}
