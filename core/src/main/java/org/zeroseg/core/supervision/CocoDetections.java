package org.zeroseg.core.supervision;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoGroundTruth.Image;

/** Detections to be evaluated against a {@link CocoGroundTruth}. */
public final class CocoDetections {

  private final String source;
  private final CocoGroundTruth truth;
  private final List<Instance> instances;
  private final List<String> warnings;

  CocoDetections(
      String source, CocoGroundTruth truth, List<Instance> instances, List<String> warnings) {
    this.source = source;
    this.truth = truth;
    this.instances = List.copyOf(instances);
    this.warnings = List.copyOf(warnings);
  }

  /**
   * Reads a result file as a stream, plain or gzip. Masks may be polygons or runs in either form.
   * If the first detection has a box, all areas are those of boxes and missing masks are
   * rectangles; otherwise areas count pixels and missing boxes are tight, as in the reference's
   * {@code loadRes}. Detections of unknown categories are left out with a warning.
   *
   * @param file a JSON list of detections
   * @param truth the ground truth they will be evaluated against
   * @return the detections
   * @throws org.zeroseg.core.supervision.InvalidDataException naming up to twenty problems by
   *     position and field
   * @throws IOException if the file cannot be read
   */
  public static CocoDetections read(Path file, CocoGroundTruth truth) throws IOException {
    return DetectionFile.read(file, truth);
  }

  /**
   * Starts detections that are added as they are made.
   *
   * @param truth the ground truth they will be evaluated against
   * @return a builder without detections
   */
  public static Builder builder(CocoGroundTruth truth) {
    return new Builder(truth);
  }

  /**
   * The number of detections, without those left out.
   *
   * @return how many
   */
  public int size() {
    return instances.size();
  }

  /**
   * The ground truth that the detections are evaluated against.
   *
   * @return the ground truth
   */
  public CocoGroundTruth truth() {
    return truth;
  }

  /**
   * The detections of an image.
   *
   * @param imageId its id
   * @return detections in file order
   * @throws IllegalArgumentException if there is no such image
   */
  public List<Instance> detections(long imageId) {
    int index = truth.imageRegistry().require(imageId);
    return instances.stream().filter(instance -> instance.image() == index).toList();
  }

  /**
   * Writes a result file that {@link #read} and the reference's {@code loadRes} take: masks as
   * compressed runs and no boxes, so that areas are those of the masks.
   *
   * @param file written beside it first and then moved
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    WholeFile.writeText(
        file,
        writer -> {
          JsonWriter json = new JsonWriter(writer);
          json.beginArray();
          for (Instance instance : instances) {
            write(instance, json);
          }
          json.endArray();
          json.flush();
        });
  }

  private void write(Instance instance, JsonWriter json) throws IOException {
    Image image = truth.images().get(instance.image());
    Rle mask = instance.outline().rle(image.width(), image.height());
    json.beginObject();
    json.name("image_id").value(image.id());
    json.name("category_id").value(truth.categories().get(instance.category()).id());
    json.name("segmentation").beginObject();
    json.name("size").beginArray().value(mask.height()).value(mask.width()).endArray();
    json.name("counts").value(mask.text()).endObject();
    json.name("score").value(instance.score()).endObject();
  }

  /**
   * What was left out or looks wrong.
   *
   * @return one line each
   */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * Where these come from.
   *
   * @return a file's name, or what they are
   */
  public String source() {
    return source;
  }

  /**
   * All objects.
   *
   * @return in the order of the file
   */
  public List<Instance> instances() {
    return instances;
  }

  /** A detection whose area comes from {@code measured} or, if that is absent, from its mask. */
  static Instance detection(
      long id,
      int image,
      int category,
      double score,
      Optional<Box> measured,
      Optional<Box> box,
      Outline outline,
      Image size) {
    if (measured.isPresent()) {
      Box given = measured.get();
      Outline shape = outline instanceof Outline.Missing ? new Outline.Rectangle(given) : outline;
      double area = given.area();
      return new Instance(id, image, category, false, false, score, area, measured, shape);
    }
    Rle mask = outline.rle(size.width(), size.height());
    return new Instance(
        id,
        image,
        category,
        false,
        false,
        score,
        mask.area(),
        Optional.of(box.orElseGet(mask::box)),
        new Outline.Runs(mask));
  }

  /** Collects detections while a model runs. Not thread-safe. */
  public static final class Builder {

    private final CocoGroundTruth truth;
    private final List<Instance> instances = new ArrayList<>();

    private Builder(CocoGroundTruth truth) {
      this.truth = truth;
    }

    /**
     * Adds a mask; its area and box are those of its pixels.
     *
     * @param imageId an image of the ground truth
     * @param categoryId a category of the ground truth
     * @param score any finite number
     * @param mask of the image's size
     * @return this
     * @throws IllegalArgumentException if an id is unknown, the score not finite or the size wrong
     */
    public Builder add(long imageId, long categoryId, double score, Rle mask) {
      Image image = truth.images().get(truth.imageRegistry().require(imageId));
      OutlineReader.checkSize(mask, image);
      return add(imageId, categoryId, score, Optional.empty(), new Outline.Runs(mask));
    }

    /**
     * Adds a box; as a mask it counts as a rectangle.
     *
     * @param imageId an image of the ground truth
     * @param categoryId a category of the ground truth
     * @param score any finite number
     * @param box in pixels
     * @return this
     * @throws IllegalArgumentException if an id is unknown or the score not finite
     */
    public Builder add(long imageId, long categoryId, double score, Box box) {
      return add(imageId, categoryId, score, Optional.of(box), new Outline.Missing("is missing"));
    }

    private Builder add(
        long imageId, long categoryId, double score, Optional<Box> box, Outline outline) {
      if (!Double.isFinite(score)) {
        throw new IllegalArgumentException("score: expected a finite number, found " + score);
      }
      int image = truth.imageRegistry().require(imageId);
      instances.add(
          detection(
              instances.size() + 1L,
              image,
              truth.categoryRegistry().require(categoryId),
              score,
              box,
              box,
              outline,
              truth.images().get(image)));
      return this;
    }

    /**
     * The detections so far.
     *
     * @return what was added, in order
     */
    public CocoDetections build() {
      return new CocoDetections("detections", truth, instances, List.of());
    }
  }
}
