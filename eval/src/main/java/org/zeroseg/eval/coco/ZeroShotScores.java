package org.zeroseg.eval.coco;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;

/**
 * Generalised zero-shot scores: how well seen and unseen categories are found, and the harmonic
 * mean (Zheng et al. 2021, "Zero-Shot Instance Segmentation", Sec. 4.1; its evaluator is an edited
 * {@code COCOeval}). Values in percent, at IoU 0.5 and the largest number of detections per image
 * and category; -1 where no category of a group has ground truth.
 *
 * @param categories every category by itself, values in [0, 1]
 * @param seen mean over the seen categories
 * @param unseen mean over the unseen categories
 * @param harmonicMean harmonic means of the two groups' means
 */
public record ZeroShotScores(
    List<CategoryScore> categories, GroupScore seen, GroupScore unseen, GroupScore harmonicMean) {

  private static final double IOU = 0.5;

  /**
   * The scores of a category; -1 if it has no ground truth.
   *
   * @param category which
   * @param ap average precision, in [0, 1]
   * @param recall in [0, 1]
   */
  public record CategoryScore(Category category, double ap, double recall) {}

  /**
   * The scores of several categories.
   *
   * @param ap mean average precision, in percent
   * @param recall mean recall, in percent
   */
  public record GroupScore(double ap, double recall) {}

  /** Copies the list. */
  public ZeroShotScores {
    categories = List.copyOf(categories);
  }

  /**
   * The protocol: IoU 0.4, 0.5 and 0.6, categories in the order of the file.
   *
   * @param overlap boxes for detection, masks for instance segmentation
   * @return with {@link CocoScores#averageRecall} at the last number of detections as Recall@100
   */
  public static CocoProtocol protocol(Overlap overlap) {
    return CocoProtocol.coco()
        .overlap(overlap)
        .iouThresholds(0.4, 0.5, 0.6)
        .categoriesInFileOrder();
  }

  /**
   * Splits the scores of an evaluation.
   *
   * @param scores an evaluation that has an IoU threshold of 0.5
   * @param seen ids of the seen categories; all others are unseen
   * @return both groups
   * @throws IllegalArgumentException if the evaluation has no threshold of 0.5
   */
  public static ZeroShotScores of(CocoScores scores, Collection<Long> seen) {
    double[] thresholds = scores.iouThresholds();
    int iou = 0;
    while (iou < thresholds.length && thresholds[iou] != IOU) {
      iou++;
    }
    if (iou == thresholds.length) {
      throw new IllegalArgumentException("the evaluation has no IoU threshold of 0.5");
    }
    int limit = scores.maxDetections().length - 1;
    List<CategoryScore> table = new ArrayList<>();
    for (int k = 0; k < scores.categories().size(); k++) {
      table.add(
          new CategoryScore(
              scores.categories().get(k),
              scores.averagePrecision(OptionalDouble.of(IOU), k, 0, limit),
              scores.recall(iou, k, 0, limit)));
    }
    Set<Long> ids = Set.copyOf(seen);
    GroupScore first = mean(table, ids, true);
    GroupScore second = mean(table, ids, false);
    GroupScore harmonic =
        new GroupScore(
            harmonicMean(first.ap(), second.ap()), harmonicMean(first.recall(), second.recall()));
    return new ZeroShotScores(table, first, second, harmonic);
  }

  private static GroupScore mean(List<CategoryScore> table, Set<Long> seen, boolean isSeen) {
    List<CategoryScore> group =
        table.stream()
            .filter(score -> seen.contains(score.category().id()) == isSeen && score.recall() > -1)
            .toList();
    return group.isEmpty()
        ? new GroupScore(-1, -1)
        : new GroupScore(
            100 * group.stream().mapToDouble(CategoryScore::ap).average().orElseThrow(),
            100 * group.stream().mapToDouble(CategoryScore::recall).average().orElseThrow());
  }

  /** 0 if both are 0, where the reference divides by zero; -1 if one is missing. */
  private static double harmonicMean(double a, double b) {
    if (a < 0 || b < 0) {
      return -1;
    }
    return a + b == 0 ? 0 : 2 * a * b / (a + b);
  }

  /** A table of the three groups, in percent. */
  @Override
  public String toString() {
    return row("seen", seen) + row("unseen", unseen) + row("harmonic mean", harmonicMean);
  }

  private static String row(String name, GroupScore score) {
    return String.format(
        Locale.ROOT, "%-14s mAP %5.1f  recall %5.1f%n", name, score.ap(), score.recall());
  }
}
