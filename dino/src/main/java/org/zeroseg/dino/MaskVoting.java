package org.zeroseg.dino;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/**
 * Chooses among many masks of a picture the one that agrees best with all others (Shin et al. 2022,
 * Sec. 3.1): objects do not span the picture, and are found by many encoders alike.
 *
 * @param dropSpanning whether masks that reach from top to bottom or from left to right are left
 *     out
 * @param dropExtreme whether masks of less than 5 % of the picture, or with a box of more than 95
 *     %, are left out
 */
public record MaskVoting(boolean dropSpanning, boolean dropExtreme) {

  /** The published setting. */
  public static final MaskVoting DEFAULT = new MaskVoting(true, false);

  private static final double LEAST = 0.05;
  private static final double MOST = 0.95;

  /** Keeps the IoU of two empty masks defined. */
  private static final double EPSILON = 1e-7;

  /**
   * An election.
   *
   * @param kept indices of the masks that took part, ascending
   * @param scores of each of them the sum of IoUs with all that took part, itself included
   * @param best index of the winner among all masks; the first of equals
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Vote(int[] kept, double[] scores, int best) {}

  /**
   * Holds an election. If no mask passes the filters, all take part, empty ones included.
   *
   * @param masks at least one, all of one size
   * @return the winner and the scores
   * @throws IllegalArgumentException if there is no mask, or sizes differ
   */
  public Vote vote(List<Mask> masks) {
    if (masks.isEmpty()) {
      throw new IllegalArgumentException("No masks to vote among");
    }
    int[] passed = IntStream.range(0, masks.size()).filter(i -> passes(masks.get(i))).toArray();
    int[] kept = passed.length > 0 ? passed : IntStream.range(0, masks.size()).toArray();
    List<Mask> voters = new ArrayList<>();
    for (int i : kept) {
      voters.add(masks.get(i));
    }
    double[] scores = new double[kept.length];
    for (int i = 0; i < kept.length; i++) {
      for (int j = i; j < kept.length; j++) {
        double common = voters.get(i).intersection(voters.get(j));
        double iou = common / (voters.get(i).area() + voters.get(j).area() - common + EPSILON);
        scores[i] += iou;
        scores[j] += i == j ? 0 : iou;
      }
    }
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    return new Vote(kept, scores, kept[best]);
  }

  private boolean passes(Mask mask) {
    if (mask.isEmpty()) {
      return false;
    }
    Box box = mask.box();
    if (dropSpanning && (box.height() == mask.height() || box.width() == mask.width())) {
      return false;
    }
    double picture = (double) mask.width() * mask.height();
    // The released code measures a box from its first pixel to its last, one short a side.
    double extent = (box.width() - 1) * (box.height() - 1);
    return !dropExtreme || (mask.area() / picture >= LEAST && extent / picture <= MOST);
  }
}
