package org.zeroseg.eval.naming;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * IoU and recall of segments after each has been reassigned to a class of the data set (or to
 * none). Every picture counts alike, however many classes it holds; this is not the usual
 * data-set-wide confusion matrix (nessessence/ZeroGuidanceSeg, {@code eval_openvocab.py}). Not
 * thread-safe.
 */
final class ReassignmentEvaluator {

  private static final double FOUND = 0.5;

  /**
   * The scores of a picture.
   *
   * @param classes indices of the classes that are in the truth or were assigned, rising
   * @param ious of each; NaN where nothing is left of either
   * @param iou mean of the ious that are not NaN
   * @param bestSegmentIou the same with only each class's most similar segment
   * @param recall share of the classes for which one segment alone reaches IoU 0.5: the reference's
   *     count, in which extra predictions are misses
   */
  @SuppressWarnings("ArrayRecordComponent")
  record PictureScore(
      int[] classes, double[] ious, double iou, double bestSegmentIou, double recall) {}

  private final int classes;
  private final List<PictureScore> pictures = new ArrayList<>();
  private long truths;
  private long found;

  /** An empty evaluation by so many classes. */
  ReassignmentEvaluator(int classes) {
    this.classes = classes;
  }

  /**
   * Adds a picture.
   *
   * @param overlaps its pixels, counted
   * @param similarities [segments, classes], of {@link Similarities#between}
   * @param threshold below which a segment gets no class
   * @return the picture's scores
   */
  PictureScore add(SegmentOverlaps overlaps, double[][] similarities, double threshold) {
    int[] assigned = Similarities.assign(similarities, threshold);
    int[] involved =
        IntStream.range(0, classes)
            .filter(c -> overlaps.isTrue(c) || contains(assigned, c))
            .toArray();
    double[] ious = new double[involved.length];
    double[] bestIous = new double[involved.length];
    int alone = 0;
    for (int i = 0; i < involved.length; i++) {
      int c = involved[i];
      int[] own = IntStream.range(0, assigned.length).filter(s -> assigned[s] == c).toArray();
      ious[i] = overlaps.iou(c, own);
      bestIous[i] = overlaps.iou(c, mostSimilar(own, similarities, c));
      alone += Arrays.stream(own).anyMatch(s -> overlaps.iou(c, s) >= FOUND) ? 1 : 0;
      truths += overlaps.isTrue(c) ? 1 : 0;
      found += overlaps.isTrue(c) && ious[i] > FOUND ? 1 : 0;
    }
    PictureScore score =
        new PictureScore(
            involved, ious, mean(ious), mean(bestIous), (double) alone / involved.length);
    pictures.add(score);
    return score;
  }

  private static boolean contains(int[] values, int wanted) {
    return Arrays.stream(values).anyMatch(value -> value == wanted);
  }

  /** The most similar segment, the last of equal ones as in the reference. */
  private static int[] mostSimilar(int[] own, double[][] similarities, int c) {
    return Arrays.stream(own)
        .reduce((a, b) -> similarities[b][c] >= similarities[a][c] ? b : a)
        .stream()
        .toArray();
  }

  /** Mean of what is not NaN. */
  private static double mean(double[] values) {
    return Arrays.stream(values).filter(value -> !Double.isNaN(value)).average().orElse(Double.NaN);
  }

  /** The pictures so far, in the order of adding. */
  List<PictureScore> pictures() {
    return List.copyOf(pictures);
  }

  /** Mean IoU over pictures; NaN if there are none. */
  double iou() {
    return mean(pictures.stream().mapToDouble(PictureScore::iou).toArray());
  }

  /** Mean IoU over pictures with only each class's most similar segment; NaN if there are none. */
  double bestSegmentIou() {
    return mean(pictures.stream().mapToDouble(PictureScore::bestSegmentIou).toArray());
  }

  /**
   * Segment recall as the paper defines it: the share of true classes, over all pictures together,
   * whose united segments have an IoU above 0.5; NaN if there are none.
   */
  double recall() {
    return truths == 0 ? Double.NaN : (double) found / truths;
  }

  /**
   * Segment recall as the reference code counts it: the mean over pictures of {@link
   * PictureScore#recall}; NaN if there are none. Which of the two made the published numbers cannot
   * be told.
   */
  double recallReference() {
    return mean(pictures.stream().mapToDouble(PictureScore::recall).toArray());
  }
}
