package org.zeroseg.namedmask;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
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
 * Training samples made of archive pictures and their masks: one picture, or several of which all
 * but the first are pasted, each scaled, cropped, mirrored and changed in colour (Shin et al. 2023,
 * Sec. 3.3).
 *
 * <p>A sample depends on the seed, the step and its place in the batch alone, so that a run can be
 * repeated and resumed with any number of threads. Thread-safe.
 */
public final class ArchiveSamples implements Batches<NamedMaskTrainer.Samples> {

  /** How a picture is labelled that is in several archives. */
  public enum Duplicates {
    /** By the archive that it was drawn from. */
    BY_ARCHIVE,
    /** By the last archive that holds it, as in the released code, whose masks are shared too. */
    REFERENCE
  }

  /**
   * How samples are made.
   *
   * @param size their side in pixels
   * @param batch samples of a step
   * @param mostPictures in a sample; from one to so many are drawn
   * @param leastScale of a picture
   * @param greatestScale of a picture
   * @param colours how they change, if they do
   * @param exactBoxes whether pasted objects are whole; the published weights saw objects without
   *     their last row and column
   * @param ignore label of pixels that show neither an object nor its surroundings, and the bound
   *     of labels that are pasted; the released code pastes none from 255 up whatever is ignored
   * @param duplicates how a picture is labelled that is in several archives
   * @param agnostic whether every object is labelled 1, as experts learn
   * @param seed of all draws
   */
  public record Options(
      int size,
      int batch,
      int mostPictures,
      double leastScale,
      double greatestScale,
      Optional<PhotometricAugmentation> colours,
      boolean exactBoxes,
      int ignore,
      Duplicates duplicates,
      boolean agnostic,
      long seed) {

    /** NamedMask's published configuration: 384 pixels, batches of 16, one picture or two. */
    public static final Options NAMED_MASK =
        new Options(
            384,
            16,
            2,
            0.1,
            1,
            Optional.of(PhotometricAugmentation.DEFAULT),
            false,
            255,
            Duplicates.BY_ARCHIVE,
            false,
            0);

    /** The published configuration of experts: batches of 8, nothing is pasted. */
    public static final Options EXPERT =
        new Options(
            384,
            8,
            1,
            0.1,
            1,
            Optional.of(PhotometricAugmentation.DEFAULT),
            false,
            255,
            Duplicates.BY_ARCHIVE,
            true,
            0);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one makes no sense
     */
    public Options {
      if (size < 1 || batch < 1 || mostPictures < 1 || ignore < 2) {
        throw new IllegalArgumentException(
            "size %d, batch %d, at most %d pictures, ignored label %d"
                .formatted(size, batch, mostPictures, ignore));
      }
    }
  }

  /** What pictures are drawn from: their number, and each of them. */
  interface Pool {
    int size();

    /** The label of a picture's object. */
    int label(int index);

    GeometricAugmentation.Labelled read(int index);
  }

  private final Pool pool;
  private final Options options;
  private final GeometricAugmentation geometry;

  ArchiveSamples(Pool pool, Options options) {
    this.pool = pool;
    this.options = options;
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
   * Samples of archives. Pictures without a mask, which could not be read when masks were made, are
   * left out.
   *
   * @param archives categories in the order of their labels, background left out
   * @param pictures the folder that the archives' names are relative to
   * @param masks of the pictures of each label, from 1: one and the same for all where masks are of
   *     pictures alone, or one a category where experts have refined them
   * @param options how samples are made
   * @return the samples
   * @throws IllegalArgumentException if a category's label reaches the one that is ignored, or a
   *     category is left without any picture
   */
  public static ArchiveSamples of(
      Archives archives, Path pictures, IntFunction<PseudoMasks> masks, Options options) {
    List<String> names = archives.categories();
    if (!options.agnostic() && names.size() >= options.ignore()) {
      throw new IllegalArgumentException(
          "%d categories reach the label %d, which is ignored; choose a higher one"
              .formatted(names.size(), options.ignore()));
    }
    Map<String, Integer> last = archives.lastLabels();
    List<Archives.Entry> usable = new ArrayList<>();
    boolean[] found = new boolean[names.size()];
    for (Archives.Entry entry : archives.entries()) {
      int owner =
          options.duplicates() == Duplicates.REFERENCE ? last.get(entry.picture()) : entry.label();
      if (masks.apply(owner).contains(entry.picture())) {
        usable.add(new Archives.Entry(owner, entry.picture()));
        found[entry.label() - 1] = true;
      }
    }
    List<String> empty =
        IntStream.range(0, found.length).filter(i -> !found[i]).mapToObj(names::get).toList();
    if (usable.isEmpty() || !empty.isEmpty()) {
      throw new IllegalArgumentException(
          names.isEmpty()
              ? "the archives hold no category"
              : "no picture with a mask for " + empty + ": retrieve more, or leave them out");
    }
    return new ArchiveSamples(new Entries(List.copyOf(usable), pictures, masks), options);
  }

  /** Uses of pictures that have a mask. */
  private record Entries(
      List<Archives.Entry> entries, Path pictures, IntFunction<PseudoMasks> masks) implements Pool {

    @Override
    public int size() {
      return entries.size();
    }

    @Override
    public int label(int index) {
      return entries.get(index).label();
    }

    @Override
    public GeometricAugmentation.Labelled read(int index) {
      Archives.Entry entry = entries.get(index);
      String name = entry.picture();
      try {
        Picture picture = Picture.readAsStored(pictures.resolve(name)).rgb();
        Mask mask = masks.apply(entry.label()).read(name);
        if (mask.width() != picture.width() || mask.height() != picture.height()) {
          throw new IOException(
              "the mask of %s is of %d x %d pixels, the picture of %d x %d"
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

  /**
   * The number of uses of pictures that samples are drawn from.
   *
   * @return entries of all archives that have a mask
   */
  public int size() {
    return pool.size();
  }

  @Override
  public NamedMaskTrainer.Samples batch(long step) {
    int area = options.size() * options.size();
    int count = options.batch();
    float[] pixels = new float[3 * area * count];
    long[] labels = new long[area * count];
    for (int slot = 0; slot < count; slot++) {
      LabelledPixels sample = sample(Draws.of(generator(step * count + slot)));
      System.arraycopy(sample.pixels(), 0, pixels, 3 * area * slot, 3 * area);
      for (int i = 0; i < area; i++) {
        labels[area * slot + i] = sample.semantic()[i];
      }
    }
    // What is dropped is drawn from its own generator, so that it shifts no sample.
    long dropout = generator(-1 - step).nextLong();
    return new NamedMaskTrainer.Samples(pixels, options.size(), options.size(), labels, dropout);
  }

  /** One for each number, so that neighbouring numbers and seeds have nothing in common. */
  private SplittableRandom generator(long number) {
    return new SplittableRandom(
        new SplittableRandom(options.seed()).nextLong() ^ new SplittableRandom(number).nextLong());
  }

  /** One sample: how many pictures; then of each the index, place and colours; then the pasting. */
  LabelledPixels sample(Draws draws) {
    int count = draws.integer(1, options.mostPictures());
    List<LabelledPixels> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(part(draws.integer(0, pool.size() - 1), draws));
    }
    return new CopyPaste(options.ignore(), options.exactBoxes()).paste(parts, draws);
  }

  private LabelledPixels part(int index, Draws draws) {
    GeometricAugmentation.Labelled whole = pool.read(index);
    Picture picture = whole.picture();
    GeometricAugmentation.Labelled part =
        geometry.apply(whole, geometry.draw(picture.width(), picture.height(), draws));
    int size = options.size();
    Picture seen =
        options
            .colours()
            .map(colours -> colours.draw(size, size, draws).apply(part.picture()))
            .orElse(part.picture());
    int label = options.agnostic() ? 1 : pool.label(index);
    int[] labels = part.labels().clone();
    for (int i = 0; i < labels.length; i++) {
      labels[i] = labels[i] == 1 ? label : labels[i];
    }
    return new LabelledPixels(
        seen.toPixels(Normalization.IMAGENET), size, size, labels, new int[labels.length]);
  }
}
