package org.zeroseg.eval;

import org.zeroseg.core.mask.Mask;

/**
 * The pixels near the border of a region (Cheng et al. 2021, "Boundary IoU"): those that vanish
 * when the region is eroded by a 3 x 3 square a number of times, everything outside the picture
 * counting as outside the region. That is, those whose chessboard distance to the nearest pixel of
 * another region is at most that number; one distance transform serves all regions at once.
 */
public final class Boundaries {

  private Boundaries() {}

  /**
   * How far from the border a pixel still counts.
   *
   * @param width columns
   * @param height rows
   * @param ratio share of the picture's diagonal: 0.02 in boundary-iou-api, 0.03 in ImageNet-S
   * @return pixels, at least 1; rounded half to even, as the reference's language does
   */
  public static int distance(int width, int height, double ratio) {
    double diagonal = Math.sqrt((double) height * height + (double) width * width);
    return (int) Math.max(1, Math.rint(ratio * diagonal));
  }

  /**
   * The boundary of a mask.
   *
   * @param mask a region
   * @param distance in pixels, from 1
   * @return those of its pixels that are near its border
   */
  public static Mask of(Mask mask, int distance) {
    int width = mask.width();
    int[] labels = new int[width * mask.height()];
    mask.forEach((x, y) -> labels[y * width + x] = 1);
    boolean[] near = of(labels, width, mask.height(), distance);
    return Mask.of(width, mask.height(), near).and(mask);
  }

  /**
   * The boundaries of all regions of a label map.
   *
   * @param labels [height * width], row-major
   * @param width columns
   * @param height rows
   * @param distance in pixels, from 1
   * @return [height * width], true where another label or the outside is that near
   */
  public static boolean[] of(int[] labels, int width, int height, int distance) {
    int[] steps = new int[width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int at = y * width + x;
        int best = y == 0 || x == 0 || x == width - 1 || y == height - 1 ? 1 : Integer.MAX_VALUE;
        if (best > 1) {
          best = Math.min(best, step(labels, steps, at, at - width - 1));
          best = Math.min(best, step(labels, steps, at, at - width));
          best = Math.min(best, step(labels, steps, at, at - width + 1));
          best = Math.min(best, step(labels, steps, at, at - 1));
        }
        steps[at] = best;
      }
    }
    boolean[] near = new boolean[steps.length];
    for (int y = height - 1; y >= 0; y--) {
      for (int x = width - 1; x >= 0; x--) {
        int at = y * width + x;
        if (steps[at] > 1) {
          int best = steps[at];
          best = Math.min(best, step(labels, steps, at, at + width + 1));
          best = Math.min(best, step(labels, steps, at, at + width));
          best = Math.min(best, step(labels, steps, at, at + width - 1));
          steps[at] = Math.min(best, step(labels, steps, at, at + 1));
        }
        near[at] = steps[at] <= distance;
      }
    }
    return near;
  }

  /** Steps out of the region of {@code from}, going by way of {@code to}. */
  private static int step(int[] labels, int[] steps, int from, int to) {
    return labels[from] == labels[to] ? steps[to] + 1 : 1;
  }
}
