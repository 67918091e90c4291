package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.Arrays;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.RoiAlign;

/**
 * Features of boxes, each from the level of the pyramid that suits its size (Lin et al. 2017,
 * Feature Pyramid Networks, Sec. 4.2), with the arithmetic of the released code's GPU kernel.
 *
 * @param side bins of a box along both axes
 * @param strides of the levels in use, P2 to P5
 */
@SuppressWarnings("ArrayRecordComponent")
record BoxFeatures(int side, int[] strides) {

  /** For the detector. */
  static final BoxFeatures BOXES = new BoxFeatures(7, new int[] {4, 8, 16, 32});

  /** For the mask head. */
  static final BoxFeatures MASKS = new BoxFeatures(14, new int[] {4, 8, 16, 32});

  /** Boxes below twice this size are taken from the finest level. */
  private static final float FINEST = 56;

  private static final int SAMPLES = 2;

  /** The level of a box, from 0. */
  int level(float[] boxes, int box) {
    int at = 4 * box;
    float area = (boxes[at + 2] - boxes[at] + 1) * (boxes[at + 3] - boxes[at + 1] + 1);
    double level = Math.floor(Math.log((float) Math.sqrt(area) / FINEST + 1e-6f) / Math.log(2));
    return (int) Math.max(0, Math.min(strides.length - 1, level));
  }

  /**
   * Pools boxes; at least one.
   *
   * @param levels {@code [B, C, H, W]} each, finest first; coarser ones than the strides' are
   *     ignored
   * @param boxes {@code [R, 4]} in pixels of the input
   * @param pictures which picture of the batch each is in
   * @param mode whether gradients flow into the levels
   * @return {@code [R, C, side, side]}
   */
  NDArray pool(NDList levels, float[] boxes, int[] pictures, Mode mode) {
    int[][] members = new int[strides.length][pictures.length];
    int[] counts = new int[strides.length];
    for (int i = 0; i < pictures.length; i++) {
      int level = level(boxes, i);
      members[level][counts[level]++] = i;
    }
    NDList pooled = new NDList();
    long[] place = new long[pictures.length];
    int done = 0;
    for (int level = 0; level < strides.length; level++) {
      if (counts[level] == 0) {
        continue;
      }
      float[] rows = new float[5 * counts[level]];
      for (int i = 0; i < counts[level]; i++) {
        int box = members[level][i];
        rows[5 * i] = pictures[box];
        System.arraycopy(boxes, 4 * box, rows, 5 * i + 1, 4);
        place[box] = done++;
      }
      RoiAlign align =
          new RoiAlign(side, side, 1f / strides[level], SAMPLES, RoiAlign.Convention.INCLUSIVE);
      pooled.add(align.pool(levels.get(level), rows, mode));
    }
    NDArray all = pooled.size() == 1 ? pooled.get(0) : NDArrays.concat(pooled, 0);
    if (Arrays.equals(place, sorted(place))) {
      return all;
    }
    // Not closed: autograd would read memory that is given back.
    NDArray index = all.getManager().create(place);
    return mode.call(ProposalNetwork.KERNELS, "reorder", all, index);
  }

  private static long[] sorted(long[] values) {
    long[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted;
  }
}
