package org.zeroseg.zsi;

import java.util.Arrays;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.tensor.LinearTaps;

/** Brings a detection's small map of probabilities to its place in the picture. */
final class PastedMask {

  /** Side of the maps of the mask head. */
  static final int SIDE = 28;

  private PastedMask() {}

  /**
   * The pixels of a detection, encoded within its box; the picture itself is never held.
   *
   * @param probabilities {@code [28, 28]}, from an offset
   * @param boxes rows x1, y1, x2, y2 in pixels of the picture
   * @param box which row
   * @param width of the picture
   * @param height likewise
   * @param threshold a pixel's probability must exceed it
   */
  static Rle of(
      float[] probabilities,
      int offset,
      float[] boxes,
      int box,
      int width,
      int height,
      float threshold) {
    int left = (int) boxes[4 * box];
    int top = (int) boxes[4 * box + 1];
    int w = Math.max((int) boxes[4 * box + 2] - left + 1, 1);
    int h = Math.max((int) boxes[4 * box + 3] - top + 1, 1);
    // Run lengths go down the columns, so the map is turned first.
    float[] turned = new float[SIDE * SIDE];
    for (int i = 0; i < turned.length; i++) {
      turned[i % SIDE * SIDE + i / SIDE] = probabilities[offset + i];
    }
    LinearTaps across = LinearTaps.of(SIDE, w);
    LinearTaps down = LinearTaps.of(SIDE, h);
    Runs runs = new Runs();
    float[] narrow = new float[SIDE];
    float[] column = new float[h];
    long end = 0;
    for (int x = Math.max(0, -left); x < w && left + x < width; x++) {
      across.row(turned, 0, SIDE, x, narrow);
      down.apply(narrow, column);
      int from = Math.max(0, -top);
      int to = Math.min(h, height - top);
      for (int y = from; y < to; y++) {
        if (column[y] > threshold) {
          long position = (long) (left + x) * height + top + y;
          runs.add(false, position - end);
          runs.add(true, 1);
          end = position + 1;
        }
      }
    }
    runs.add(false, (long) width * height - end);
    return Rle.of(width, height, runs.counts());
  }

  /** Run lengths in the making, those of zeros first. */
  private static final class Runs {

    private int[] counts = new int[64];
    private int last;

    void add(boolean ones, long length) {
      if (length == 0) {
        return;
      }
      if ((last % 2 == 1) != ones) {
        last++;
        if (last == counts.length) {
          counts = Arrays.copyOf(counts, 2 * last);
        }
      }
      counts[last] += Math.toIntExact(length);
    }

    int[] counts() {
      return Arrays.copyOf(counts, last + 1);
    }
  }
}
