package org.zeroseg.core.supervision;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.zeroseg.core.augment.CopyPaste;
import org.zeroseg.core.augment.Draws;
import org.zeroseg.core.augment.GeometricAugmentation;
import org.zeroseg.core.augment.LabelledPixels;
import org.zeroseg.core.augment.PhotometricAugmentation;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;

/**
 * Training pictures made of retrieved pictures and their pseudo-masks: some objects, each scaled,
 * cropped, mirrored and changed in colour with the picture it is of, pasted onto the first of them
 * (Shin et al. 2023, NamedMask Sec. 3.3 and ZUTIS Sec. 3.2).
 *
 * <p>A scene depends on the seed and its number alone, so that a run can be repeated and resumed
 * with any number of threads. Thread-safe.
 */
public final class PastedScenes {

  /** The label of the pixels of an object. */
  public enum Labels {
    /** That of the archive that the picture was drawn from. */
    OF_ARCHIVE,
    /** That of the last archive that holds the picture, as in the released code. */
    OF_LAST_ARCHIVE,
    /** 1 whatever the category: category experts tell objects from background. */
    OBJECT
  }

  /**
   * How scenes are made.
   *
   * @param size their side in pixels
   * @param mostObjects in a scene; from one to so many are drawn
   * @param oneCategory probability that all objects of a scene are of one category; where it is
   *     absent, nothing is drawn for it, and each object is of any category
   * @param leastScale of an object's picture
   * @param greatestScale of an object's picture
   * @param photometric whether colours change
   * @param labels of objects
   * @param ignore label of pixels that show neither an object nor its surroundings
   * @param seed of all draws
   */
  public record Options(
      int size,
      int mostObjects,
      OptionalDouble oneCategory,
      double leastScale,
      double greatestScale,
      boolean photometric,
      Labels labels,
      int ignore,
      long seed) {

    /**
     * 384 pixels, up to 2 objects of any categories, scaled by 0.1 to 1, labels of the archives
     * that they were drawn from, 255 ignored.
     */
    public static final Options DEFAULT =
        new Options(384, 2, OptionalDouble.empty(), 0.1, 1, true, Labels.OF_ARCHIVE, 255, 0);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a size or number is not positive, a scale is none, or the
     *     number of the last object of a scene would be the label to ignore
     */
    public Options {
      if (size < 1 || mostObjects < 1) {
        throw new IllegalArgumentException(
            "scenes of %d pixels with at most %d objects".formatted(size, mostObjects));
      }
      if (mostObjects >= ignore) {
        throw new IllegalArgumentException(
            "%d objects reach the label %d, which is ignored; choose a higher one"
                .formatted(mostObjects, ignore));
      }
      if (!(leastScale > 0 && greatestScale >= leastScale)) {
        throw new IllegalArgumentException("scales from " + leastScale + " to " + greatestScale);
      }
    }

    /**
     * These options for scenes of another size.
     *
     * @param side in pixels
     * @return the options
     */
    public Options withSize(int side) {
      return new Options(
          side,
          mostObjects,
          oneCategory,
          leastScale,
          greatestScale,
          photometric,
          labels,
          ignore,
          seed);
    }

    /**
     * These options for another number of objects.
     *
     * @param most in a scene
     * @return the options
     */
    public Options withMostObjects(int most) {
      return new Options(
          size, most, oneCategory, leastScale, greatestScale, photometric, labels, ignore, seed);
    }

    /**
     * These options with scenes of one category.
     *
     * @param probability of a scene to be one
     * @return the options
     */
    public Options withOneCategory(double probability) {
      OptionalDouble drawn = OptionalDouble.of(probability);
      return new Options(
          size, mostObjects, drawn, leastScale, greatestScale, photometric, labels, ignore, seed);
    }

    /**
     * These options with other scales.
     *
     * @param least of an object's picture
     * @param greatest of an object's picture
     * @return the options
     */
    public Options withScales(double least, double greatest) {
      return new Options(
          size, mostObjects, oneCategory, least, greatest, photometric, labels, ignore, seed);
    }

    /**
     * These options with colours that change, or stay as they are.
     *
     * @param changes whether they change
     * @return the options
     */
    public Options withPhotometric(boolean changes) {
      return new Options(
          size, mostObjects, oneCategory, leastScale, greatestScale, changes, labels, ignore, seed);
    }

    /**
     * These options with other labels.
     *
     * @param given to objects
     * @return the options
     */
    public Options withLabels(Labels given) {
      return new Options(
          size,
          mostObjects,
          oneCategory,
          leastScale,
          greatestScale,
          photometric,
          given,
          ignore,
          seed);
    }

    /**
     * These options with another label to ignore.
     *
     * @param label of pixels that show neither an object nor its surroundings
     * @return the options
     */
    public Options withIgnore(int label) {
      return new Options(
          size,
          mostObjects,
          oneCategory,
          leastScale,
          greatestScale,
          photometric,
          labels,
          label,
          seed);
    }

    /**
     * These options with other draws.
     *
     * @param number of the generator
     * @return the options
     */
    public Options withSeed(long number) {
      return new Options(
          size,
          mostObjects,
          oneCategory,
          leastScale,
          greatestScale,
          photometric,
          labels,
          ignore,
          number);
    }
  }

  /**
   * A scene.
   *
   * @param pixels with categories and, from 1, numbers of objects; {@code ignore} in both where
   *     there is neither an object nor its surroundings
   * @param objects drawn for it, of which some may not be seen
   */
  public record Scene(LabelledPixels pixels, int objects) {}

  /** A picture to draw: in which category, and with which label. */
  private record Use(String category, String picture, int label) {}

  private final MaskedArchives data;
  private final Options options;
  private final List<List<Use>> categories;
  private final List<Use> pool;
  private final GeometricAugmentation geometry;

  private PastedScenes(MaskedArchives data, Options options, List<List<Use>> categories) {
    this.data = data;
    this.options = options;
    this.categories = categories;
    this.pool = categories.stream().flatMap(List::stream).toList();
    this.geometry =
        new GeometricAugmentation(
            options.leastScale(),
            options.greatestScale(),
            options.size(),
            GeometricAugmentation.Padding.RANDOM_CORNER,
            0.5,
            options.ignore());
  }

  /**
   * Scenes of archives.
   *
   * @param data pictures and their masks
   * @param options how scenes are made
   * @return the scenes
   * @throws IllegalArgumentException if there are as many categories as the label to ignore, or a
   *     category is left without any picture
   */
  public static PastedScenes of(MaskedArchives data, Options options) {
    Archives archives = data.archives();
    List<String> names = archives.categories();
    if (names.size() >= options.ignore()) {
      throw new IllegalArgumentException(
          "%d categories reach the label %d, which is ignored; choose a higher one"
              .formatted(names.size(), options.ignore()));
    }
    Map<String, Integer> last = archives.lastLabels();
    List<List<Use>> categories = new ArrayList<>();
    List<String> empty = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String category = names.get(i);
      int own = i + 1;
      List<Use> uses =
          data.usable(category).stream()
              .map(
                  picture ->
                      new Use(category, picture, label(own, last.get(picture), options.labels())))
              .toList();
      categories.add(uses);
      if (uses.isEmpty()) {
        empty.add(category);
      }
    }
    if (names.isEmpty() || !empty.isEmpty()) {
      throw new IllegalArgumentException(
          "no picture with a pseudo-mask in "
              + data.masks().folder()
              + " for "
              + (names.isEmpty() ? "any category: the archives are empty" : empty));
    }
    return new PastedScenes(data, options, categories);
  }

  private static int label(int archive, int lastArchive, Labels labels) {
    return switch (labels) {
      case OF_ARCHIVE -> archive;
      case OF_LAST_ARCHIVE -> lastArchive;
      case OBJECT -> 1;
    };
  }

  /**
   * How they are made.
   *
   * @return the options
   */
  public Options options() {
    return options;
  }

  /**
   * The number of uses of pictures that objects are drawn from.
   *
   * @return entries of all archives that have a mask
   */
  public int size() {
    return pool.size();
  }

  /**
   * One scene.
   *
   * @param number of the scene, from 0
   * @return the same for the same seed and number
   * @throws UncheckedIOException if a picture or mask cannot be read any longer
   */
  public Scene scene(long number) {
    // A split generator for each, so that neighbouring seeds have nothing in common.
    long seed =
        new SplittableRandom(options.seed()).nextLong() ^ new SplittableRandom(number).nextLong();
    return scene(Draws.of(new SplittableRandom(seed)));
  }

  Scene scene(Draws draws) {
    int objects = draws.integer(1, options.mostObjects());
    boolean one =
        options.oneCategory().isPresent() && draws.uniform() < options.oneCategory().getAsDouble();
    List<Use> from = one ? categories.get(draws.integer(0, categories.size() - 1)) : pool;
    List<LabelledPixels> samples = new ArrayList<>();
    for (int number = 1; number <= objects; number++) {
      samples.add(object(from.get(draws.integer(0, from.size() - 1)), number, draws));
    }
    return new Scene(CopyPaste.of(options.ignore()).paste(samples, draws), objects);
  }

  private LabelledPixels object(Use use, int number, Draws draws) {
    GeometricAugmentation.Labelled part = geometry.apply(read(use), draws);
    int size = options.size();
    Picture seen = part.picture();
    if (options.photometric()) {
      seen = PhotometricAugmentation.DEFAULT.apply(seen, draws);
    }
    int[] semantic = new int[size * size];
    int[] instances = new int[size * size];
    for (int i = 0; i < semantic.length; i++) {
      int label = part.labels()[i];
      semantic[i] = label == 1 ? use.label() : label;
      instances[i] = label == 1 ? number : label;
    }
    float[] pixels = seen.toPixels(Normalization.IMAGENET);
    return new LabelledPixels(pixels, size, size, semantic, instances);
  }

  /** A picture with ones where its object is. */
  private GeometricAugmentation.Labelled read(Use use) {
    try {
      MaskedArchives.Masked masked = data.read(use.category(), use.picture());
      Picture picture = masked.picture();
      int[] labels = new int[picture.width() * picture.height()];
      masked.mask().forEach((x, y) -> labels[y * picture.width() + x] = 1);
      return new GeometricAugmentation.Labelled(picture, labels);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot use the picture " + use.picture() + " for training", e);
    }
  }
}
