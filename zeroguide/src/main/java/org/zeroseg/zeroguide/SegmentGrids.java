package org.zeroseg.zeroguide;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.tensor.Interpolation;

/** Segments on the grid of a vision transformer. */
final class SegmentGrids {

  private SegmentGrids() {}

  /**
   * The share of each cell that belongs to the segment: the mask's average over the cell. Cells
   * share pixels where the sides do not divide, and repeat them where the mask is the smaller.
   *
   * @param masks at least one, all of one size
   * @return {@code [S, grid, grid]}
   */
  static NDArray of(NDManager call, List<Mask> masks, int grid) {
    int width = masks.get(0).width();
    int height = masks.get(0).height();
    NDList cells = new NDList(masks.size());
    // One at a time: pixels as floats are 32 times the size of the masks.
    for (Mask mask : masks) {
      float[] pixels = new float[width * height];
      mask.forEach((x, y) -> pixels[y * width + x] = 1);
      try (NDArray plane = call.create(pixels, new Shape(1, 1, height, width))) {
        cells.add(Interpolation.resize(plane, grid, grid, Interpolation.Mode.AREA).squeeze(1));
      }
    }
    return NDArrays.concat(cells);
  }
}
