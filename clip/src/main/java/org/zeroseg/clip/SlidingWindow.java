package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import java.util.stream.IntStream;
import org.zeroseg.core.segment.Tiles;

/**
 * Looks at a large input through overlapping squares whose edges lie between cells, so that the
 * cells of all squares are those of one grid; where squares overlap their values are averaged.
 *
 * @param dense makes the features of a square
 * @param side of a square in cells
 * @param step between squares in cells
 */
record SlidingWindow(DenseClip dense, int side, int step) {

  /** Side and step in pixels, rounded up to whole cells. */
  static SlidingWindow of(DenseClip dense, int side, int step) {
    int stride = dense.stride();
    return new SlidingWindow(dense, ceiling(side, stride), ceiling(step, stride));
  }

  private static int ceiling(int pixels, int stride) {
    return (pixels + stride - 1) / stride;
  }

  /** The map of one picture {@code [1, 3, H, W]}, padded to whole cells. */
  DenseClip.Map map(NDArray pixels, NDArray words, boolean keys) {
    NDArray padded = Tiles.pad(pixels, dense.stride());
    int height = (int) padded.getShape().get(2) / dense.stride();
    int width = (int) padded.getShape().get(3) / dense.stride();
    Mean cosines = new Mean(height, width);
    Mean keyMean = new Mean(height, width);
    for (int top : starts(height)) {
      for (int left : starts(width)) {
        try (NDManager call = pixels.getManager().newSubManager()) {
          NDArray square = cut(padded, top, left);
          square.attach(call);
          DenseClip.Map map = dense.features(square, keys).compare(words);
          cosines.add(map.cosines().swapAxes(1, 2), top, left, map);
          map.keys().ifPresent(found -> keyMean.add(found, top, left, map));
        }
      }
    }
    NDManager manager = pixels.getManager();
    Optional<NDArray> meanKeys = keys ? Optional.of(keyMean.toArray(manager)) : Optional.empty();
    return new DenseClip.Map(cosines.toArray(manager).swapAxes(1, 2), meanKeys, height, width);
  }

  /** Every step, and once more at the far edge. */
  int[] starts(int cells) {
    int last = Math.max(0, cells - side);
    int count = (last + step - 1) / step + 1;
    return IntStream.range(0, count).map(i -> Math.min(i * step, last)).toArray();
  }

  private NDArray cut(NDArray padded, int top, int left) {
    int stride = dense.stride();
    return padded.get(
        new NDIndex(
            ":, :, {}:{}, {}:{}",
            top * stride,
            Math.min(padded.getShape().get(2), (long) (top + side) * stride),
            left * stride,
            Math.min(padded.getShape().get(3), (long) (left + side) * stride)));
  }

  /** The mean of values {@code [1, h w, X]} that lie on parts of a grid. */
  private static final class Mean {
    private final int height;
    private final int width;
    private final int[] counts;
    private float[] sums = {};

    Mean(int height, int width) {
      this.height = height;
      this.width = width;
      this.counts = new int[height * width];
    }

    void add(NDArray values, int top, int left, DenseClip.Map part) {
      int depth = (int) values.getShape().get(2);
      if (sums.length == 0) {
        sums = new float[Math.multiplyExact(height * width, depth)];
      }
      float[] found = values.toFloatArray();
      for (int y = 0; y < part.height(); y++) {
        for (int x = 0; x < part.width(); x++) {
          int cell = (top + y) * width + left + x;
          int from = (y * part.width() + x) * depth;
          counts[cell]++;
          for (int i = 0; i < depth; i++) {
            sums[cell * depth + i] += found[from + i];
          }
        }
      }
    }

    NDArray toArray(NDManager manager) {
      int depth = sums.length / counts.length;
      for (int i = 0; i < sums.length; i++) {
        sums[i] /= counts[i / depth];
      }
      return manager.create(sums, new Shape(1, counts.length, depth));
    }
  }
}
