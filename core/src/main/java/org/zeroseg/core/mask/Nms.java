package org.zeroseg.core.mask;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Non-maximum suppression: of candidates that overlap, the one with the highest score stays, and
 * the others go (hard) or lose score (soft; Bodla et al. 2017, Sec. 3).
 */
public final class Nms {

  private Nms() {}

  /**
   * A candidate that stays.
   *
   * @param index its place among the candidates
   * @param score its score, lowered where suppression is soft
   */
  public record Kept(int index, double score) {}

  /** What an overlap with a selected candidate does to a score. */
  public sealed interface Decay permits Hard, Linear, Gaussian {
    /**
     * The factor for a score.
     *
     * @param iou the overlap, in [0, 1]
     * @return 0 to 1
     */
    double factor(double iou);
  }

  /**
   * Suppresses altogether.
   *
   * @param threshold an overlap equal to it does nothing
   */
  public record Hard(double threshold) implements Decay {
    @Override
    public double factor(double iou) {
      return iou > threshold ? 0 : 1;
    }
  }

  /**
   * Lowers the score by the overlap: a factor of 1 - IoU.
   *
   * @param threshold an overlap equal to it does nothing
   */
  public record Linear(double threshold) implements Decay {
    @Override
    public double factor(double iou) {
      return iou > threshold ? 1 - iou : 1;
    }
  }

  /**
   * Lowers the score by every overlap: a factor of exp(-IoU² / sigma).
   *
   * @param sigma width, positive
   */
  public record Gaussian(double sigma) implements Decay {

    /**
     * Checks the width.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Gaussian {
      if (!(sigma > 0)) {
        throw new IllegalArgumentException("A decay of width " + sigma);
      }
    }

    @Override
    public double factor(double iou) {
      return Math.exp(-iou * iou / sigma);
    }
  }

  /** How boxes overlap, and what happens at exactly the threshold: the reference's own way. */
  public enum BoxRule {
    /** Corners are edges; an overlap equal to the threshold keeps. */
    TORCHVISION(0),
    /** The second corner is the last pixel; an overlap equal to the threshold keeps. */
    MMDET_CUDA(1),
    /** The second corner is the last pixel; an overlap equal to the threshold suppresses. */
    MMDET_CPU(1);

    private final float lastPixel;

    BoxRule(float lastPixel) {
      this.lastPixel = lastPixel;
    }

    // The references compute in float32, and only torchvision compares in double.
    private boolean suppresses(float iou, double threshold) {
      return switch (this) {
        case TORCHVISION -> iou > threshold;
        case MMDET_CUDA -> iou > (float) threshold;
        case MMDET_CPU -> iou >= (float) threshold;
      };
    }

    private float area(float[] corners, int box) {
      int at = 4 * box;
      return (corners[at + 2] - corners[at] + lastPixel)
          * (corners[at + 3] - corners[at + 1] + lastPixel);
    }

    /** NaN for two boxes without area, which then suppresses nothing. */
    private float iou(float[] corners, int a, int b) {
      int i = 4 * a;
      int j = 4 * b;
      float w =
          Math.min(corners[i + 2], corners[j + 2]) - Math.max(corners[i], corners[j]) + lastPixel;
      float h =
          Math.min(corners[i + 3], corners[j + 3])
              - Math.max(corners[i + 1], corners[j + 1])
              + lastPixel;
      float shared = Math.max(0, w) * Math.max(0, h);
      return shared / (area(corners, a) + area(corners, b) - shared);
    }
  }

  private static void check(int candidates, int scores) {
    if (candidates != scores) {
      throw new IllegalArgumentException(scores + " scores for " + candidates + " candidates");
    }
  }

  private static void checkBoxes(float[] corners, float[] scores) {
    if (corners.length % 4 != 0) {
      throw new IllegalArgumentException(corners.length + " numbers are no boxes of four each");
    }
    check(corners.length / 4, scores.length);
    for (float score : scores) {
      checkScore(score);
    }
  }

  private static void checkScore(double score) {
    if (Double.isNaN(score)) {
      throw new IllegalArgumentException("A score is not a number");
    }
  }

  /**
   * Hard suppression of boxes.
   *
   * @param corners [N, 4]: x1, y1, x2, y2
   * @param scores [N]; of equal ones the first wins
   * @param threshold overlap above which the box of the lower score goes
   * @param rule how boxes overlap
   * @return the boxes that stay, by falling score
   */
  public static List<Kept> boxes(float[] corners, float[] scores, double threshold, BoxRule rule) {
    return boxes(corners, scores, threshold, rule, scores.length);
  }

  /**
   * Hard suppression of boxes until enough have stayed.
   *
   * @param corners [N, 4]: x1, y1, x2, y2
   * @param scores [N]; of equal ones the first wins
   * @param threshold overlap above which the box of the lower score goes
   * @param rule how boxes overlap
   * @param most boxes that are wanted
   * @return the best that stay, by falling score
   */
  public static List<Kept> boxes(
      float[] corners, float[] scores, double threshold, BoxRule rule, int most) {
    checkBoxes(corners, scores);
    int[] order =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -scores[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    boolean[] suppressed = new boolean[order.length];
    List<Kept> kept = new ArrayList<>();
    for (int i = 0; i < order.length && kept.size() < most; i++) {
      int best = order[i];
      if (suppressed[best]) {
        continue;
      }
      kept.add(new Kept(best, scores[best]));
      for (int j = i + 1; j < order.length; j++) {
        int other = order[j];
        if (!suppressed[other] && rule.suppresses(rule.iou(corners, best, other), threshold)) {
          suppressed[other] = true;
        }
      }
    }
    return List.copyOf(kept);
  }

  /**
   * Hard suppression among the boxes of each category.
   *
   * @param corners [N, 4]: x1, y1, x2, y2
   * @param scores [N]; of equal ones the first wins
   * @param categories [N]; boxes of different categories leave each other alone
   * @param threshold overlap above which the box of the lower score goes
   * @param rule how boxes overlap
   * @return the boxes that stay, by falling score, of equal ones the first first
   */
  public static List<Kept> boxes(
      float[] corners, float[] scores, int[] categories, double threshold, BoxRule rule) {
    checkBoxes(corners, scores);
    check(categories.length, scores.length);
    List<Kept> kept = new ArrayList<>();
    for (int[] members : groups(categories)) {
      float[] groupCorners = new float[4 * members.length];
      float[] groupScores = new float[members.length];
      for (int i = 0; i < members.length; i++) {
        System.arraycopy(corners, 4 * members[i], groupCorners, 4 * i, 4);
        groupScores[i] = scores[members[i]];
      }
      for (Kept one : boxes(groupCorners, groupScores, threshold, rule)) {
        kept.add(new Kept(members[one.index()], one.score()));
      }
    }
    kept.sort(Comparator.comparingDouble(Kept::score).reversed().thenComparingInt(Kept::index));
    return List.copyOf(kept);
  }

  /**
   * Soft suppression of boxes as in mmdet's soft_nms: the second corner is the last pixel, and a
   * box that overlaps and falls below the least score goes.
   *
   * @param corners [N, 4]: x1, y1, x2, y2
   * @param scores [N]
   * @param decay what an overlap does
   * @param minScore a box whose lowered score is smaller goes
   * @return the boxes that stay, in the order of selection
   */
  public static List<Kept> softBoxes(
      float[] corners, float[] scores, Decay decay, double minScore) {
    checkBoxes(corners, scores);
    float[] current = scores.clone();
    int[] order = IntStream.range(0, scores.length).toArray();
    int live = order.length;
    List<Kept> kept = new ArrayList<>();
    for (int i = 0; i < live; i++) {
      int best = i;
      for (int j = i + 1; j < live; j++) {
        best = current[order[j]] > current[order[best]] ? j : best;
      }
      // Exchanging, here and below, decides the order of equal scores, as in the reference.
      swap(order, i, best);
      int selected = order[i];
      kept.add(new Kept(selected, current[selected]));
      for (int j = i + 1; j < live; j++) {
        int other = order[j];
        float iou = BoxRule.MMDET_CUDA.iou(corners, selected, other);
        if (iou > 0) {
          current[other] = (float) (current[other] * decay.factor(iou));
          if (current[other] < minScore) {
            swap(order, j--, --live);
          }
        }
      }
    }
    return List.copyOf(kept);
  }

  private static void swap(int[] order, int i, int j) {
    int moved = order[i];
    order[i] = order[j];
    order[j] = moved;
  }

  /**
   * Suppression of masks, as ZUTIS does it: select the mask of the highest score, of equal ones the
   * last; lower the scores of the others by their overlap with it; leave out those at or below the
   * least score; repeat with the lowered scores.
   *
   * @param masks N masks of one size; an empty one overlaps nothing
   * @param scores [N]
   * @param decay what an overlap does
   * @param minScore a mask must exceed it, except the very first
   * @return the masks that stay, in the order of selection
   */
  public static List<Kept> masks(List<Mask> masks, double[] scores, Decay decay, double minScore) {
    check(masks.size(), scores.length);
    for (double score : scores) {
      checkScore(score);
    }
    double[] current = scores.clone();
    List<Integer> rest = new ArrayList<>(IntStream.range(0, scores.length).boxed().toList());
    List<Kept> kept = new ArrayList<>();
    while (!rest.isEmpty()) {
      rest.sort(Comparator.comparingDouble(i -> current[i]));
      int best = rest.remove(rest.size() - 1);
      kept.add(new Kept(best, current[best]));
      for (int other : rest) {
        current[other] *= decay.factor(masks.get(best).iou(masks.get(other)));
      }
      rest.removeIf(i -> !(current[i] > minScore));
    }
    return List.copyOf(kept);
  }

  /**
   * Suppression among the masks of each category.
   *
   * @param masks N masks of one size
   * @param scores [N]
   * @param categories [N]; masks of different categories leave each other alone
   * @param decay what an overlap does
   * @param minScore a mask must exceed it, except a category's first
   * @return the masks that stay, by rising category, within one in the order of selection
   */
  public static List<Kept> masks(
      List<Mask> masks, double[] scores, int[] categories, Decay decay, double minScore) {
    check(masks.size(), scores.length);
    check(categories.length, scores.length);
    List<Kept> kept = new ArrayList<>();
    for (int[] members : groups(categories)) {
      List<Mask> groupMasks = Arrays.stream(members).mapToObj(masks::get).toList();
      double[] groupScores = Arrays.stream(members).mapToDouble(i -> scores[i]).toArray();
      for (Kept one : masks(groupMasks, groupScores, decay, minScore)) {
        kept.add(new Kept(members[one.index()], one.score()));
      }
    }
    return List.copyOf(kept);
  }

  /** The indices of each category, categories rising. */
  private static List<int[]> groups(int[] categories) {
    TreeMap<Integer, List<Integer>> groups = new TreeMap<>();
    for (int i = 0; i < categories.length; i++) {
      groups.computeIfAbsent(categories[i], category -> new ArrayList<>()).add(i);
    }
    return groups.values().stream()
        .map(group -> group.stream().mapToInt(Integer::intValue).toArray())
        .toList();
  }
}
