package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import org.zeroseg.core.tensor.Interpolation;

/** How the stored positional table is carried to another grid; always bicubic, a = -0.75. */
public enum PositionRule {
  /**
   * DINO's: the step is stored side over (side + 0.1). Unchanged where the number of positions is
   * the stored one and the picture is square.
   */
  DINO {
    @Override
    boolean keeps(DinoConfig config, Grid grid, boolean square) {
      return grid.size() == config.side() * config.side() && square;
    }
  },

  /**
   * SelfMask's: the step is stored side over side. Unchanged whenever the number of positions is
   * the stored one, even for another grid, as the published checkpoint was evaluated.
   */
  SELFMASK {
    @Override
    boolean keeps(DinoConfig config, Grid grid, boolean square) {
      return grid.size() == config.side() * config.side();
    }
  },

  /** The step is stored side over side. Unchanged only on the stored grid. */
  TARGET_SIZE {
    @Override
    boolean keeps(DinoConfig config, Grid grid, boolean square) {
      return grid.rows() == config.side() && grid.columns() == config.side();
    }
  };

  /** Whether the table is used as it is. */
  abstract boolean keeps(DinoConfig config, Grid grid, boolean square);

  /**
   * A table seen as a picture {@code [1, D, n, n]} on another grid: {@code [1, D, rows, columns]}.
   */
  NDArray resample(NDArray picture, Grid grid) {
    if (this == DINO) {
      double side = picture.getShape().get(2);
      return Interpolation.scale(
          picture,
          (grid.rows() + 0.1) / side,
          (grid.columns() + 0.1) / side,
          Interpolation.Mode.BICUBIC);
    }
    return Interpolation.resize(picture, grid.rows(), grid.columns(), Interpolation.Mode.BICUBIC);
  }
}
