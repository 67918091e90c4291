package org.zeroseg.namedmask;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.zeroseg.core.augment.Draws;
import org.zeroseg.core.augment.GeometricAugmentation;
import org.zeroseg.core.augment.GeometricAugmentation.Labelled;
import org.zeroseg.core.augment.GeometricAugmentation.Padding;
import org.zeroseg.core.augment.PhotometricAugmentation;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Preprocessing;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.train.Batches;
import org.zeroseg.core.train.Epochs;

/**
 * Batches of pictures with the labels that ReCo gave them (Shin et al. 2022, Sec. 3.3, and the
 * released code): squares of the middle, scaled by 0.5 to 2, padded at the right and the bottom,
 * cropped, mirrored and changed in colour, but never grey. Each picture is seen once an epoch. A
 * batch depends on the seed and the step alone. Thread-safe.
 *
 * @param pictures with label pictures
 * @param size side of the squares; 320 in the release
 * @param batch pictures of a step; 8 in the release. One alone is never learnt from
 * @param seed of all draws
 */
public record ReCoPlusSamples(List<Pair> pictures, int size, int batch, long seed)
    implements Batches<NamedMaskTrainer.Samples> {

  /** Pixels that no class is asked for. */
  static final int IGNORE = 255;

  /** NamedMask's colours without its grey step. */
  private static final PhotometricAugmentation COLOURS =
      new PhotometricAugmentation(0.8, 0.8, 0.2, 0, 0.5, 0.1, 2);

  /**
   * A picture and its labels.
   *
   * @param picture any picture
   * @param labels a label picture, grey, 255 ignored: of the picture's size, or of the square of
   *     its middle
   */
  public record Pair(Path picture, Path labels) {}

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if there are fewer pictures than a batch takes
   */
  public ReCoPlusSamples {
    pictures = List.copyOf(pictures);
    if (size < 1 || batch < 1 || pictures.size() < batch) {
      throw new IllegalArgumentException(
          "%d pictures for batches of %d squares of %d pixels"
              .formatted(pictures.size(), batch, size));
    }
  }

  @Override
  public NamedMaskTrainer.Samples batch(long step) {
    int area = size * size;
    int[] members =
        new Epochs(pictures.size(), batch, Epochs.Last.DROPPED_IF_ONE, seed).batch(step);
    float[] pixels = new float[3 * area * members.length];
    long[] labels = new long[area * members.length];
    long own = new SplittableRandom(seed).nextLong();
    for (int slot = 0; slot < members.length; slot++) {
      long number = own ^ new SplittableRandom(step * batch + slot).nextLong();
      Labelled sample = sample(members[slot], Draws.of(new SplittableRandom(number)));
      System.arraycopy(
          sample.picture().toPixels(Normalization.IMAGENET), 0, pixels, 3 * area * slot, 3 * area);
      for (int i = 0; i < area; i++) {
        labels[area * slot + i] = sample.labels()[i];
      }
    }
    long dropout = own ^ new SplittableRandom(-1 - step).nextLong();
    return new NamedMaskTrainer.Samples(pixels, size, size, labels, dropout);
  }

  /** A picture as it is seen once. */
  Labelled sample(int index, Draws draws) {
    GeometricAugmentation geometry =
        new GeometricAugmentation(0.5, 2, size, Padding.RIGHT_AND_BOTTOM, 0.5, IGNORE);
    Labelled part = geometry.apply(square(pictures.get(index)), draws);
    return new Labelled(COLOURS.apply(part.picture(), draws), part.labels());
  }

  private Labelled square(Pair pair) {
    try {
      Picture whole = Picture.readAsStored(pair.picture());
      LabelMap labels = LabelMap.read(pair.labels());
      boolean same = labels.width() == whole.width() && labels.height() == whole.height();
      if (!same && (labels.width() != size || labels.height() != size)) {
        throw new IOException(
            "%s is %d x %d pixels, neither as large as %s, %d x %d, nor %d x %d"
                .formatted(
                    pair.labels(),
                    labels.width(),
                    labels.height(),
                    pair.picture(),
                    whole.width(),
                    whole.height(),
                    size,
                    size));
      }
      boolean square = labels.width() == size && labels.height() == size;
      return new Labelled(
          Preprocessing.archive(size).square(whole),
          (square ? labels : labels.square(size, LabelMap.Nearest.CENTRE)).labels());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot learn from " + pair.picture(), e);
    }
  }
}
