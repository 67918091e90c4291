package org.zeroseg.zsi;

import java.util.Arrays;

/**
 * Which object a box is to learn, by their overlap (mmdetection's MaxIoUAssigner). Boxes are rows
 * x1, y1, x2, y2, the last pixel included.
 *
 * @param positive a box that overlaps an object as much or more learns it
 * @param negative a box that overlaps every object less is background
 * @param least the best boxes of an object learn it, however small the overlap, down to this
 */
record Matching(float positive, float negative, float least) {

  /** Neither an object nor background: the box is left out. */
  static final int IGNORED = -1;

  static final Matching PROPOSALS = new Matching(0.7f, 0.3f, 0.3f);
  static final Matching DETECTIONS = new Matching(0.5f, 0.5f, 0.5f);

  /**
   * Objects of boxes.
   *
   * @param objects for each box 0 for background, else the number of its object from 1
   * @param overlaps the largest of each box
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Matches(int[] objects, float[] overlaps) {}

  /** Matches boxes {@code [n, 4]} with objects {@code [k, 4]}. */
  Matches of(float[] boxes, float[] objects) {
    int n = boxes.length / 4;
    int k = objects.length / 4;
    float[] best = new float[n];
    int[] first = new int[n];
    float[] reached = new float[k];
    for (int object = 0; object < k; object++) {
      for (int box = 0; box < n; box++) {
        float overlap = iou(objects, object, boxes, box);
        if (overlap > best[box]) {
          best[box] = overlap;
          first[box] = object;
        }
        reached[object] = Math.max(reached[object], overlap);
      }
    }
    int[] matched = new int[n];
    for (int box = 0; box < n; box++) {
      matched[box] = best[box] >= positive ? first[box] + 1 : best[box] < negative ? 0 : IGNORED;
    }
    for (int object = 0; object < k; object++) {
      if (reached[object] >= least) {
        for (int box = 0; box < n; box++) {
          if (iou(objects, object, boxes, box) == reached[object]) {
            matched[box] = object + 1;
          }
        }
      }
    }
    if (k == 0) {
      Arrays.fill(matched, 0);
    }
    return new Matches(matched, best);
  }

  /** Intersection over union of two rows; 0 where the union is empty. */
  static float iou(float[] a, int i, float[] b, int j) {
    float shared = shared(a, i, b, j);
    float union = area(a, i) + area(b, j) - shared;
    return shared > 0 && union > 0 ? shared / union : 0;
  }

  /** Intersection over the area of the first row. */
  static float iof(float[] a, int i, float[] b, int j) {
    float shared = shared(a, i, b, j);
    return shared > 0 ? shared / area(a, i) : 0;
  }

  private static float shared(float[] a, int i, float[] b, int j) {
    int p = 4 * i;
    int q = 4 * j;
    float w = Math.min(a[p + 2], b[q + 2]) - Math.max(a[p], b[q]) + 1;
    float h = Math.min(a[p + 3], b[q + 3]) - Math.max(a[p + 1], b[q + 1]) + 1;
    return w > 0 && h > 0 ? w * h : 0;
  }

  private static float area(float[] boxes, int i) {
    int at = 4 * i;
    return (boxes[at + 2] - boxes[at] + 1) * (boxes[at + 3] - boxes[at + 1] + 1);
  }
}
