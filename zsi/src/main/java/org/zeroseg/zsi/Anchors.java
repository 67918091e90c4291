package org.zeroseg.zsi;

/**
 * The boxes that the proposal network judges: at every cell of every level of the pyramid one box
 * for each shape, {@code scale} strides large. Boxes are rows x1, y1, x2, y2, the last pixel
 * included.
 *
 * @param strides pixels between two cells, for each level
 * @param scale side of the square anchor in strides
 * @param ratios height over width of each shape
 */
@SuppressWarnings("ArrayRecordComponent") // a constant of the method, never compared
record Anchors(int[] strides, double scale, double[] ratios) {

  /** The published ones: 32 to 512 pixels in three shapes. */
  static final Anchors PUBLISHED =
      new Anchors(new int[] {4, 8, 16, 32, 64}, 8, new double[] {0.5, 1, 2});

  int shapes() {
    return ratios.length;
  }

  /** The anchors of the first cell of a level, {@code [shapes, 4]}. */
  float[] base(int level) {
    float side = strides[level];
    float centre = 0.5f * (side - 1);
    float[] base = new float[4 * ratios.length];
    for (int i = 0; i < ratios.length; i++) {
      float down = (float) Math.sqrt((float) ratios[i]);
      float height = side * down * (float) scale;
      float width = side * (1 / down) * (float) scale;
      base[4 * i] = (float) Math.rint(centre - 0.5f * (width - 1));
      base[4 * i + 1] = (float) Math.rint(centre - 0.5f * (height - 1));
      base[4 * i + 2] = (float) Math.rint(centre + 0.5f * (width - 1));
      base[4 * i + 3] = (float) Math.rint(centre + 0.5f * (height - 1));
    }
    return base;
  }

  /**
   * All anchors of a level by rows, then columns, then shapes, {@code [height width shapes, 4]}.
   */
  float[] grid(int level, int height, int width) {
    float[] base = base(level);
    float[] grid = new float[Math.multiplyExact(height * width, base.length)];
    int at = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int i = 0; i < base.length; i++) {
          grid[at++] = base[i] + (i % 2 == 0 ? x : y) * strides[level];
        }
      }
    }
    return grid;
  }

  /** Which anchors of a level belong to cells that lie in the padded picture. */
  boolean[] valid(int level, int height, int width, int paddedHeight, int paddedWidth) {
    int rows = Math.min((paddedHeight + strides[level] - 1) / strides[level], height);
    int columns = Math.min((paddedWidth + strides[level] - 1) / strides[level], width);
    boolean[] valid = new boolean[height * width * ratios.length];
    for (int i = 0; i < valid.length; i++) {
      int cell = i / ratios.length;
      valid[i] = cell / width < rows && cell % width < columns;
    }
    return valid;
  }
}
