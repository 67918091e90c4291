package org.zeroseg.eval.naming;

import java.util.HashMap;
import java.util.Map;
import org.zeroseg.core.supervision.LabelMap;

/** How many pixels each segment of a picture shares with each class, border and background. */
final class SegmentOverlaps {

  private static final int VOC_BORDER = 255;
  private static final int VOC_BACKGROUND = 0;

  private final int background; // VOC: not counted against absent classes
  private final int border; // VOC: not counted at all
  private final long[][] shared; // [segment, kind of pixel]
  private final long[] pixels; // by kind

  /**
   * Counts.
   *
   * @param segments numbers from 0, of any size; resized to the truth's
   * @param ids the label that stands for each class in the truth
   * @param voc PASCAL VOC: predictions on the border (255) do not count, nor on the background
   *     those of classes that are not in the picture. Else, as for PASCAL Context, other labels are
   *     never truth, but predictions on their pixels count against the union
   */
  SegmentOverlaps(LabelMap truth, LabelMap segments, int count, int[] ids, boolean voc) {
    int none = ids.length; // pixels of no class
    background = none + 1;
    border = none + 2;
    shared = new long[count][none + 3];
    pixels = new long[none + 3];
    Map<Integer, Integer> kinds = new HashMap<>();
    if (voc) {
      kinds.put(VOC_BORDER, border);
      kinds.put(VOC_BACKGROUND, background);
    }
    for (int c = 0; c < ids.length; c++) {
      kinds.put(ids[c], c);
    }
    int[] parts = segments.resize(truth.width(), truth.height(), LabelMap.Nearest.FLOOR).labels();
    int[] labels = truth.labels();
    for (int i = 0; i < labels.length; i++) {
      int kind = kinds.getOrDefault(labels[i], none);
      pixels[kind]++;
      if (parts[i] >= 0 && parts[i] < count) {
        shared[parts[i]][kind]++;
      }
    }
  }

  /** Whether the picture's truth has the class. */
  boolean isTrue(int c) {
    return pixels[c] > 0;
  }

  /** IoU of a class and some segments together; NaN where nothing is left of either. */
  double iou(int c, int... segments) {
    long both = 0;
    long predicted = 0;
    for (int segment : segments) {
      both += shared[segment][c];
      for (int kind = 0; kind < pixels.length; kind++) {
        boolean excused = kind == border || (kind == background && !isTrue(c));
        predicted += excused ? 0 : shared[segment][kind];
      }
    }
    return (double) both / (predicted + pixels[c] - both);
  }
}
