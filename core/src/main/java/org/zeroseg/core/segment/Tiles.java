package org.zeroseg.core.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

/** Fitting pixels to the cells of a model. */
public final class Tiles {

  private Tiles() {}

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
}
