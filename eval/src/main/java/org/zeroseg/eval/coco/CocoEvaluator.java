package org.zeroseg.eval.coco;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.zeroseg.core.Progress;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.CocoGroundTruth.Image;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.Outline;

/**
 * COCO's instance evaluation: every entry of the precision, recall and score arrays equals that of
 * cocodataset/cocoapi (pycocotools). Images are matched in parallel, categories accumulated in
 * parallel; the result does not depend on the number of threads. Immutable and thread-safe.
 */
public final class CocoEvaluator {

  /** All choices, resolved. */
  @SuppressWarnings("ArrayRecordComponent")
  record Settings(
      Overlap overlap,
      double boundaryRatio,
      boolean useCategories,
      boolean fileOrder,
      double[] thresholds,
      double[] recallThresholds,
      int[] maxDetections,
      List<AreaRange> areas,
      Optional<List<Long>> images,
      Optional<List<Long>> categories,
      boolean countIdZero,
      int threads,
      Progress progress) {

    int mostDetections() {
      return maxDetections[maxDetections.length - 1];
    }

    Settings withoutCategories() {
      return new Settings(
          overlap,
          boundaryRatio,
          false,
          fileOrder,
          thresholds,
          recallThresholds,
          maxDetections,
          areas,
          images,
          categories,
          countIdZero,
          threads,
          progress);
    }
  }

  private final Settings settings;

  private CocoEvaluator(Settings settings) {
    this.settings = settings;
  }

  /**
   * COCO's own protocol for masks, to be varied.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Evaluates detections against their ground truth.
   *
   * @param detections what to evaluate
   * @return all curves and what is derived from them
   * @throws InvalidDataException if an object lacks the mask or box that is compared
   * @throws IllegalArgumentException if images or categories were chosen that do not exist
   */
  public CocoScores evaluate(CocoDetections detections) {
    Units units = new Units(detections);
    ForkJoinPool pool = new ForkJoinPool(settings.threads());
    try {
      return pool.submit(() -> evaluate(units)).join();
    } finally {
      pool.shutdown();
    }
  }

  private CocoScores evaluate(Units units) {
    UnitResult[] results = new UnitResult[units.size()];
    AtomicInteger done = new AtomicInteger();
    forEach(
        results.length,
        unit -> {
          results[unit] = units.matcher(unit, false).result();
          settings.progress().update("matching", done.incrementAndGet(), results.length);
        });
    List<Category> categories =
        settings.useCategories() ? units.categories : List.of(new Category(-1, "all categories"));
    CocoScores.Curves curves = new CocoScores.Curves(settings, categories.size());
    forEach(
        categories.size(),
        category -> {
          List<UnitResult> own = units.of(category).mapToObj(unit -> results[unit]).toList();
          new Accumulator(settings, own).accumulate(category, curves);
        });
    return new CocoScores(settings, categories, curves, units.warnings);
  }

  private static void forEach(int n, IntConsumer action) {
    IntStream.range(0, n).parallel().forEach(action);
  }

  /**
   * How well each image was done, to find the best and the worst: the share of its objects that are
   * found at the first IoU threshold when every category may have as many detections as it has
   * objects.
   *
   * @param detections what to evaluate
   * @return in [0, 1], by image id; images without objects are left out
   */
  public Map<Long, Double> imageScores(CocoDetections detections) {
    Units units = new Units(detections);
    Map<Long, int[]> counts = new TreeMap<>(); // found, objects
    for (int unit = 0; unit < units.size(); unit++) {
      UnitMatcher matcher = units.matcher(unit, false);
      matcher.match(settings.areas().get(0));
      int objects = 0;
      for (int g = 0; g < matcher.truths().length; g++) {
        objects += matcher.isIgnored(g) ? 0 : 1;
      }
      int[] count = counts.computeIfAbsent(units.imageId(unit), id -> new int[2]);
      count[1] += objects;
      for (int d = 0; d < Math.min(objects, matcher.detections().length); d++) {
        int match = matcher.match(0, d);
        count[0] += matcher.counts(match) && !matcher.isIgnored(match) ? 1 : 0;
      }
    }
    Map<Long, Double> scores = new TreeMap<>();
    counts.forEach(
        (id, count) -> {
          if (count[1] > 0) {
            scores.put(id, (double) count[0] / count[1]);
          }
        });
    return scores;
  }

  /**
   * What was taken for what: of every image as many of the best detections as it has objects,
   * matched at the first IoU threshold whatever their category. Detections on crowds are left out.
   *
   * @param detections what to evaluate
   * @return [true][detected] counts by the evaluated categories in their order and, last, for
   *     nothing: objects that were missed, detections where there is no object
   */
  public long[][] confusions(CocoDetections detections) {
    List<Category> all = detections.truth().categories();
    List<Category> chosen = new Units(detections).categories;
    int[] rank = Units.ranks(all, chosen);
    int nothing = chosen.size();
    long[][] counts = new long[nothing + 1][nothing + 1];
    Units units = new CocoEvaluator(settings.withoutCategories()).new Units(detections);
    for (int unit = 0; unit < units.size(); unit++) {
      UnitMatcher matcher = units.matcher(unit, false);
      matcher.match(settings.areas().get(0));
      Instance[] truths = matcher.truths();
      boolean[] found = new boolean[truths.length];
      int left = (int) IntStream.range(0, truths.length).filter(g -> !matcher.isIgnored(g)).count();
      for (int d = 0; d < matcher.detections().length && left > 0; d++) {
        int match = matcher.match(0, d);
        if (match >= 0 && matcher.isIgnored(match)) {
          continue;
        }
        left--;
        int row = match < 0 ? nothing : rank[truths[match].category()];
        counts[row][rank[matcher.detections()[d].category()]]++;
        if (match >= 0) {
          found[match] = true;
        }
      }
      for (int g = 0; g < truths.length; g++) {
        if (!found[g] && !matcher.isIgnored(g)) {
          counts[rank[truths[g].category()]][nothing]++;
        }
      }
    }
    return counts;
  }

  /** The matches of a single unit, for inspection. */
  UnitMatcher matcher(CocoDetections detections, long imageId, long categoryId) {
    Units units = new Units(detections);
    return units.matcher(units.find(imageId, categoryId), true);
  }

  Settings settings() {
    return settings;
  }

  /** The objects of an evaluation, grouped into units of one image and category, or one image. */
  private final class Units {

    private final CocoGroundTruth truth;
    private final List<Image> images;
    private final List<Category> categories;
    private final List<String> warnings = new ArrayList<>();
    private final Instance[] truths;
    private final Instance[] detections;
    private final int[] truthsFrom; // per unit, and the end
    private final int[] detectionsFrom;
    private final int[] keys; // per unit, category * images + image

    Units(CocoDetections candidates) {
      truth = candidates.truth();
      images = new ArrayList<>(chosenImages());
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
    }

    int size() {
      return keys.length;
    }

    private List<Image> chosenImages() {
      List<Image> all = truth.images();
      return settings.images().map(ids -> pick(all, truth::imageIndex, ids)).orElse(all).stream()
          .sorted(Comparator.comparingLong(Image::id))
          .distinct()
          .toList();
    }

    private List<Category> chosenCategories() {
      List<Category> all = truth.categories();
      List<Category> chosen =
          settings.categories().map(ids -> pick(all, truth::categoryIndex, ids)).orElse(all);
      // The reference sorts a given list only if categories count; without them the given order
      // decides between equal scores.
      boolean sort =
          !settings.fileOrder() && (settings.useCategories() || settings.categories().isEmpty());
      return sort
          ? chosen.stream().sorted(Comparator.comparingLong(Category::id)).distinct().toList()
          : chosen.stream().distinct().toList();
    }

    private static <T> List<T> pick(List<T> all, ToIntFunction<Long> index, List<Long> ids) {
      return ids.stream().map(id -> all.get(index.applyAsInt(id))).toList();
    }

    private static <T> int[] ranks(List<T> all, List<T> chosen) {
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
      int[] byCategory = settings.useCategories() ? null : categoryMajor(all, categoryRank);
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
      return settings.useCategories()
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
        String entry = name + (instance.id() - firstId) + (firstId == 1 ? "]" : "");
        Image image = truth.images().get(instance.image());
        if (settings.overlap() == Overlap.BOX) {
          if (instance.box().isEmpty()) {
            problems.add(entry + ": bbox: is missing; evaluation of boxes needs it");
          }
        } else if (instance.outline() instanceof Outline.Missing missing) {
          problems.add(
              entry + ": segmentation: " + missing.reason() + "; evaluation of masks needs it");
        } else if (instance.outline() instanceof Outline.Rectangle && image.height() == 0) {
          problems.add(
              entry
                  + ": bbox: a box as a mask needs height and width of image "
                  + image.id()
                  + ", not given");
        } else if (instance.outline() instanceof Outline.Runs runs && image.height() == 0) {
          Rle mask = runs.rle();
          Rle first = sizes.computeIfAbsent(instance.image(), index -> mask);
          if (mask.height() != first.height() || mask.width() != first.width()) {
            problems.add(
                "%s: segmentation.size: [%d, %d], but [%d, %d] before in image %d"
                    .formatted(
                        entry,
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

    private Image image(int unit) {
      return images.get(settings.useCategories() ? keys[unit] % images.size() : keys[unit]);
    }

    long imageId(int unit) {
      return image(unit).id();
    }

    UnitMatcher matcher(int unit, boolean exact) {
      Image image = image(unit);
      return new UnitMatcher(
          settings,
          Arrays.copyOfRange(truths, truthsFrom[unit], truthsFrom[unit + 1]),
          Arrays.copyOfRange(detections, detectionsFrom[unit], detectionsFrom[unit + 1]),
          image.height(),
          image.width(),
          exact);
    }

    /** The units of a category in rising order of image ids. */
    IntStream of(int category) {
      int width = settings.useCategories() ? images.size() : Integer.MAX_VALUE;
      return IntStream.range(0, keys.length).filter(unit -> keys[unit] / width == category);
    }

    int find(long imageId, long categoryId) {
      int image = images.indexOf(truth.images().get(truth.imageIndex(imageId)));
      int category =
          settings.useCategories()
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

  /** Chooses the protocol. */
  public static final class Builder {

    private Overlap overlap = Overlap.MASK;
    private double boundaryRatio = 0.02; // boundary-iou-api
    private boolean useCategories = true;
    private boolean fileOrder;
    private double[] thresholds = steps(0.5, (0.95 - 0.5) / 9, 0.95, 10);
    private double[] recallThresholds = steps(0, 0.01, 1, 101);
    private int[] maxDetections = {1, 10, 100};
    private List<AreaRange> areas = AreaRange.COCO;
    private Optional<List<Long>> images = Optional.empty();
    private Optional<List<Long>> categories = Optional.empty();
    private boolean countIdZero;
    private int threads = Runtime.getRuntime().availableProcessors();
    private Progress progress = Progress.SILENT;

    private Builder() {}

    /** The reference's linspace, which differs from decimal literals in the last bit. */
    private static double[] steps(double first, double step, double last, int n) {
      double[] values = new double[n];
      for (int i = 0; i < n; i++) {
        values[i] = first + i * step;
      }
      values[n - 1] = last;
      return values;
    }

    /**
     * What overlaps are measured on; masks by default.
     *
     * @param kind masks, boxes or boundaries
     * @return this
     */
    public Builder overlap(Overlap kind) {
      overlap = kind;
      return this;
    }

    /**
     * How wide a boundary is; 0.02 by default.
     *
     * @param ratio share of the picture's diagonal
     * @return this
     */
    public Builder boundaryRatio(double ratio) {
      boundaryRatio = ratio;
      return this;
    }

    /**
     * Whether a detection must have its ground truth's category, as by default. Otherwise all
     * objects are one class.
     *
     * @param use false for class-agnostic evaluation
     * @return this
     */
    public Builder useCategories(boolean use) {
      useCategories = use;
      return this;
    }

    /**
     * Keeps categories in the order of the file (or of {@link #categories}) instead of sorting
     * their ids, as ZSI's evaluator does.
     *
     * @return this
     */
    public Builder categoriesInFileOrder() {
      fileOrder = true;
      return this;
    }

    /**
     * The IoU thresholds; 0.5 to 0.95 in steps of 0.05 by default.
     *
     * @param values 1 to 64 numbers in [0, 1]
     * @return this
     * @throws IllegalArgumentException if there are too many or one is out of range
     */
    public Builder iouThresholds(double... values) {
      if (values.length < 1
          || values.length > 64
          || Arrays.stream(values).anyMatch(value -> !(value >= 0 && value <= 1))) {
        throw new IllegalArgumentException(
            "expected 1 to 64 IoU thresholds in [0, 1], found " + Arrays.toString(values));
      }
      thresholds = values.clone();
      return this;
    }

    /**
     * The recalls at which precision is read off; 0 to 1 in steps of 0.01 by default.
     *
     * @param values rising
     * @return this
     * @throws IllegalArgumentException if they do not rise
     */
    public Builder recallThresholds(double... values) {
      for (int i = 1; i < values.length; i++) {
        if (!(values[i] >= values[i - 1])) {
          throw new IllegalArgumentException(
              "recall thresholds must rise, found " + values[i - 1] + " before " + values[i]);
        }
      }
      recallThresholds = values.clone();
      return this;
    }

    /**
     * How many detections count, per image and category; 1, 10 and 100 by default.
     *
     * @param values from 1, in any order
     * @return this
     * @throws IllegalArgumentException if there are none or one is below 1
     */
    public Builder maxDetections(int... values) {
      if (values.length == 0 || Arrays.stream(values).anyMatch(value -> value < 1)) {
        throw new IllegalArgumentException(
            "expected numbers of detections from 1, found " + Arrays.toString(values));
      }
      maxDetections = Arrays.stream(values).sorted().toArray();
      return this;
    }

    /**
     * The area ranges; COCO's by default.
     *
     * @param ranges at least one, the first being the one of the headline numbers
     * @return this
     */
    public Builder areas(List<AreaRange> ranges) {
      if (ranges.isEmpty()) {
        throw new IllegalArgumentException("expected at least one area range");
      }
      areas = List.copyOf(ranges);
      return this;
    }

    /**
     * The images to evaluate; all by default.
     *
     * @param ids repeats count once
     * @return this
     */
    public Builder images(Collection<Long> ids) {
      images = Optional.of(List.copyOf(ids));
      return this;
    }

    /**
     * The categories to evaluate; all by default.
     *
     * @param ids repeats count once
     * @return this
     */
    public Builder categories(Collection<Long> ids) {
      categories = Optional.of(List.copyOf(ids));
      return this;
    }

    /**
     * Lets an annotation with id 0 be matched. The reference takes that id for "unmatched", so by
     * default its detection counts as a false positive.
     *
     * @param count true for what users expect, false for the reference's numbers
     * @return this
     */
    public Builder countIdZero(boolean count) {
      countIdZero = count;
      return this;
    }

    /**
     * How many threads work; as many as there are processors by default.
     *
     * @param number from 1
     * @return this
     */
    public Builder threads(int number) {
      threads = number;
      return this;
    }

    /**
     * Who is told how far matching is. Called from several threads.
     *
     * @param listener silent by default
     * @return this
     */
    public Builder progress(Progress listener) {
      progress = listener;
      return this;
    }

    /**
     * The evaluator.
     *
     * @return an evaluator of this protocol
     */
    public CocoEvaluator build() {
      return new CocoEvaluator(
          new Settings(
              overlap,
              boundaryRatio,
              useCategories,
              fileOrder,
              thresholds,
              recallThresholds,
              maxDetections,
              areas,
              images,
              categories,
              countIdZero,
              threads,
              progress));
    }
  }
}
