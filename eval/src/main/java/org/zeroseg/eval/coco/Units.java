package org.zeroseg.eval.coco;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
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
  private final CocoDetections candidates;
  private final CocoGroundTruth truth;
  private final List<Image> images;
  private final List<Category> categories;
  private final List<String> warnings = new ArrayList<>();
  private final Grouped truths;
  private final Grouped detections;
  private final int[] keys; // per unit, category * images + image
  private final int[] truthsFrom; // per unit, and the end
  private final int[] detectionsFrom;

  Units(CocoProtocol protocol, CocoDetections candidates) {
    this(protocol, candidates, false);
  }

  /**
   * Groups the objects.
   *
   * @param isPart whether chosen images may be in another part of the set
   */
  Units(CocoProtocol protocol, CocoDetections candidates, boolean isPart) {
    this(protocol, candidates, chosenImages(protocol, candidates.truth(), isPart));
    Map<Integer, Rle> sizes = new HashMap<>();
    checkPresent(truths.objects, truth.source(), "annotation ", 0, sizes);
    checkPresent(detections.objects, candidates.source(), "[", 1, sizes);
  }

  private Units(CocoProtocol protocol, CocoDetections candidates, List<Image> images) {
    this.protocol = protocol;
    this.candidates = candidates;
    this.images = images;
    truth = candidates.truth();
    categories = chosenCategories(protocol, truth);
    int[] imageRank = ranks(truth.images(), images);
    int[] categoryRank = ranks(truth.categories(), categories);
    truths = grouped(truth.instances(), imageRank, categoryRank);
    detections = grouped(candidates.instances(), imageRank, categoryRank);
    warnings.addAll(truth.warnings());
    warnings.addAll(candidates.warnings());
    keys = union(truths.keys, detections.keys);
    truthsFrom = starts(truths.keys);
    detectionsFrom = starts(detections.keys);
    warnOfLimits();
  }

  /** The same objects whatever their category; what is compared is there already. */
  Units agnostic() {
    return new Units(protocol.useCategories(false), candidates, images);
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

  CocoProtocol protocol() {
    return protocol;
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

  private static List<Image> chosenImages(
      CocoProtocol protocol, CocoGroundTruth truth, boolean isPart) {
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

  private static List<Category> chosenCategories(CocoProtocol protocol, CocoGroundTruth truth) {
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

  /**
   * The objects that count, unit by unit and in file order within each.
   *
   * @param keys of their units
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record Grouped(Instance[] objects, int[] keys) {}

  private Grouped grouped(List<Instance> all, int[] imageRank, int[] categoryRank) {
    int[] image = new int[all.size()];
    int[] category = new int[all.size()];
    int[] order = new int[all.size()];
    int n = 0;
    for (int i = 0; i < order.length; i++) {
      Instance instance = all.get(i);
      image[i] = imageRank[instance.image()];
      category[i] = categoryRank[instance.category()];
      if (image[i] >= 0 && category[i] >= 0) {
        order[n++] = i;
      }
    }
    order = Arrays.copyOf(order, n);
    // Without categories an image's objects stand category by category.
    order =
        protocol.useCategories()
            ? sorted(sorted(order, image, images.size()), category, categories.size())
            : sorted(sorted(order, category, categories.size()), image, images.size());
    Instance[] objects = new Instance[n];
    int[] rising = new int[n];
    for (int i = 0; i < n; i++) {
      objects[i] = all.get(order[i]);
      rising[i] = key(image[order[i]], category[order[i]]);
    }
    return new Grouped(objects, rising);
  }

  /** Positions by rising rank, those of one rank in the order that they had. */
  private static int[] sorted(int[] order, int[] rank, int ranks) {
    int[] to = new int[ranks + 1];
    for (int position : order) {
      to[rank[position] + 1]++;
    }
    for (int r = 1; r < ranks; r++) {
      to[r] += to[r - 1];
    }
    int[] sorted = new int[order.length];
    for (int position : order) {
      sorted[to[rank[position]]++] = position;
    }
    return sorted;
  }

  private int key(int image, int category) {
    return protocol.useCategories()
        ? Math.addExact(Math.multiplyExact(category, images.size()), image)
        : image;
  }

  /** What is in either of two rising lists, once. */
  private static int[] union(int[] a, int[] b) {
    int[] union = new int[a.length + b.length];
    int n = 0;
    int j = 0;
    for (int i = 0; i + j < union.length; ) {
      int next = j == b.length || (i < a.length && a[i] <= b[j]) ? a[i++] : b[j++];
      if (n == 0 || union[n - 1] != next) {
        union[n++] = next;
      }
    }
    return Arrays.copyOf(union, n);
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
      Optional<String> problem = problem(instance, sizes);
      if (problem.isPresent() && problems.size() <= InvalidDataException.MOST_TOLD) {
        String end = firstId == 1 ? "]: " : ": ";
        problems.add(name + (instance.id() - firstId) + end + problem.get());
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidDataException(source, problems);
    }
  }

  private Optional<String> problem(Instance instance, Map<Integer, Rle> sizes) {
    Outline outline = instance.outline();
    if (protocol.overlap() == Overlap.BOX) {
      return instance.box().isPresent()
          ? Optional.empty()
          : Optional.of("bbox: is missing; evaluation of boxes needs it");
    }
    if (outline instanceof Outline.Missing missing) {
      return Optional.of("segmentation: " + missing.reason() + "; evaluation of masks needs it");
    }
    Image image = truth.images().get(instance.image());
    if (outline instanceof Outline.Rectangle && image.height() == 0) {
      return Optional.of(
          "bbox: a box as a mask needs height and width of image " + image.id() + ", not given");
    }
    if (outline instanceof Outline.Rectangle && isFar(instance)) {
      return Optional.of("bbox: a box as a mask must lie within 2^24 pixels of the image");
    }
    if (outline instanceof Outline.Runs runs && image.height() == 0) {
      Rle mask = runs.rle();
      Rle first = sizes.computeIfAbsent(instance.image(), index -> mask);
      if (mask.height() != first.height() || mask.width() != first.width()) {
        return Optional.of(
            "segmentation.size: [%d, %d], but [%d, %d] before in image %d"
                .formatted(mask.height(), mask.width(), first.height(), first.width(), image.id()));
      }
    }
    return Optional.empty();
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
        Arrays.copyOfRange(truths.objects, truthsFrom[unit], truthsFrom[unit + 1]),
        Arrays.copyOfRange(detections.objects, detectionsFrom[unit], detectionsFrom[unit + 1]),
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
