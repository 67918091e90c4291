package org.zeroseg.zsi;

import java.util.Arrays;

/**
 * Boxes that stay after suppression.
 *
 * @param boxes {@code [n, 4]}: x1, y1, x2, y2, the last pixel included
 * @param scores {@code [n]}
 * @param classes {@code [n]}, from 1; 0 is background and never among them
 * @param rows {@code [n]}, which proposal each came from
 */
@SuppressWarnings("ArrayRecordComponent")
record Detections(float[] boxes, float[] scores, int[] classes, int[] rows) {

  /**
   * What stays.
   *
   * @param score a box of a lower or equal one goes
   * @param overlap of two boxes of a class beyond which the one of the lower score goes
   * @param most of a picture
   */
  record Rules(double score, double overlap, int most) {

    /** The constants of the released code. */
    static final Rules PUBLISHED = new Rules(0.05, 0.5, 100);
  }

  int size() {
    return scores.length;
  }

  /**
   * Suppression in every class, then the best of all classes. Candidates are looked at by falling
   * score, whatever their class, until enough have stayed; this gives what suppression class by
   * class and a cut afterwards give.
   *
   * @param boxes {@code [rows, slots, 4]}
   * @param slots boxes of each row
   * @param slot which of them each class takes
   * @param scores {@code [rows, classes]}, background first
   * @return by falling score if there are more than enough; else by class, within a class by row
   */
  static Detections select(float[] boxes, int slots, int[] slot, float[] scores, Rules rules) {
    int classes = slot.length;
    int rows = scores.length / classes;
    float least = (float) rules.score();
    long[] order = new long[scores.length];
    int candidates = 0;
    for (int c = 1; c < classes; c++) {
      for (int row = 0; row < rows; row++) {
        float score = scores[row * classes + c];
        if (score > least) {
          order[candidates++] = (long) ~sortable(score) << 32 | (c * rows + row);
        }
      }
    }
    Arrays.sort(order, 0, candidates);
    int[][] stayed = new int[classes][];
    int[] counts = new int[classes];
    int[] kept = new int[(int) Math.min(candidates, rules.most() + 1L)];
    int count = 0;
    for (int i = 0; i < candidates && count < kept.length; i++) {
      int candidate = (int) order[i];
      int c = candidate / rows;
      int box = candidate % rows * slots + slot[c];
      if (stayed[c] == null) {
        stayed[c] = new int[4];
      }
      boolean free = true;
      for (int other = 0; free && other < counts[c]; other++) {
        free = Matching.iou(boxes, stayed[c][other], boxes, box) <= (float) rules.overlap();
      }
      if (free) {
        if (counts[c] == stayed[c].length) {
          stayed[c] = Arrays.copyOf(stayed[c], 2 * counts[c]);
        }
        stayed[c][counts[c]++] = box;
        kept[count++] = candidate;
      }
    }
    if (count > rules.most()) {
      count = rules.most();
    } else {
      Arrays.sort(kept, 0, count);
    }
    return gathered(kept, count, boxes, slots, slot, scores);
  }

  /** These, then others, whose classes come after a number of these. */
  Detections followedBy(Detections others, int classesBefore) {
    int count = size() + others.size();
    Detections all =
        new Detections(
            Arrays.copyOf(boxes, 4 * count),
            Arrays.copyOf(scores, count),
            Arrays.copyOf(classes, count),
            Arrays.copyOf(rows, count));
    System.arraycopy(others.boxes, 0, all.boxes, boxes.length, others.boxes.length);
    System.arraycopy(others.scores, 0, all.scores, size(), others.size());
    System.arraycopy(others.rows, 0, all.rows, size(), others.size());
    for (int i = 0; i < others.size(); i++) {
      all.classes[size() + i] = classesBefore + others.classes[i];
    }
    return all;
  }

  /** Some of these, in another order. */
  Detections chosen(int[] indices) {
    Detections some =
        new Detections(
            new float[4 * indices.length],
            new float[indices.length],
            new int[indices.length],
            new int[indices.length]);
    for (int i = 0; i < indices.length; i++) {
      System.arraycopy(boxes, 4 * indices[i], some.boxes, 4 * i, 4);
      some.scores[i] = scores[indices[i]];
      some.classes[i] = classes[indices[i]];
      some.rows[i] = rows[indices[i]];
    }
    return some;
  }

  private static Detections gathered(
      int[] kept, int count, float[] boxes, int slots, int[] slot, float[] scores) {
    int classes = slot.length;
    int rows = scores.length / classes;
    Detections found =
        new Detections(new float[4 * count], new float[count], new int[count], new int[count]);
    for (int i = 0; i < count; i++) {
      int c = kept[i] / rows;
      int row = kept[i] % rows;
      System.arraycopy(boxes, 4 * (row * slots + slot[c]), found.boxes, 4 * i, 4);
      found.scores[i] = scores[row * classes + c];
      found.classes[i] = c;
      found.rows[i] = row;
    }
    return found;
  }

  /** Bits that rise with the number, as a signed integer. */
  private static int sortable(float score) {
    int bits = Float.floatToIntBits(score);
    return bits ^ (bits >> 31 & 0x7fffffff);
  }
}
