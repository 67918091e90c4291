package org.zeroseg.zutis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.core.augment.CopyPaste;
import org.zeroseg.core.augment.Draws;
import org.zeroseg.core.augment.GeometricAugmentation;
import org.zeroseg.core.augment.LabelledPixels;
import org.zeroseg.core.augment.PhotometricAugmentation;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.train.Batches;

/**
 * Training pictures with instances, made of retrieved pictures and their pseudo-masks: one to ten
 * objects, each scaled, cropped, mirrored and changed in colour, pasted onto the first of them
 * (Shin et al. 2023, Sec. 3.2).
 *
 * <p>A sample depends on the seed, the step and its place in the batch alone, so that a run can be
 * repeated and resumed with any number of threads. Thread-safe.
 */
public final class SyntheticScenes implements Batches<ZutisTrainer.Samples> {

  /**
   * How scenes are made.
   *
   * @param size their side in pixels
   * @param batch scenes of a step
   * @param mostObjects in a scene; from one to so many are drawn
   * @param oneCategory probability that all objects of a scene are of one category
   * @param leastScale of an object's picture
   * @param greatestScale of an object's picture
   * @param photometric whether colours change
   * @param labelsByArchive whether a picture is labelled by the archive that it was drawn from;
   *     else by the last archive that holds it, as in the released code
   * @param seed of all draws
   */
  public record Options(
      int size,
      int batch,
      int mostObjects,
      double oneCategory,
      double leastScale,
      double greatestScale,
      boolean photometric,
      boolean labelsByArchive,
      long seed) {

    /** The released configuration: 384 pixels, batches of 8, up to 10 objects of 0.1 to 1. */
    public static final Options DEFAULT = new Options(384, 8, 10, 0.5, 0.1, 1, true, false, 0);

    /**
     * Checks the numbers.
     *
     * @param size their side in pixels
     * @param batch scenes of a step
     * @param mostObjects in a scene; from one to so many are drawn
     * @param oneCategory probability that all objects of a scene are of one category
     * @param leastScale of an object's picture
     * @param greatestScale of an object's picture
     * @param photometric whether colours change
     * @param labelsByArchive whether a picture is labelled by the archive that it was drawn from;
     *     else by the last archive that holds it, as in the released code
     * @param seed of all draws
     */
    public Options {
      if (size < 1 || batch < 1 || mostObjects < 1 || mostObjects > 254) {
        throw new IllegalArgumentException(
            "size %d, batch %d and at most %d objects".formatted(size, batch, mostObjects));
      }
    }
  }

  private final List<List<Archives.Entry>> categories;
  private final List<Archives.Entry> pool;
  private final Path pictures;
  private final PseudoMasks masks;
  private final Options options;
  private final int ignore;
  private final GeometricAugmentation geometry;

  private SyntheticScenes(
      List<List<Archives.Entry>> categories,
      Path pictures,
      PseudoMasks masks,
      Options options,
      int ignore) {
    this.categories = categories;
    this.pool = categories.stream().flatMap(List::stream).toList();
    this.pictures = pictures;
    this.masks = masks;
    this.options = options;
    this.ignore = ignore;
    this.geometry =
        new GeometricAugmentation(
            options.leastScale(),
            options.greatestScale(),
            options.size(),
            GeometricAugmentation.Padding.RANDOM_CORNER,
            0.5,
            ignore);
  }

  /**
   * Scenes of archives. Pictures without a mask, which could not be read when masks were made, are
   * left out.
   *
   * @param archives categories in the order of their labels, background left out
   * @param pictures the folder that the archives' names are relative to
   * @param masks of the archives' pictures
   * @param options how scenes are made
   * @param ignore label of pixels that show neither an object nor its surroundings; that of the
   *     {@link Criterion}
   * @return the scenes
   * @throws IllegalArgumentException if there are as many categories, or objects in a scene, as the
   *     label to ignore, or a category is left without any picture
   */
  public static SyntheticScenes of(
      Archives archives, Path pictures, PseudoMasks masks, Options options, int ignore) {
    if (archives.pictures().size() >= ignore || options.mostObjects() >= ignore) {
      throw new IllegalArgumentException(
          "%d categories or %d objects reach the label %d, which is ignored; choose a higher one"
              .formatted(archives.pictures().size(), options.mostObjects(), ignore));
    }
    Map<String, Integer> last = archives.lastLabels();
    Map<String, List<Archives.Entry>> usable = new LinkedHashMap<>();
    archives.pictures().keySet().forEach(category -> usable.put(category, new ArrayList<>()));
    List<String> names = archives.categories();
    for (Archives.Entry entry : archives.entries()) {
      if (masks.contains(entry.picture())) {
        int label = options.labelsByArchive() ? entry.label() : last.get(entry.picture());
        usable.get(names.get(entry.label() - 1)).add(new Archives.Entry(label, entry.picture()));
      }
    }
    List<String> empty = names.stream().filter(name -> usable.get(name).isEmpty()).toList();
    if (names.isEmpty() || !empty.isEmpty()) {
      throw new IllegalArgumentException(
          "no picture with a pseudo-mask in "
              + masks.folder()
              + " for "
              + (names.isEmpty() ? "any category: the archives are empty" : empty));
    }
    return new SyntheticScenes(
        usable.values().stream().map(List::copyOf).toList(), pictures, masks, options, ignore);
  }

  /**
   * The number of uses of pictures that objects are drawn from.
   *
   * @return entries of all archives that have a mask
   */
  public int size() {
    return pool.size();
  }

  @Override
  public ZutisTrainer.Samples batch(long step) {
    int area = options.size() * options.size();
    int count = options.batch();
    float[] pixels = new float[3 * area * count];
    long[] labels = new long[area * count];
    long[] instances = new long[area * count];
    int[] counts = new int[count];
    for (int slot = 0; slot < count; slot++) {
      Scene scene = scene(step, slot);
      System.arraycopy(scene.pixels().pixels(), 0, pixels, 3 * area * slot, 3 * area);
      for (int i = 0; i < area; i++) {
        labels[area * slot + i] = scene.pixels().semantic()[i];
        instances[area * slot + i] = scene.pixels().instances()[i];
      }
      counts[slot] = scene.objects();
    }
    return new ZutisTrainer.Samples(
        pixels, options.size(), options.size(), labels, instances, counts);
  }

  /** A scene and the number of objects drawn for it, of which some may not be seen. */
  record Scene(LabelledPixels pixels, int objects) {}

  /** One sample of a step. */
  Scene scene(long step, int slot) {
    // A split generator for each, so that neighbouring seeds have nothing in common.
    SplittableRandom random =
        new SplittableRandom(
            new SplittableRandom(options.seed()).nextLong()
                ^ new SplittableRandom(step * options.batch() + slot).nextLong());
    Draws draws = Draws.of(random);
    int objects = draws.integer(1, options.mostObjects());
    List<Archives.Entry> from =
        draws.uniform() < options.oneCategory()
            ? categories.get(draws.integer(0, categories.size() - 1))
            : pool;
    List<LabelledPixels> samples = new ArrayList<>();
    for (int number = 1; number <= objects; number++) {
      samples.add(object(from.get(draws.integer(0, from.size() - 1)), number, draws));
    }
    return new Scene(CopyPaste.of(ignore).paste(samples, draws), objects);
  }

  private LabelledPixels object(Archives.Entry entry, int number, Draws draws) {
    GeometricAugmentation.Labelled whole = read(entry.picture());
    Picture picture = whole.picture();
    GeometricAugmentation.Labelled part =
        geometry.apply(whole, geometry.draw(picture.width(), picture.height(), draws));
    int size = options.size();
    Picture seen = part.picture();
    if (options.photometric()) {
      seen = PhotometricAugmentation.DEFAULT.draw(size, size, draws).apply(seen);
    }
    int[] semantic = new int[size * size];
    int[] instances = new int[size * size];
    for (int i = 0; i < semantic.length; i++) {
      int label = part.labels()[i];
      semantic[i] = label == 1 ? entry.label() : label;
      instances[i] = label == 1 ? number : label;
    }
    float[] pixels = seen.toPixels(Normalization.IMAGENET);
    return new LabelledPixels(pixels, size, size, semantic, instances);
  }

  /** A picture with ones where its object is. */
  private GeometricAugmentation.Labelled read(String name) {
    try {
      Picture picture = Picture.readAsStored(pictures.resolve(name)).rgb();
      Mask mask = masks.read(name);
      if (mask.width() != picture.width() || mask.height() != picture.height()) {
        throw new IOException(
            "the pseudo-mask of %s is of %d x %d pixels, the picture of %d x %d"
                .formatted(name, mask.width(), mask.height(), picture.width(), picture.height()));
      }
      int[] labels = new int[picture.width() * picture.height()];
      mask.forEach((x, y) -> labels[y * picture.width() + x] = 1);
      return new GeometricAugmentation.Labelled(picture, labels);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot use the picture " + name + " for training", e);
    }
  }
}
