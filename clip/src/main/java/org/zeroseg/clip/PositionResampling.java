package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.zeroseg.core.network.Mode;

/**
 * How a position table is resampled to a grid other than the native one. All but {@link
 * #ANTIALIASED} take the bicubic kernel with a = -0.75, all leave the class token's row alone; they
 * differ in where they sample, and published numbers depend on it.
 */
public enum PositionResampling {

  /** To the target size, whenever the grid differs from the native one. */
  TARGET_SIZE,
  /**
   * To the target size, only when the number of cells differs: MaskCLIP and ReCo. A grid of another
   * shape with as many cells keeps the table as it is.
   */
  CELL_COUNT,
  /**
   * By the factors {@code (h + 0.1) / g} and {@code (w + 0.1) / g}, even at the native size, which
   * shifts the table slightly: ZUTIS, and DINO where the grid differs.
   */
  SCALE_FACTOR,
  /**
   * By the same factors, only when the number of cells differs: SCLIP and the attention variants
   * after it.
   */
  CELL_COUNT_BY_FACTOR,
  /** To the target size with antialiasing, whenever the grid differs from the native one: GEM. */
  ANTIALIASED,
  /** To the target size with aligned corners: the ResNets' attention pool in retrieval. */
  ALIGNED_CORNERS;

  /**
   * The table for a grid.
   *
   * @param table {@code [1 + g g, C]}, the class token's row first, then row-major
   * @param height cells from top to bottom
   * @param width cells from left to right
   * @param mode whether gradients are recorded for the table
   * @param manager owns the result
   * @return {@code [1 + height width, C]}; the table itself if no resampling is needed
   */
  NDArray resample(NDArray table, int height, int width, Mode mode, NDManager manager) {
    int grid = (int) Math.round(Math.sqrt(table.getShape().get(0) - 1.0));
    if (keeps(grid, height, width)) {
      return table;
    }
    double[] options = {height, width, this == ANTIALIASED ? 2 : 0, 0, 0};
    if (this == ALIGNED_CORNERS) {
      options[2] = 1;
    }
    if (this == SCALE_FACTOR || this == CELL_COUNT_BY_FACTOR) {
      options[3] = (height + 0.1) / grid;
      options[4] = (width + 0.1) / grid;
    }
    return mode.call("resample_positions", manager.create(options), table);
  }

  private boolean keeps(int grid, int height, int width) {
    return switch (this) {
      case TARGET_SIZE, ALIGNED_CORNERS, ANTIALIASED -> height == grid && width == grid;
      case CELL_COUNT, CELL_COUNT_BY_FACTOR -> height * width == grid * grid;
      case SCALE_FACTOR -> false;
    };
  }
}
