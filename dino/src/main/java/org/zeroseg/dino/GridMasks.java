package org.zeroseg.dino;

import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Components;
import org.zeroseg.core.mask.Connectivity;
import org.zeroseg.core.mask.Mask;

/** Masks on a grid of positions and what they are in the picture. */
public final class GridMasks {

  private GridMasks() {}

  /** The 4-connected component of the positive scores that holds the seed; the seed at least. */
  static Mask around(int seed, float[] scores, Grid grid) {
    return around(seed, Mask.above(grid.columns(), grid.rows(), scores, 0), grid);
  }

  /** The 4-connected component of a mask that holds the seed; the seed alone if outside. */
  static Mask around(int seed, Mask mask, Grid grid) {
    int x = seed % grid.columns();
    int y = seed / grid.columns();
    if (!mask.get(x, y)) {
      return Mask.of(grid.columns(), grid.rows(), (u, v) -> u == x && v == y);
    }
    Components components = mask.components(Connectivity.FOUR);
    return components.mask(components.labels()[seed] - 1);
  }

  /**
   * The box of a grid mask in the picture.
   *
   * @param mask on the grid, not empty
   * @param cell side of a position's cell in pixels
   * @param width of the picture; the box ends there
   * @param height of the picture; the box ends there
   * @return the box in pixels
   */
  public static Box box(Mask mask, int cell, int width, int height) {
    Box cells = mask.box();
    double left = cells.x() * cell;
    double top = cells.y() * cell;
    double right = Math.min(width, (cells.x() + cells.width()) * cell);
    double bottom = Math.min(height, (cells.y() + cells.height()) * cell);
    return new Box(left, top, right - left, bottom - top);
  }

  /**
   * A grid mask as pixels: each cell becomes a square, and what lies beyond the picture is cut off.
   *
   * @param mask on the grid
   * @param cell side of a position's cell in pixels
   * @param width of the picture
   * @param height of the picture
   * @return the mask in the picture
   */
  public static Mask pixels(Mask mask, int cell, int width, int height) {
    return Mask.of(
        width,
        height,
        (x, y) ->
            x / cell < mask.width() && y / cell < mask.height() && mask.get(x / cell, y / cell));
  }

  /**
   * A grid mask stretched over a picture, whatever the shape of a cell: a pixel takes the cell at
   * {@code floor(i * cells / size)}.
   *
   * @param mask on the grid
   * @param width of the picture
   * @param height of the picture
   * @return the mask in the picture
   */
  public static Mask stretched(Mask mask, int width, int height) {
    return Mask.of(
        width,
        height,
        (x, y) ->
            mask.get(
                (int) ((long) x * mask.width() / width),
                (int) ((long) y * mask.height() / height)));
  }
}
