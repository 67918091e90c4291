package org.zeroseg.eval.coco;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;

/**
 * Precision, recall and scores of an evaluation, and the numbers derived from them. A value of -1
 * means that there was no ground truth to find.
 */
public final class CocoScores implements Serializable {

  /** One combination of category, area range and number of detections. */
  record Cell(int category, int area, int maxDetections) {}

  /**
   * By category precision and scores [T, R, A, M] and recall [T, A, M]; none for a category without
   * ground truth, whose values are all -1.
   */
  static final class Curves implements Serializable {
    private final int thresholds;
    private final int recalls;
    private final int areas;
    private final int limits;
    private final double[][] precision;
    private final double[][] scores;
    private final double[][] recall;

    Curves(CocoProtocol protocol, int categories) {
      thresholds = protocol.thresholds().length;
      recalls = protocol.recalls().length;
      areas = protocol.areas().size();
      limits = protocol.limits().length;
      precision = new double[categories][0];
      scores = new double[categories][0];
      recall = new double[categories][0];
    }

    private Curves(Curves other) {
      thresholds = other.thresholds;
      recalls = other.recalls;
      areas = other.areas;
      limits = other.limits;
      precision = other.precision.clone();
      scores = other.scores.clone();
      recall = other.recall.clone();
    }

    /** Makes room for a category that has ground truth. */
    void open(int category) {
      recall[category] = filled(thresholds);
      precision[category] = filled(thresholds * recalls);
      scores[category] = filled(thresholds * recalls);
    }

    /** The curves of both, each category's from where it was scored. */
    Curves merge(Curves other) {
      Curves merged = new Curves(this);
      for (int category = 0; category < recall.length; category++) {
        if (other.recall[category].length > 0) {
          if (recall[category].length > 0) {
            throw new IllegalArgumentException("category " + category + " was scored twice");
          }
          merged.recall[category] = other.recall[category];
          merged.precision[category] = other.precision[category];
          merged.scores[category] = other.scores[category];
        }
      }
      return merged;
    }

    private double[] filled(int rows) {
      double[] values = new double[rows * areas * limits];
      Arrays.fill(values, -1);
      return values;
    }

    private int at(int row, Cell cell) {
      return (row * areas + cell.area()) * limits + cell.maxDetections();
    }

    private double get(double[][] values, int row, Cell cell) {
      double[] own = values[cell.category()];
      return own.length == 0 ? -1 : own[at(row, cell)];
    }

    void recall(int t, Cell cell, double value) {
      recall[cell.category()][at(t, cell)] = value;
    }

    void precision(int t, int r, Cell cell, double value, double score) {
      precision[cell.category()][at(t * recalls + r, cell)] = value;
      scores[cell.category()][at(t * recalls + r, cell)] = score;
    }
  }

  /**
   * How well one category was found, over the first area range and the largest number of
   * detections.
   *
   * @param category which
   * @param ap average precision over all IoU thresholds
   * @param ap50 average precision at IoU 0.5, -1 if that is not among the thresholds
   * @param ap75 average precision at IoU 0.75, likewise
   * @param recall average recall over all IoU thresholds
   */
  public record CategoryScore(
      Category category, double ap, double ap50, double ap75, double recall) {}

  private final CocoProtocol protocol;
  private final List<Category> categories;
  private final Curves curves;
  private final List<String> warnings;

  CocoScores(
      CocoProtocol protocol, List<Category> categories, Curves curves, List<String> warnings) {
    this.protocol = protocol;
    this.categories = categories;
    this.curves = curves;
    this.warnings = List.copyOf(warnings);
  }

  /**
   * The scores of both, where each has some of the categories, as {@link CocoMatches#byCategory}
   * divides them.
   *
   * @param other of the same protocol and categories
   * @return the scores of all
   * @throws IllegalArgumentException if the list of categories differs, or one was scored in both
   */
  public CocoScores merge(CocoScores other) {
    if (!categories.equals(other.categories)) {
      throw new IllegalArgumentException(
          "scores of the categories " + categories + " and " + other.categories);
    }
    Set<String> all = new LinkedHashSet<>(warnings);
    all.addAll(other.warnings);
    return new CocoScores(protocol, categories, curves.merge(other.curves), List.copyOf(all));
  }

  /**
   * The categories, in the order of the arrays; a single one if evaluation was class-agnostic.
   *
   * @return K categories
   */
  public List<Category> categories() {
    return categories;
  }

  /**
   * The IoU thresholds.
   *
   * @return T numbers
   */
  public double[] iouThresholds() {
    return protocol.thresholds().clone();
  }

  /**
   * The recalls at which precision is read off.
   *
   * @return R numbers
   */
  public double[] recallThresholds() {
    return protocol.recalls().clone();
  }

  /**
   * The area ranges.
   *
   * @return A ranges
   */
  public List<AreaRange> areas() {
    return protocol.areas();
  }

  /**
   * How many detections count.
   *
   * @return M rising numbers
   */
  public int[] maxDetections() {
    return protocol.limits().clone();
  }

  /**
   * Warnings about ground truth and detections.
   *
   * @return one line each
   */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * Precision that is reached at a recall or a higher one.
   *
   * @param iou index of the IoU threshold
   * @param recall index of the recall threshold
   * @param category index of the category
   * @param area index of the area range
   * @param limit index of the number of detections
   * @return a number in [0, 1], or -1 if there is no ground truth
   */
  public double precision(int iou, int recall, int category, int area, int limit) {
    return curves.get(
        curves.precision, iou * curves.recalls + recall, new Cell(category, area, limit));
  }

  /**
   * The score of the detection at which a recall is reached.
   *
   * @param iou index of the IoU threshold
   * @param recall index of the recall threshold
   * @param category index of the category
   * @param area index of the area range
   * @param limit index of the number of detections
   * @return a score, 0 if the recall is not reached, or -1 if there is no ground truth
   */
  public double score(int iou, int recall, int category, int area, int limit) {
    return curves.get(
        curves.scores, iou * curves.recalls + recall, new Cell(category, area, limit));
  }

  /**
   * The largest recall.
   *
   * @param iou index of the IoU threshold
   * @param category index of the category
   * @param area index of the area range
   * @param limit index of the number of detections
   * @return a number in [0, 1], or -1 if there is no ground truth
   */
  public double recall(int iou, int category, int area, int limit) {
    return curves.get(curves.recall, iou, new Cell(category, area, limit));
  }

  /**
   * Average precision over recalls, over the IoU thresholds chosen and over categories with ground
   * truth.
   *
   * @param iou a threshold out of {@link #iouThresholds}, empty for all
   * @param area index of the area range
   * @param limit index of the number of detections
   * @return a number in [0, 1], or -1 if there is nothing to average
   */
  public double averagePrecision(OptionalDouble iou, int area, int limit) {
    return mean(iou, all(), area, limit, true);
  }

  /**
   * Average recall over the IoU thresholds chosen and over categories with ground truth.
   *
   * @param iou a threshold out of {@link #iouThresholds}, empty for all
   * @param area index of the area range
   * @param limit index of the number of detections
   * @return a number in [0, 1], or -1 if there is nothing to average
   */
  public double averageRecall(OptionalDouble iou, int area, int limit) {
    return mean(iou, all(), area, limit, false);
  }

  /**
   * Average precision of one category over recalls and the IoU thresholds chosen.
   *
   * @param iou a threshold out of {@link #iouThresholds}, empty for all
   * @param category index of the category
   * @param area index of the area range
   * @param limit index of the number of detections
   * @return a number in [0, 1], or -1 if there is no ground truth
   */
  public double averagePrecision(OptionalDouble iou, int category, int area, int limit) {
    return mean(iou, new int[] {category}, area, limit, true);
  }

  /**
   * The scores of every category; those without ground truth are all -1.
   *
   * @return one per category
   */
  public List<CategoryScore> perCategory() {
    int last = protocol.limits().length - 1;
    List<CategoryScore> table = new ArrayList<>();
    for (int k = 0; k < categories.size(); k++) {
      int[] one = {k};
      table.add(
          new CategoryScore(
              categories.get(k),
              mean(OptionalDouble.empty(), one, 0, last, true),
              mean(OptionalDouble.of(0.5), one, 0, last, true),
              mean(OptionalDouble.of(0.75), one, 0, last, true),
              mean(OptionalDouble.empty(), one, 0, last, false)));
    }
    return table;
  }

  private int[] all() {
    return IntStream.range(0, categories.size()).toArray();
  }

  private double mean(OptionalDouble iou, int[] chosen, int area, int limit, boolean precisions) {
    double sum = 0;
    long n = 0;
    double[] thresholds = protocol.thresholds();
    for (int t = 0; t < thresholds.length; t++) {
      // Looked up by exact equality, as in the reference.
      if (iou.isPresent() && iou.getAsDouble() != thresholds[t]) {
        continue;
      }
      for (int r = 0; r < (precisions ? curves.recalls : 1); r++) {
        for (int k : chosen) {
          double value = precisions ? precision(t, r, k, area, limit) : recall(t, k, area, limit);
          if (value > -1) {
            sum += value;
            n++;
          }
        }
      }
    }
    return n == 0 ? -1 : sum / n;
  }

  /**
   * The headline numbers by stable keys: AP, AP50, AP75, then AP per further area range (APs, APm,
   * APl), AR per number of detections (AR1, AR10, AR100), and AR per further area range. AP counts
   * the largest number of detections.
   *
   * @return values in [0, 1], or -1 where there was no ground truth or the threshold was not asked
   *     for
   */
  public Map<String, Double> summary() {
    Map<String, Double> summary = new LinkedHashMap<>();
    lines().forEach(line -> summary.put(line.key, line.value));
    return summary;
  }

  /**
   * The reference's twelve numbers. The first asks for exactly 100 detections and is -1 if that is
   * not among {@link #maxDetections}.
   *
   * @return AP, AP50, AP75, AP small, medium, large, AR at the three numbers of detections, AR
   *     small, medium, large
   * @throws IllegalStateException unless there are three numbers of detections and COCO's four area
   *     ranges
   */
  public double[] referenceSummary() {
    int[] limits = protocol.limits();
    if (limits.length < 3 || protocol.areas().size() != 4) {
      throw new IllegalStateException(
          "the twelve numbers need three numbers of detections and four area ranges, found "
              + limits.length
              + " and "
              + protocol.areas().size());
    }
    OptionalDouble any = OptionalDouble.empty();
    int hundred = Arrays.binarySearch(limits, 100);
    return new double[] {
      hundred < 0 ? -1 : averagePrecision(any, 0, hundred),
      averagePrecision(OptionalDouble.of(0.5), 0, 2),
      averagePrecision(OptionalDouble.of(0.75), 0, 2),
      averagePrecision(any, 1, 2),
      averagePrecision(any, 2, 2),
      averagePrecision(any, 3, 2),
      averageRecall(any, 0, 0),
      averageRecall(any, 0, 1),
      averageRecall(any, 0, 2),
      averageRecall(any, 1, 2),
      averageRecall(any, 2, 2),
      averageRecall(any, 3, 2)
    };
  }

  private record Line(
      String key, boolean precision, String iou, String area, int limit, double value) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          " %-18s %s @[ IoU=%-9s | area=%6s | maxDets=%3d ] = %s",
          precision ? "Average Precision" : "Average Recall",
          precision ? "(AP)" : "(AR)",
          iou,
          area,
          limit,
          value < 0 ? "   –   (nothing to average)" : String.format(Locale.ROOT, "%.3f", value));
    }
  }

  private List<Line> lines() {
    List<AreaRange> areas = protocol.areas();
    int[] limits = protocol.limits();
    int last = limits.length - 1;
    double[] thresholds = protocol.thresholds();
    OptionalDouble any = OptionalDouble.empty();
    String range =
        thresholds.length == 1
            ? decimals(thresholds[0])
            : decimals(thresholds[0]) + ":" + decimals(thresholds[thresholds.length - 1]);
    List<Line> lines = new ArrayList<>();
    String first = areas.get(0).name();
    lines.add(new Line("AP", true, range, first, limits[last], averagePrecision(any, 0, last)));
    for (double iou : new double[] {0.5, 0.75}) {
      double value = averagePrecision(OptionalDouble.of(iou), 0, last);
      String key = "AP" + Math.round(100 * iou);
      lines.add(new Line(key, true, decimals(iou), first, limits[last], value));
    }
    for (int a = 1; a < areas.size(); a++) {
      String name = areas.get(a).name();
      double value = averagePrecision(any, a, last);
      lines.add(new Line("AP" + suffix(areas.get(a)), true, range, name, limits[last], value));
    }
    for (int m = 0; m < limits.length; m++) {
      double value = averageRecall(any, 0, m);
      lines.add(new Line("AR" + limits[m], false, range, first, limits[m], value));
    }
    for (int a = 1; a < areas.size(); a++) {
      String name = areas.get(a).name();
      double value = averageRecall(any, a, last);
      lines.add(new Line("AR" + suffix(areas.get(a)), false, range, name, limits[last], value));
    }
    return lines;
  }

  private static String suffix(AreaRange area) {
    return AreaRange.COCO.contains(area) ? area.name().substring(0, 1) : "(" + area.name() + ")";
  }

  private static String decimals(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  /** The summary as the text that the reference prints, to compare by eye. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    lines().forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }
}
