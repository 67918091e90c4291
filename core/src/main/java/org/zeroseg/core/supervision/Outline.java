package org.zeroseg.core.supervision;

import java.util.List;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;

/** A mask as a file gives it. Polygons are rasterised only when their pixels are asked for. */
public sealed interface Outline {

  /**
   * The mask as runs.
   *
   * @param width of the image
   * @param height of the image
   * @return the pixels
   */
  Rle rle(int width, int height);

  /**
   * No mask was given.
   *
   * @param reason why not
   */
  record Missing(String reason) implements Outline {
    @Override
    public Rle rle(int width, int height) {
      throw new IllegalStateException(reason);
    }
  }

  /**
   * Runs, given or decoded from text.
   *
   * @param rle the runs
   */
  record Runs(Rle rle) implements Outline {
    @Override
    public Rle rle(int width, int height) {
      return rle;
    }
  }

  /**
   * The union of polygons.
   *
   * @param parts each x0, y0, x1, y1, ...
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Polygons(double[][] parts) implements Outline {
    @Override
    public Rle rle(int width, int height) {
      return Rle.ofPolygons(width, height, List.of(parts));
    }
  }

  /**
   * The box of a detection without a mask, which the reference takes for a polygon.
   *
   * @param box the box
   */
  record Rectangle(Box box) implements Outline {
    @Override
    public Rle rle(int width, int height) {
      return Rle.ofBox(width, height, box);
    }
  }
}
