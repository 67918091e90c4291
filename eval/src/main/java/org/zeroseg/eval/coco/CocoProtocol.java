package org.zeroseg.eval.coco;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What is measured, and how: overlaps, thresholds, sizes, which images and categories. Immutable;
 * every choice makes a new protocol.
 */
public final class CocoProtocol implements Serializable {

  private Overlap overlap = Overlap.MASK;
  private double boundaryRatio = 0.02; // boundary-iou-api
  private boolean useCategories = true;
  private boolean fileOrder;
  private double[] thresholds = steps(0.5, (0.95 - 0.5) / 9, 0.95, 10);
  private double[] recallThresholds = steps(0, 0.01, 1, 101);
  private int[] maxDetections = {1, 10, 100};
  private List<AreaRange> areas = AreaRange.COCO;
  private List<Long> images; // null for all, since an Optional cannot be sent to other machines
  private List<Long> categories; // likewise
  private boolean countIdZero;

  private CocoProtocol() {}

  private CocoProtocol(CocoProtocol other) {
    overlap = other.overlap;
    boundaryRatio = other.boundaryRatio;
    useCategories = other.useCategories;
    fileOrder = other.fileOrder;
    thresholds = other.thresholds;
    recallThresholds = other.recallThresholds;
    maxDetections = other.maxDetections;
    areas = other.areas;
    images = other.images;
    categories = other.categories;
    countIdZero = other.countIdZero;
  }

  /**
   * COCO's own protocol for masks, to be varied.
   *
   * @return the protocol of the twelve numbers
   */
  public static CocoProtocol coco() {
    return new CocoProtocol();
  }

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
   * @return a protocol that differs in this
   */
  public CocoProtocol overlap(Overlap kind) {
    CocoProtocol other = new CocoProtocol(this);
    other.overlap = kind;
    return other;
  }

  /**
   * How wide a boundary is; 0.02 by default.
   *
   * @param ratio share of the picture's diagonal
   * @return a protocol that differs in this
   */
  public CocoProtocol boundaryRatio(double ratio) {
    CocoProtocol other = new CocoProtocol(this);
    other.boundaryRatio = ratio;
    return other;
  }

  /**
   * Whether a detection must have its ground truth's category, as by default. Otherwise all objects
   * are one class.
   *
   * @param use false for class-agnostic evaluation
   * @return a protocol that differs in this
   */
  public CocoProtocol useCategories(boolean use) {
    CocoProtocol other = new CocoProtocol(this);
    other.useCategories = use;
    return other;
  }

  /**
   * Keeps categories in the order of the file (or of {@link #categories}) instead of sorting their
   * ids, as ZSI's evaluator does.
   *
   * @return a protocol that differs in this
   */
  public CocoProtocol categoriesInFileOrder() {
    CocoProtocol other = new CocoProtocol(this);
    other.fileOrder = true;
    return other;
  }

  /**
   * The IoU thresholds; 0.5 to 0.95 in steps of 0.05 by default.
   *
   * @param values 1 to 64 numbers in [0, 1]
   * @return a protocol that differs in this
   * @throws IllegalArgumentException if there are too many or one is out of range
   */
  public CocoProtocol iouThresholds(double... values) {
    if (values.length < 1
        || values.length > 64
        || Arrays.stream(values).anyMatch(value -> !(value >= 0 && value <= 1))) {
      throw new IllegalArgumentException(
          "expected 1 to 64 IoU thresholds in [0, 1], found " + Arrays.toString(values));
    }
    CocoProtocol other = new CocoProtocol(this);
    other.thresholds = values.clone();
    return other;
  }

  /**
   * The recalls at which precision is read off; 0 to 1 in steps of 0.01 by default.
   *
   * @param values rising
   * @return a protocol that differs in this
   * @throws IllegalArgumentException if they do not rise
   */
  public CocoProtocol recallThresholds(double... values) {
    for (int i = 1; i < values.length; i++) {
      if (!(values[i] >= values[i - 1])) {
        throw new IllegalArgumentException(
            "recall thresholds must rise, found " + values[i - 1] + " before " + values[i]);
      }
    }
    CocoProtocol other = new CocoProtocol(this);
    other.recallThresholds = values.clone();
    return other;
  }

  /**
   * How many detections count, per image and category; 1, 10 and 100 by default.
   *
   * @param values from 1, in any order
   * @return a protocol that differs in this
   * @throws IllegalArgumentException if there are none or one is below 1
   */
  public CocoProtocol maxDetections(int... values) {
    if (values.length == 0 || Arrays.stream(values).anyMatch(value -> value < 1)) {
      throw new IllegalArgumentException(
          "expected numbers of detections from 1, found " + Arrays.toString(values));
    }
    CocoProtocol other = new CocoProtocol(this);
    other.maxDetections = Arrays.stream(values).sorted().toArray();
    return other;
  }

  /**
   * The area ranges; COCO's by default.
   *
   * @param ranges at least one, the first being the one of the headline numbers
   * @return a protocol that differs in this
   */
  public CocoProtocol areas(List<AreaRange> ranges) {
    if (ranges.isEmpty()) {
      throw new IllegalArgumentException("expected at least one area range");
    }
    CocoProtocol other = new CocoProtocol(this);
    other.areas = List.copyOf(ranges);
    return other;
  }

  /**
   * The images to evaluate; all by default.
   *
   * @param ids repeats count once
   * @return a protocol that differs in this
   */
  public CocoProtocol images(Collection<Long> ids) {
    CocoProtocol other = new CocoProtocol(this);
    other.images = List.copyOf(ids);
    return other;
  }

  /**
   * The categories to evaluate; all by default.
   *
   * @param ids repeats count once
   * @return a protocol that differs in this
   */
  public CocoProtocol categories(Collection<Long> ids) {
    CocoProtocol other = new CocoProtocol(this);
    other.categories = List.copyOf(ids);
    return other;
  }

  /**
   * Lets an annotation with id 0 be matched. The reference takes that id for "unmatched", so by
   * default its detection counts as a false positive.
   *
   * @param count true for what users expect, false for the reference's numbers
   * @return a protocol that differs in this
   */
  public CocoProtocol countIdZero(boolean count) {
    CocoProtocol other = new CocoProtocol(this);
    other.countIdZero = count;
    return other;
  }

  Overlap overlap() {
    return overlap;
  }

  double boundaryRatio() {
    return boundaryRatio;
  }

  boolean useCategories() {
    return useCategories;
  }

  boolean fileOrder() {
    return fileOrder;
  }

  double[] thresholds() {
    return thresholds;
  }

  double[] recalls() {
    return recallThresholds;
  }

  /** Numbers of detections, rising. */
  int[] limits() {
    return maxDetections;
  }

  int mostDetections() {
    return maxDetections[maxDetections.length - 1];
  }

  List<AreaRange> areas() {
    return areas;
  }

  Optional<List<Long>> images() {
    return Optional.ofNullable(images);
  }

  Optional<List<Long>> categories() {
    return Optional.ofNullable(categories);
  }

  boolean countIdZero() {
    return countIdZero;
  }
}
