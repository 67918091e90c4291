package org.zeroseg.core.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.stream.IntStream;

/**
 * Overlapping squares of cells that cover a grid, so that a network with quadratic attention can
 * look at large pictures part by part. Their edges lie between cells, so that the cells of all
 * squares are those of one grid.
 *
 * @param side of a square in cells
 * @param step between squares in cells, at most the side
 */
public record Tiles(int side, int step) {

  /**
   * Side and step in pixels, rounded up to whole cells.
   *
   * @param side of a square in pixels
   * @param step between squares in pixels
   * @param cell side of a cell in pixels
   * @return the squares
   */
  public static Tiles ofPixels(int side, int step, int cell) {
    return new Tiles(ceiling(side, cell), ceiling(step, cell));
  }

  private static int ceiling(int pixels, int cell) {
    return (pixels + cell - 1) / cell;
  }

  /**
   * Pads pixels to whole cells.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @param cell side of a cell in pixels
   * @return the same with zeros at the right and the bottom up to a multiple of the cell
   */
  public static NDArray pad(NDArray pixels, int cell) {
    Shape shape = pixels.getShape();
    long bottom = Math.floorMod(-shape.get(2), cell);
    long right = Math.floorMod(-shape.get(3), cell);
    NDArray padded = pixels;
    if (bottom > 0) {
      Shape rows = new Shape(shape.get(0), shape.get(1), bottom, shape.get(3));
      padded = padded.concat(pixels.getManager().zeros(rows), 2);
    }
    if (right > 0) {
      Shape columns = new Shape(shape.get(0), shape.get(1), shape.get(2) + bottom, right);
      padded = padded.concat(pixels.getManager().zeros(columns), 3);
    }
    return padded;
  }

  /**
   * Where squares begin along one axis: every step, and once more at the far edge.
   *
   * @param cells of the grid along the axis
   * @return the first cell of each square
   */
  public int[] starts(int cells) {
    int last = Math.max(0, cells - side);
    int count = (last + step - 1) / step + 1;
    return IntStream.range(0, count).map(i -> Math.min(i * step, last)).toArray();
  }

  /** The mean of values that lie on parts of a grid, for one picture. */
  public static final class Mean {
    private final int height;
    private final int width;
    private final int[] counts;
    private float[] sums = {};

    /**
     * Of nothing yet.
     *
     * @param height rows of the whole grid
     * @param width columns of the whole grid
     */
    public Mean(int height, int width) {
      this.height = height;
      this.width = width;
      this.counts = new int[height * width];
    }

    /**
     * Adds the values of a part.
     *
     * @param values {@code [1, h w, X]}
     * @param top the part's first row
     * @param left the part's first column
     * @param columns of the part
     */
    public void add(NDArray values, int top, int left, int columns) {
      int depth = (int) values.getShape().get(2);
      if (sums.length == 0) {
        sums = new float[Math.multiplyExact(height * width, depth)];
      }
      float[] found = values.toFloatArray();
      for (int i = 0; i < found.length; i += depth) {
        int y = top + i / depth / columns;
        int x = left + i / depth % columns;
        int cell = y * width + x;
        counts[cell]++;
        for (int k = 0; k < depth; k++) {
          sums[cell * depth + k] += found[i + k];
        }
      }
    }

    /**
     * The means.
     *
     * @param manager owns the result
     * @return {@code [1, height width, X]}
     */
    public NDArray toArray(NDManager manager) {
      int depth = sums.length / counts.length;
      for (int i = 0; i < sums.length; i++) {
        sums[i] /= counts[i / depth];
      }
      return manager.create(sums, new Shape(1, counts.length, depth));
    }
  }
}
