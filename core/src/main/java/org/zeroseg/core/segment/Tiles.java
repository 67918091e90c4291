package org.zeroseg.core.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Window;

/**
 * Overlapping squares that cover an area, so that a network can look at large pictures part by part
 * and each in detail. The area is counted in pixels, or in the cells of a grid, so that the cells
 * of all squares are those of that grid. An area that is smaller than a square along an axis is one
 * square along it, which is cut.
 *
 * @param side of a square
 * @param step between squares, at most the side
 */
public record Tiles(int side, int step) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if the step is below 1 or above the side
   */
  public Tiles {
    if (step < 1 || side < step) {
      throw new IllegalArgumentException("tiles of " + side + " every " + step);
    }
  }

  /**
   * Squares by what neighbours share.
   *
   * @param side of a square in pixels
   * @param overlap of neighbours in pixels
   * @return the squares
   * @throws IllegalArgumentException unless the overlap is at least 0 and at most half the side
   */
  public static Tiles overlapping(int side, int overlap) {
    if (side < 1 || overlap < 0 || 2L * overlap > side) {
      throw new IllegalArgumentException(
          "tiles of %d pixels that overlap by %d: an overlap is from 0 to half the side"
              .formatted(side, overlap));
    }
    return new Tiles(side, side - overlap);
  }

  /**
   * Whether an area takes several squares.
   *
   * @param width of the area
   * @param height of the area
   * @return false if one covers it
   */
  public boolean split(int width, int height) {
    return width > side || height > side;
  }

  /**
   * All squares, which are of one size.
   *
   * @param width of the area
   * @param height of the area
   * @return row by row from the top, each from left to right
   */
  public List<List<Window>> rows(int width, int height) {
    return IntStream.of(starts(height)).mapToObj(top -> row(width, height, top)).toList();
  }

  /**
   * The part of the area that is nearer to a square's middle than to that of any other: those of
   * all squares share out the area.
   *
   * @param square one of {@link #rows}
   * @param width of the area
   * @param height of the area
   * @return a part of the square
   */
  public Window own(Window square, int width, int height) {
    int left = border(square.left(), width);
    int top = border(square.top(), height);
    int right = end(square.left(), width);
    int bottom = end(square.top(), height);
    return new Window(left, top, right - left, bottom - top);
  }

  /** The middle of what the square from a start on shares with the one before. */
  private int border(int start, int length) {
    int[] starts = starts(length);
    int index = Arrays.binarySearch(starts, start);
    return index == 0 ? 0 : (starts[index - 1] + Math.min(side, length) + start) / 2;
  }

  private int end(int start, int length) {
    int[] starts = starts(length);
    int next = Arrays.binarySearch(starts, start) + 1;
    return next == starts.length ? length : border(starts[next], length);
  }

  private List<Window> row(int width, int height, int top) {
    return IntStream.of(starts(width))
        .mapToObj(left -> new Window(left, top, Math.min(side, width), Math.min(side, height)))
        .toList();
  }

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

  /**
   * Shows a network a picture square by square.
   *
   * @param picture of any size
   * @param together how many squares the network takes at once
   * @param progress is told of every square
   * @param network takes squares, all of one size, and gives one result each
   * @param row takes each row of squares with their results, from the top
   * @param <R> a result
   */
  public <R> void forEach(
      Picture picture,
      int together,
      Progress progress,
      Function<List<Picture>, List<R>> network,
      BiConsumer<List<Window>, List<R>> row) {
    List<List<Window>> rows = rows(picture.width(), picture.height());
    int done = 0;
    int all = rows.size() * rows.get(0).size();
    for (List<Window> windows : rows) {
      List<R> results = new ArrayList<>();
      for (int from = 0; from < windows.size(); from += together) {
        progress.update("Looking at tiles", done, all);
        List<Window> some = windows.subList(from, Math.min(from + together, windows.size()));
        results.addAll(network.apply(some.stream().map(picture::crop).toList()));
        done += some.size();
      }
      row.accept(windows, results);
    }
    progress.update("Looking at tiles", done, all);
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
