package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import java.util.Optional;
import org.zeroseg.core.segment.Tiles;

/**
 * Looks at a large input through overlapping squares; where they overlap their values are averaged.
 *
 * @param dense makes the features of a square
 * @param tiles the squares
 */
record SlidingWindow(DenseClip dense, Tiles tiles) {

  /** The map of one picture {@code [1, 3, H, W]}, padded to whole cells. */
  DenseClip.Map map(NDArray pixels, NDArray words, boolean keys) {
    NDArray padded = Tiles.pad(pixels, dense.stride());
    int height = (int) padded.getShape().get(2) / dense.stride();
    int width = (int) padded.getShape().get(3) / dense.stride();
    Tiles.Mean cosines = new Tiles.Mean(height, width);
    Tiles.Mean keyMean = new Tiles.Mean(height, width);
    for (int top : tiles.starts(height)) {
      for (int left : tiles.starts(width)) {
        try (NDManager call = pixels.getManager().newSubManager()) {
          NDArray square = cut(padded, top, left);
          square.attach(call);
          DenseClip.Map map = dense.features(square, keys).compare(words);
          cosines.add(map.cosines().swapAxes(1, 2), top, left, map.width());
          map.keys().ifPresent(found -> keyMean.add(found, top, left, map.width()));
        }
      }
    }
    NDManager manager = pixels.getManager();
    Optional<NDArray> meanKeys = keys ? Optional.of(keyMean.toArray(manager)) : Optional.empty();
    return new DenseClip.Map(cosines.toArray(manager).swapAxes(1, 2), meanKeys, height, width);
  }

  private NDArray cut(NDArray padded, int top, int left) {
    int stride = dense.stride();
    return padded.get(
        new NDIndex(
            ":, :, {}:{}, {}:{}",
            top * stride,
            Math.min(padded.getShape().get(2), (long) (top + tiles.side()) * stride),
            left * stride,
            Math.min(padded.getShape().get(3), (long) (left + tiles.side()) * stride)));
  }
}
