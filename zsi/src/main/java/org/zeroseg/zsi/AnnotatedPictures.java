package org.zeroseg.zsi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.Outline;
import org.zeroseg.core.train.Batches;

/**
 * Training data out of an annotation file in COCO's format and a folder of pictures. The pictures
 * of a batch are all wider than high, or none is; an epoch takes every picture once, and a few
 * twice to fill the last batches. A batch depends on the seed and its step alone.
 *
 * <p>Objects marked to be ignored, crowds, and what has no area or is smaller than a pixel are left
 * out; so are pictures without any other object, or with a side shorter than 32 pixels.
 */
public final class AnnotatedPictures implements Batches<ZsiTrainer.Samples> {

  private final CocoGroundTruth truth;
  private final Path folder;
  private final int[] labels;
  private final List<List<CocoGroundTruth.Image>> groups;
  private final Options options;

  /**
   * How batches are made.
   *
   * @param batch pictures of a step
   * @param longest limit of the longer side in pixels; 1333 as published
   * @param shortest limit of the shorter side in pixels; 800 as published
   * @param seed of order, mirroring and the draws in training
   */
  public record Options(int batch, int longest, int shortest, long seed) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public Options {
      if (batch < 1 || longest < 1 || shortest < 1) {
        throw new IllegalArgumentException(
            "batches of " + batch + " pictures within " + longest + " x " + shortest);
      }
    }
  }

  private AnnotatedPictures(
      CocoGroundTruth truth,
      Path folder,
      int[] labels,
      List<List<CocoGroundTruth.Image>> groups,
      Options options) {
    this.truth = truth;
    this.folder = folder;
    this.labels = labels;
    this.groups = groups;
    this.options = options;
  }

  /**
   * The pictures of an annotation file.
   *
   * @param truth such as {@link AnnotationSplit} writes for training
   * @param folder that the file's picture names are relative to
   * @param classes the split; every category of the file is one of its seen classes
   * @param options how batches are made
   * @return the data
   * @throws IllegalArgumentException if a category is not among the seen classes, an object has no
   *     mask, or no picture is left
   * @throws NoSuchFileException if the folder lacks a picture
   */
  public static AnnotatedPictures of(
      CocoGroundTruth truth, Path folder, ClassVectors classes, Options options)
      throws NoSuchFileException {
    int[] labels = new int[truth.categories().size()];
    for (int i = 0; i < labels.length; i++) {
      String name = truth.categories().get(i).name();
      labels[i] = 1 + ClassVectors.index(classes.seen(), name);
      if (labels[i] == 0) {
        throw new IllegalArgumentException(
            "%s: category '%s' is not one of the %d seen classes"
                .formatted(truth.source(), name, classes.seen().size()));
      }
    }
    List<CocoGroundTruth.Image> wide = new ArrayList<>();
    List<CocoGroundTruth.Image> high = new ArrayList<>();
    for (CocoGroundTruth.Image image : Annotations.trainable(truth)) {
      Annotations objects = Annotations.of(truth, image.id());
      if (objects.categories().length == 0) {
        continue;
      }
      if (objects.masks().stream().anyMatch(Outline.Missing.class::isInstance)) {
        throw new IllegalArgumentException(
            truth.source() + ": image " + image.id() + " has an object without a mask");
      }
      Path file = folder.resolve(image.fileName());
      if (!Files.isRegularFile(file)) {
        throw new NoSuchFileException(file.toString());
      }
      (image.width() > image.height() ? wide : high).add(image);
    }
    List<List<CocoGroundTruth.Image>> groups = new ArrayList<>();
    for (List<CocoGroundTruth.Image> group : List.of(wide, high)) {
      if (!group.isEmpty()) {
        groups.add(List.copyOf(group));
      }
    }
    if (groups.isEmpty()) {
      throw new IllegalArgumentException(
          truth.source() + ": no picture has an object to train from");
    }
    return new AnnotatedPictures(truth, folder, labels, groups, options);
  }

  /**
   * The pictures that are left.
   *
   * @return their number
   */
  public int size() {
    return groups.stream().mapToInt(List::size).sum();
  }

  /**
   * The steps of an epoch.
   *
   * @return their number
   */
  public int epoch() {
    return groups.stream()
        .mapToInt(group -> (group.size() + options.batch() - 1) / options.batch())
        .sum();
  }

  /** The pictures of a step. */
  List<CocoGroundTruth.Image> images(long step) {
    long epoch = step / epoch();
    SplittableRandom random = new SplittableRandom(options.seed() * 0x9e3779b97f4a7c15L + epoch);
    List<List<CocoGroundTruth.Image>> batches = new ArrayList<>();
    for (List<CocoGroundTruth.Image> group : groups) {
      List<CocoGroundTruth.Image> order = new ArrayList<>(group);
      shuffle(order, random);
      for (int from = 0; from < order.size(); from += options.batch()) {
        List<CocoGroundTruth.Image> some = new ArrayList<>();
        for (int i = from; i < from + options.batch(); i++) {
          some.add(order.get(i % order.size()));
        }
        batches.add(some);
      }
    }
    shuffle(batches, random);
    return batches.get((int) (step % epoch()));
  }

  private static <T> void shuffle(List<T> list, SplittableRandom random) {
    for (int i = list.size() - 1; i > 0; i--) {
      Collections.swap(list, i, random.nextInt(i + 1));
    }
  }

  @Override
  public ZsiTrainer.Samples batch(long step) {
    List<AnnotatedPicture> pictures = images(step).stream().map(this::read).toList();
    long seed = new SplittableRandom(options.seed() + step).nextLong();
    return ZsiTrainer.Samples.of(pictures, options.longest(), options.shortest(), seed);
  }

  private AnnotatedPicture read(CocoGroundTruth.Image image) {
    Path file = folder.resolve(image.fileName());
    Picture picture;
    try {
      picture = Picture.readAsStored(file).rgb();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (picture.width() != image.width() || picture.height() != image.height()) {
      throw new IllegalArgumentException(
          "%s is %d x %d, by %s it should be %d x %d"
              .formatted(
                  file,
                  picture.width(),
                  picture.height(),
                  truth.source(),
                  image.width(),
                  image.height()));
    }
    Annotations found = Annotations.of(truth, image.id());
    List<AnnotatedPicture.Thing> things = new ArrayList<>();
    for (int i = 0; i < found.categories().length; i++) {
      float[] row = Arrays.copyOfRange(found.boxes(), 4 * i, 4 * i + 4);
      Box box = Box.ofCorners(row[0], row[1], row[2] + 1.0, row[3] + 1.0);
      Mask mask = found.masks().get(i).rle(image.width(), image.height()).mask();
      things.add(new AnnotatedPicture.Thing(labels[found.categories()[i]], box, mask));
    }
    return new AnnotatedPicture(picture, things);
  }
}
