package org.zeroseg.eval.coco;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.CocoGroundTruth.Image;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.Outline;

/** The objects of an evaluation, grouped into units of one image and category, or one image. */
final class Units {

  private final CocoProtocol protocol;
  private final CocoGroundTruth truth;
  private final List<Image> images;
  private final List<Category> categories;
  private final List<String> warnings = new ArrayList<>();
  private final Instance[] truths;
  private final Instance[] detections;
  private final int[] truthsFrom; // per unit, and the end
  private final int[] detectionsFrom;
  private final int[] keys; // per unit, category * images + image

  Units(CocoProtocol protocol, CocoDetections candidates) {
    this(protocol, candidates, false);
  }

  /**
   * Groups the objects.
   *
   * @param isPart whether chosen images may be in another part of the set
   */
  Units(CocoProtocol protocol, CocoDetections candidates, boolean isPart) {
    this.protocol = protocol;
    truth = candidates.truth();
    images = new ArrayList<>(chosenImages(isPart));
    categories = chosenCategories();
    int[] imageRank = ranks(truth.images(), images);
    int[] categoryRank = ranks(truth.categories(), categories);
    truths = chosen(truth.instances(), imageRank, categoryRank);
    detections = chosen(candidates.instances(), imageRank, categoryRank);
    warnings.addAll(truth.warnings());
    warnings.addAll(candidates.warnings());
    Map<Integer, Rle> sizes = new HashMap<>();
    checkPresent(truths, truth.source(), "annotation ", 0, sizes);
    checkPresent(detections, candidates.source(), "[", 1, sizes);
    int[] truthKeys = keys(truths, imageRank, categoryRank);
    int[] detectionKeys = keys(detections, imageRank, categoryRank);
    keys =
        IntStream.concat(Arrays.stream(truthKeys), Arrays.stream(detectionKeys))
            .sorted()
            .distinct()
            .toArray();
    truthsFrom = starts(truthKeys);
    detectionsFrom = starts(detectionKeys);
    warnOfLimits();
  }

  private void warnOfLimits() {
    if (Arrays.binarySearch(protocol.limits(), 100) < 0) {
      warnings.add(
          "AP counts up to %d detections; the reference, which asks for 100, prints -1"
              .formatted(protocol.mostDetections()));
    }
  }

  /** The units that have more objects than detections count, which surprises. */
  CocoMatches.Beyond beyond() {
    CocoMatches.Beyond beyond = CocoMatches.Beyond.NONE;
    for (int unit = 0; unit < keys.length; unit++) {
      int objects = truthsFrom[unit + 1] - truthsFrom[unit];
      if (objects > protocol.mostDetections()) {
        beyond =
            beyond.merge(
                new CocoMatches.Beyond(1, category(unit), imageId(unit), objects, truth.source()));
      }
    }
    return beyond;
  }

  /** Index of a unit's category, 0 without categories. */
  int category(int unit) {
    return protocol.useCategories() ? keys[unit] / images.size() : 0;
  }

  List<Category> categories() {
    return categories;
  }

  List<String> warnings() {
    return warnings;
  }

  int size() {
    return keys.length;
  }

  private List<Image> chosenImages(boolean isPart) {
    List<Image> all = truth.images();
    Optional<List<Long>> chosen = protocol.images();
    if (isPart && chosen.isPresent()) {
      Set<Long> present = all.stream().map(Image::id).collect(Collectors.toSet());
      chosen = Optional.of(chosen.get().stream().filter(present::contains).toList());
    }
    return chosen.map(ids -> pick(all, truth::imageIndex, ids)).orElse(all).stream()
        .sorted(Comparator.comparingLong(Image::id))
        .distinct()
        .toList();
  }

  private List<Category> chosenCategories() {
    List<Category> all = truth.categories();
    List<Category> chosen =
        protocol.categories().map(ids -> pick(all, truth::categoryIndex, ids)).orElse(all);
    // The reference sorts a given list only if categories count; without them the given order
    // decides between equal scores.
    boolean sort =
        !protocol.fileOrder() && (protocol.useCategories() || protocol.categories().isEmpty());
    return sort
        ? chosen.stream().sorted(Comparator.comparingLong(Category::id)).distinct().toList()
        : chosen.stream().distinct().toList();
  }

  private static <T> List<T> pick(List<T> all, ToIntFunction<Long> index, List<Long> ids) {
    return ids.stream().map(id -> all.get(index.applyAsInt(id))).toList();
  }

  static <T> int[] ranks(List<T> all, List<T> chosen) {
    Map<T, Integer> rank = new HashMap<>();
    for (int i = 0; i < chosen.size(); i++) {
      rank.put(chosen.get(i), i);
    }
    return all.stream().mapToInt(thing -> rank.getOrDefault(thing, -1)).toArray();
  }

  /** The objects that count, unit by unit and in file order within each. */
  private Instance[] chosen(List<Instance> all, int[] imageRank, int[] categoryRank) {
    // Sorting keys with positions in their low half is stable and needs no comparator.
    long[] order = new long[all.size()];
    int n = 0;
    int[] byCategory = protocol.useCategories() ? null : categoryMajor(all, categoryRank);
    for (int i = 0; i < order.length; i++) {
      Instance instance = all.get(byCategory == null ? i : byCategory[i]);
      int image = imageRank[instance.image()];
      int category = categoryRank[instance.category()];
      if (image >= 0 && category >= 0) {
        order[n++] = (long) key(image, category) << 32 | i;
      }
    }
    Arrays.parallelSort(order, 0, n);
    Instance[] chosen = new Instance[n];
    for (int i = 0; i < n; i++) {
      int position = (int) order[i];
      chosen[i] = all.get(byCategory == null ? position : byCategory[position]);
    }
    return chosen;
  }

  /** Without categories an image's objects stand category by category. */
  private static int[] categoryMajor(List<Instance> all, int[] categoryRank) {
    long[] order = new long[all.size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = (long) (categoryRank[all.get(i).category()] + 1) << 32 | i;
    }
    Arrays.parallelSort(order);
    return Arrays.stream(order).mapToInt(key -> (int) key).toArray();
  }

  private int key(int image, int category) {
    return protocol.useCategories()
        ? Math.addExact(Math.multiplyExact(category, images.size()), image)
        : image;
  }

  private int[] keys(Instance[] instances, int[] imageRank, int[] categoryRank) {
    return Arrays.stream(instances)
        .mapToInt(instance -> key(imageRank[instance.image()], categoryRank[instance.category()]))
        .toArray();
  }

  private int[] starts(int[] sorted) {
    int[] starts = new int[keys.length + 1];
    int at = 0;
    for (int unit = 0; unit < keys.length; unit++) {
      starts[unit] = at;
      while (at < sorted.length && sorted[at] == keys[unit]) {
        at++;
      }
    }
    starts[keys.length] = at;
    return starts;
  }

  /**
   * What is compared must be there.
   *
   * @param sizes masks of images whose size the set does not give: all others must be of theirs
   */
  private void checkPresent(
      Instance[] instances, String source, String name, int firstId, Map<Integer, Rle> sizes) {
    List<String> problems = new ArrayList<>();
    for (Instance instance : instances) {
      if (problems.size() > InvalidDataException.MOST_TOLD) {
        break;
      }
      Supplier<String> entry = () -> name + (instance.id() - firstId) + (firstId == 1 ? "]" : "");
      Image image = truth.images().get(instance.image());
      if (protocol.overlap() == Overlap.BOX) {
        if (instance.box().isEmpty()) {
          problems.add(entry.get() + ": bbox: is missing; evaluation of boxes needs it");
        }
      } else if (instance.outline() instanceof Outline.Missing missing) {
        problems.add(
            entry.get() + ": segmentation: " + missing.reason() + "; evaluation of masks needs it");
      } else if (instance.outline() instanceof Outline.Rectangle && image.height() == 0) {
        problems.add(
            entry.get()
                + ": bbox: a box as a mask needs height and width of image "
                + image.id()
                + ", not given");
      } else if (instance.outline() instanceof Outline.Rectangle && isFar(instance)) {
        problems.add(
            entry.get() + ": bbox: a box as a mask must lie within 2^24 pixels of the image");
      } else if (instance.outline() instanceof Outline.Runs runs && image.height() == 0) {
        Rle mask = runs.rle();
        Rle first = sizes.computeIfAbsent(instance.image(), index -> mask);
        if (mask.height() != first.height() || mask.width() != first.width()) {
          problems.add(
              "%s: segmentation.size: [%d, %d], but [%d, %d] before in image %d"
                  .formatted(
                      entry.get(),
                      mask.height(),
                      mask.width(),
                      first.height(),
                      first.width(),
                      image.id()));
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidDataException(source, problems);
    }
  }

  private static boolean isFar(Instance instance) {
    Box box = instance.box().orElseThrow();
    double farthest = 1 << 24; // what polygons may have
    return Math.max(Math.abs(box.x()), Math.abs(box.right())) > farthest
        || Math.max(Math.abs(box.y()), Math.abs(box.bottom())) > farthest;
  }

  private Image image(int unit) {
    return images.get(protocol.useCategories() ? keys[unit] % images.size() : keys[unit]);
  }

  long imageId(int unit) {
    return image(unit).id();
  }

  UnitMatcher matcher(int unit, boolean exact) {
    Image image = image(unit);
    return new UnitMatcher(
        protocol,
        Arrays.copyOfRange(truths, truthsFrom[unit], truthsFrom[unit + 1]),
        Arrays.copyOfRange(detections, detectionsFrom[unit], detectionsFrom[unit + 1]),
        image.width(),
        image.height(),
        exact);
  }

  int find(long imageId, long categoryId) {
    int image = images.indexOf(truth.images().get(truth.imageIndex(imageId)));
    int category =
        protocol.useCategories()
            ? categories.indexOf(truth.categories().get(truth.categoryIndex(categoryId)))
            : 0;
    int unit = Arrays.binarySearch(keys, key(image, category));
    if (unit < 0) {
      throw new IllegalArgumentException(
          "image " + imageId + " has no objects of category " + categoryId);
    }
    return unit;
  }
}
