package org.zeroseg.eval.coco;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;

/**
 * The detections of some images, matched with their ground truth: what {@link CocoEvaluator} makes
 * of a set or a part of one. The matches of a set's parts merge into those of the set, and its
 * categories may be scored one by one, so that no machine has to hold a whole set. Every number is
 * the same as without parts. Immutable.
 *
 * <pre>{@code
 * CocoEvaluator evaluator = new CocoEvaluator(CocoProtocol.coco());
 * List<CocoMatches> matches = new ArrayList<>();
 * for (String part : List.of("part-0.json", "part-1.json")) {
 *   CocoGroundTruth truth = CocoGroundTruth.read(Path.of("truth").resolve(part));
 *   matches.add(evaluator.match(CocoDetections.read(Path.of("found").resolve(part), truth)));
 * }
 * CocoScores scores = CocoMatches.merge(matches).scores();
 * }</pre>
 */
public final class CocoMatches implements Serializable {

  private final CocoProtocol protocol;
  private final List<Category> categories;
  private final List<Unit> units; // by category, then by image
  private final List<String> warnings;
  private final Beyond beyond;

  /**
   * The matches of an image's objects of one category, or of all.
   *
   * @param category index of the category, 0 for all
   * @param image its id
   */
  record Unit(int category, long image, UnitResult result) implements Serializable {
    static final Comparator<Unit> ORDER =
        Comparator.comparingInt(Unit::category).thenComparingLong(Unit::image);
  }

  /**
   * The units with more objects than detections count.
   *
   * @param units how many
   * @param category of the first of them
   * @param image its id
   * @param objects how many it has
   * @param source of the ground truth
   */
  record Beyond(int units, int category, long image, int objects, String source)
      implements Serializable {
    static final Beyond NONE = new Beyond(0, Integer.MAX_VALUE, Long.MAX_VALUE, 0, "");

    private static final Comparator<Beyond> ORDER =
        Comparator.comparingInt(Beyond::category).thenComparingLong(Beyond::image);

    Beyond merge(Beyond other) {
      Beyond first = ORDER.compare(this, other) <= 0 ? this : other;
      return new Beyond(
          units + other.units, first.category, first.image, first.objects, first.source);
    }
  }

  CocoMatches(
      CocoProtocol protocol,
      List<Category> categories,
      List<Unit> units,
      Collection<String> warnings,
      Beyond beyond) {
    this.protocol = protocol;
    this.categories = List.copyOf(categories);
    this.units = List.copyOf(units);
    this.warnings = List.copyOf(warnings);
    this.beyond = beyond;
  }

  /**
   * The matches of several parts of a set, or of several categories.
   *
   * @param parts at least one, all of one protocol and the same categories
   * @return their matches together; in whatever order they are given, the same
   * @throws IllegalArgumentException if categories differ or an image is in two parts
   */
  public static CocoMatches merge(List<CocoMatches> parts) {
    CocoMatches first = parts.get(0);
    List<Unit> all = new ArrayList<>();
    Set<String> warnings = new LinkedHashSet<>();
    Beyond beyond = Beyond.NONE;
    for (CocoMatches part : parts) {
      if (!part.categories.equals(first.categories)) {
        throw new IllegalArgumentException(
            "parts with the categories " + first.categories + " and " + part.categories);
      }
      all.addAll(part.units);
      warnings.addAll(part.warnings);
      beyond = beyond.merge(part.beyond);
    }
    all.sort(Unit.ORDER);
    for (int i = 1; i < all.size(); i++) {
      if (Unit.ORDER.compare(all.get(i - 1), all.get(i)) == 0) {
        throw new IllegalArgumentException(
            "image " + all.get(i).image() + " was matched in two parts");
      }
    }
    return new CocoMatches(first.protocol, first.categories, all, warnings, beyond);
  }

  /**
   * The matches category by category, to be merged and scored on their own. Warnings go with the
   * first.
   *
   * @return one a category, in their order; a single one without categories
   */
  public List<CocoMatches> byCategory() {
    return IntStream.range(0, scored().size())
        .mapToObj(
            category ->
                new CocoMatches(
                    protocol,
                    categories,
                    of(category),
                    category == 0 ? warnings : List.of(),
                    category == 0 ? beyond : Beyond.NONE))
        .toList();
  }

  private List<Unit> of(int category) {
    return units.subList(from(category), from(category + 1));
  }

  private int from(int category) {
    int low = 0;
    int high = units.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (units.get(middle).category() < category) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The categories that scores are given for. */
  private List<Category> scored() {
    return protocol.useCategories() ? categories : List.of(new Category(-1, "all categories"));
  }

  /**
   * Joins the matches into curves.
   *
   * @return scores; of matches of one category, {@linkplain CocoScores#merge to be merged} with
   *     those of the others
   */
  public CocoScores scores() {
    List<Category> scored = scored();
    CocoScores.Curves curves = new CocoScores.Curves(protocol, scored.size());
    IntStream.range(0, scored.size())
        .parallel()
        .forEach(
            category ->
                new Accumulator(protocol, of(category).stream().map(Unit::result).toList())
                    .accumulate(category, curves));
    return new CocoScores(
        protocol,
        scored,
        curves,
        Stream.concat(warnings.stream(), limitWarning().stream()).toList());
  }

  private Optional<String> limitWarning() {
    if (beyond.units() == 0) {
      return Optional.empty();
    }
    int others = beyond.units() - 1;
    return Optional.of(
        "%s: image %d has %d objects %s, but only %d detections count%s"
            .formatted(
                beyond.source(),
                beyond.image(),
                beyond.objects(),
                protocol.useCategories()
                    ? "of " + categories.get(beyond.category()).name()
                    : "of all categories",
                protocol.mostDetections(),
                others == 0 ? "" : "; so for " + others + " more"));
  }
}
