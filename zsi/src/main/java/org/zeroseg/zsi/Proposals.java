package org.zeroseg.zsi;

import java.util.Arrays;
import java.util.List;
import org.zeroseg.core.mask.Nms;

/**
 * Boxes of a picture that may hold something, by falling score.
 *
 * @param boxes {@code [n, 4]} in pixels of the network's input
 * @param scores {@code [n]}: probability of not being background
 */
@SuppressWarnings("ArrayRecordComponent")
record Proposals(float[] boxes, float[] scores) {

  /**
   * How many.
   *
   * @param before boxes of a level that suppression looks at, the best ones
   * @param after boxes of a level that suppression leaves
   * @param most of all levels together
   * @param overlap of two boxes of a level beyond which one goes
   */
  record Rules(int before, int after, int most, double overlap) {

    static final Rules TESTING = new Rules(1000, 1000, 1000, 0.7);
    static final Rules TRAINING = new Rules(2000, 2000, 2000, 0.7);
  }

  /**
   * What the proposal network says of one level of one picture.
   *
   * @param scores of background and foreground for each shape, {@code [2 A, cells]}
   * @param deltas {@code [4 A, cells]}
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Level(float[] scores, float[] deltas) {}

  int size() {
    return scores.length;
  }

  /**
   * The proposals of a picture.
   *
   * @param anchors of each level, {@code [cells A, 4]}
   * @param width of the picture without padding
   * @param height likewise
   */
  static Proposals of(
      List<Level> levels, List<float[]> anchors, double width, double height, Rules rules) {
    float[] boxes = new float[0];
    float[] scores = new float[0];
    for (int i = 0; i < levels.size(); i++) {
      Proposals own = of(levels.get(i), anchors.get(i), width, height, rules);
      int before = scores.length;
      scores = Arrays.copyOf(scores, before + own.size());
      boxes = Arrays.copyOf(boxes, 4 * scores.length);
      System.arraycopy(own.scores, 0, scores, before, own.size());
      System.arraycopy(own.boxes, 0, boxes, 4 * before, 4 * own.size());
    }
    return new Proposals(boxes, scores).chosen(best(scores, rules.most()));
  }

  private static Proposals of(
      Level level, float[] anchors, double width, double height, Rules rules) {
    int shapes = Anchors.PUBLISHED.shapes();
    int cells = level.scores.length / (2 * shapes);
    float[] probabilities = new float[cells * shapes];
    for (int i = 0; i < probabilities.length; i++) {
      int at = 2 * (i % shapes) * cells + i / shapes;
      probabilities[i] = (float) (1 / (1 + Math.exp(level.scores[at] - level.scores[at + cells])));
    }
    int[] looked =
        probabilities.length > rules.before()
            ? best(probabilities, rules.before())
            : inOrder(probabilities.length);
    float[] chosen = new float[4 * looked.length];
    float[] deltas = new float[4 * looked.length];
    float[] scores = new float[looked.length];
    for (int i = 0; i < looked.length; i++) {
      int anchor = looked[i];
      System.arraycopy(anchors, 4 * anchor, chosen, 4 * i, 4);
      for (int j = 0; j < 4; j++) {
        deltas[4 * i + j] = level.deltas[(4 * (anchor % shapes) + j) * cells + anchor / shapes];
      }
      scores[i] = probabilities[anchor];
    }
    float[] boxes = Deltas.PROPOSALS.decode(chosen, deltas, 1, width, height);
    // Where the cut to "after" goes by score or cuts nothing, more than these make no difference.
    int most = scores.length;
    if (probabilities.length > rules.before()) {
      most = Math.min(rules.after(), rules.most());
    } else if (most <= rules.after()) {
      most = rules.most();
    }
    int[] kept =
        Nms.boxes(boxes, scores, rules.overlap(), Nms.BoxRule.MMDET_CUDA, most).stream()
            .mapToInt(Nms.Kept::index)
            .sorted()
            .limit(rules.after())
            .toArray();
    return new Proposals(boxes, scores).chosen(kept);
  }

  private Proposals chosen(int[] indices) {
    Proposals some = new Proposals(new float[4 * indices.length], new float[indices.length]);
    for (int i = 0; i < indices.length; i++) {
      System.arraycopy(boxes, 4 * indices[i], some.boxes, 4 * i, 4);
      some.scores[i] = scores[indices[i]];
    }
    return some;
  }

  private static int[] inOrder(int count) {
    int[] order = new int[count];
    Arrays.setAll(order, i -> i);
    return order;
  }

  /** Indices of the highest scores, which are probabilities, by falling score. */
  private static int[] best(float[] scores, int most) {
    long[] keys = new long[scores.length];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = (long) ~Float.floatToIntBits(scores[i]) << 32 | i;
    }
    Arrays.sort(keys);
    int[] best = new int[Math.min(most, keys.length)];
    Arrays.setAll(best, i -> (int) keys[i]);
    return best;
  }
}
