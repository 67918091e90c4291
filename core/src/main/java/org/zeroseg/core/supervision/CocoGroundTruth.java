package org.zeroseg.core.supervision;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.mask.Rle;

/** Images, categories and annotations in the format of COCO's {@code instances_*.json}. */
public final class CocoGroundTruth {

  /**
   * An image of the set.
   *
   * @param id its id
   * @param fileName its file, empty if the set does not say
   * @param width in pixels, 0 if the set does not say
   * @param height in pixels, 0 if the set does not say
   */
  public record Image(long id, String fileName, int width, int height) {}

  /**
   * A category of the set.
   *
   * @param id its id
   * @param name its name
   */
  public record Category(long id, String name) implements Serializable {}

  private final String source;
  private final Registry<Image> images;
  private final Registry<Category> categories;
  private final List<Instance> instances;
  private final List<String> warnings;
  private final List<List<Instance>> byImage = new ArrayList<>();

  CocoGroundTruth(
      String source,
      Registry<Image> images,
      Registry<Category> categories,
      List<Instance> instances,
      List<String> warnings) {
    this.source = source;
    this.images = images;
    this.categories = categories;
    this.instances = List.copyOf(instances);
    this.warnings = List.copyOf(warnings);
    images.values().forEach(image -> byImage.add(new ArrayList<>()));
    instances.forEach(instance -> byImage.get(instance.image()).add(instance));
  }

  /**
   * Reads a file as a stream, plain or gzip. Ids must be unique and known, masks well-formed and of
   * their image's size.
   *
   * @param file an {@code instances_*.json}
   * @return its content
   * @throws org.zeroseg.core.supervision.InvalidDataException naming up to twenty problems by
   *     annotation and field
   * @throws IOException if the file cannot be read
   */
  public static CocoGroundTruth read(Path file) throws IOException {
    return GroundTruthFile.read(file);
  }

  /**
   * Starts ground truth that is made in memory.
   *
   * @return a builder without images
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Images in the order of the file.
   *
   * @return the images
   */
  public List<Image> images() {
    return images.values();
  }

  /**
   * Categories in the order of the file.
   *
   * @return the categories
   */
  public List<Category> categories() {
    return categories.values();
  }

  /**
   * The number of annotations.
   *
   * @return how many
   */
  public int size() {
    return instances.size();
  }

  /**
   * What looks wrong but does not prevent evaluation: ids of 0, areas of 0, missing flags.
   *
   * @return one line each
   */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * The annotations of an image.
   *
   * @param imageId its id
   * @return annotations in file order
   * @throws IllegalArgumentException if there is no such image
   */
  public List<Instance> annotations(long imageId) {
    return List.copyOf(byImage.get(images.require(imageId)));
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
   * Where an image stands in {@link #images}.
   *
   * @param id its id
   * @return its index
   * @throws IllegalArgumentException if there is no such image
   */
  public int imageIndex(long id) {
    return images.require(id);
  }

  /**
   * Where a category stands in {@link #categories}.
   *
   * @param id its id
   * @return its index
   * @throws IllegalArgumentException if there is no such category
   */
  public int categoryIndex(long id) {
    return categories.require(id);
  }

  Registry<Image> imageRegistry() {
    return images;
  }

  Registry<Category> categoryRegistry() {
    return categories;
  }

  /**
   * All objects.
   *
   * @return in the order of the file
   */
  public List<Instance> instances() {
    return instances;
  }

  /**
   * Writes an {@code instances_*.json}: ids, areas, boxes and outlines as they are; runs as
   * compressed text.
   *
   * @param file the file to write or replace
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    GroundTruthWriter.write(this, file);
  }

  /** Makes ground truth in memory: images and categories first, then annotations. */
  public static final class Builder {

    private final Registry<Image> images = new Registry<>("image");
    private final Registry<Category> categories = new Registry<>("category");
    private final List<Instance> instances = new ArrayList<>();

    private Builder() {}

    /**
     * Adds an image.
     *
     * @param id its id, not given before
     * @param width in pixels
     * @param height in pixels
     * @return this
     */
    public Builder image(long id, int width, int height) {
      return image(id, "", width, height);
    }

    /**
     * Adds an image.
     *
     * @param id its id, not given before
     * @param fileName its file
     * @param width in pixels
     * @param height in pixels
     * @return this
     */
    public Builder image(long id, String fileName, int width, int height) {
      images.add(id, new Image(id, fileName, width, height));
      return this;
    }

    /**
     * Adds a category.
     *
     * @param id its id, not given before
     * @param name its name
     * @return this
     */
    public Builder category(long id, String name) {
      categories.add(id, new Category(id, name));
      return this;
    }

    /**
     * Adds an annotation whose area and box are those of its mask.
     *
     * @param imageId an image given before
     * @param categoryId a category given before
     * @param crowd whether it stands for a crowd
     * @param mask of the image's size
     * @return this
     */
    public Builder annotation(long imageId, long categoryId, boolean crowd, Rle mask) {
      int image = images.require(imageId);
      OutlineReader.checkSize(mask, images.values().get(image));
      instances.add(
          new Instance(
              instances.size() + 1L,
              image,
              categories.require(categoryId),
              crowd,
              false,
              0,
              mask.area(),
              Optional.of(mask.box()),
              new Outline.Runs(mask)));
      return this;
    }

    /**
     * Adds an annotation as another ground truth holds it, such as one that this is a part of: its
     * id, area, box and outline stay.
     *
     * @param imageId an image given before
     * @param categoryId a category given before
     * @param instance the annotation; its indices of image and category are not looked at
     * @return this
     */
    public Builder annotation(long imageId, long categoryId, Instance instance) {
      instances.add(
          new Instance(
              instance.id(),
              images.require(imageId),
              categories.require(categoryId),
              instance.crowd(),
              instance.ignored(),
              0,
              instance.area(),
              instance.box(),
              instance.outline()));
      return this;
    }

    /**
     * The ground truth.
     *
     * @return what was added
     */
    public CocoGroundTruth build() {
      return new CocoGroundTruth("ground truth", images, categories, instances, List.of());
    }
  }
}
