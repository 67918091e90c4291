package org.zeroseg.zsi;

import java.util.List;

/**
 * What the proposal network is to answer for a batch, level by level.
 *
 * @param pictures targets of each, of all levels
 * @param counts anchors of each level of a picture
 */
@SuppressWarnings("ArrayRecordComponent")
record ProposalTargets(List<AnchorTargets> pictures, int[] counts) {

  /** Labels of one level, of all pictures: 1, 0, or -1. */
  long[] labels(int level) {
    int count = counts[level];
    int from = start(level);
    long[] labels = new long[pictures.size() * count];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = pictures.get(i / count).labels()[from + i % count];
    }
    return labels;
  }

  /** Deltas of one level, of all pictures, {@code [n, 4]}. */
  float[] deltas(int level) {
    int length = 4 * counts[level];
    float[] deltas = new float[pictures.size() * length];
    for (int i = 0; i < pictures.size(); i++) {
      System.arraycopy(pictures.get(i).deltas(), 4 * start(level), deltas, i * length, length);
    }
    return deltas;
  }

  private int start(int level) {
    int start = 0;
    for (int i = 0; i < level; i++) {
      start += counts[i];
    }
    return start;
  }

  /** What the losses are divided by. */
  int samples() {
    return pictures.stream().mapToInt(AnchorTargets::samples).sum();
  }
}
