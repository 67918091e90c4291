package org.zeroseg.examples.everyday;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/**
 * A thing on a transparent ground, in its own size and halves of it. Colours are premultiplied by
 * their opacity.
 */
final class CutOut {

  private static final int LEAST_DETAIL = 16;

  private final List<Level> levels;

  /** {@code 0xAARRGGBB}, premultiplied. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Level(int width, int height, int[] argb) {

    int longer() {
      return Math.max(width, height);
    }

    /** Means of two by two pixels. */
    Level half() {
      int w = (width + 1) / 2;
      int h = (height + 1) / 2;
      int[] half = new int[w * h];
      for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
          int right = Math.min(2 * x + 1, width - 1);
          int below = Math.min(2 * y + 1, height - 1);
          int a = argb[2 * y * width + 2 * x];
          int b = argb[2 * y * width + right];
          int c = argb[below * width + 2 * x];
          int d = argb[below * width + right];
          int mean = 0;
          for (int shift = 0; shift < 32; shift += 8) {
            int sum =
                (a >>> shift & 0xff)
                    + (b >>> shift & 0xff)
                    + (c >>> shift & 0xff)
                    + (d >>> shift & 0xff);
            mean |= ((sum + 2) / 4) << shift;
          }
          half[y * w + x] = mean;
        }
      }
      return new Level(w, h, half);
    }
  }

  /**
   * A part of a picture.
   *
   * @param picture with or without opacity
   * @param left first column
   * @param top first row
   * @param width columns
   * @param height rows
   * @param detail longer side in pixels that is kept at most
   */
  CutOut(BufferedImage picture, int left, int top, int width, int height, int detail) {
    int[] argb = picture.getRGB(left, top, width, height, null, 0, width);
    for (int i = 0; i < argb.length; i++) {
      int alpha = argb[i] >>> 24;
      int red = ((argb[i] >> 16 & 0xff) * alpha + 127) / 255;
      int green = ((argb[i] >> 8 & 0xff) * alpha + 127) / 255;
      int blue = ((argb[i] & 0xff) * alpha + 127) / 255;
      argb[i] = alpha << 24 | red << 16 | green << 8 | blue;
    }
    levels = new ArrayList<>();
    Level level = new Level(width, height, argb);
    while (level.longer() > detail) {
      level = level.half();
    }
    levels.add(level);
    while (level.longer() > LEAST_DETAIL) {
      level = level.half();
      levels.add(level);
    }
  }

  /** Width by height. */
  double aspect() {
    return (double) levels.get(0).width() / levels.get(0).height();
  }

  /**
   * A reader of colours for a picture of it of some size.
   *
   * @param longer the longer side that it is drawn with, in pixels
   */
  Sampler sampler(double longer) {
    Level chosen = levels.get(0);
    for (Level level : levels) {
      if (level.longer() >= longer) {
        chosen = level;
      }
    }
    return new Sampler(chosen);
  }

  /** Reads between pixels. */
  static final class Sampler {

    private final Level level;

    private Sampler(Level level) {
      this.level = level;
    }

    /**
     * The colour at a place, transparent outside.
     *
     * @param x 0 at the left edge, 1 at the right
     * @param y 0 at the upper edge, 1 at the lower
     * @param into opacity, red, green, blue; 0 to 255, premultiplied
     */
    void read(double x, double y, double[] into) {
      double column = x * level.width() - 0.5;
      double row = y * level.height() - 0.5;
      int left = (int) Math.floor(column);
      int top = (int) Math.floor(row);
      double u = column - left;
      double v = row - top;
      into[0] = 0;
      into[1] = 0;
      into[2] = 0;
      into[3] = 0;
      add(left, top, (1 - u) * (1 - v), into);
      add(left + 1, top, u * (1 - v), into);
      add(left, top + 1, (1 - u) * v, into);
      add(left + 1, top + 1, u * v, into);
    }

    private void add(int x, int y, double weight, double[] into) {
      if (x >= 0 && y >= 0 && x < level.width() && y < level.height()) {
        int argb = level.argb()[y * level.width() + x];
        into[0] += weight * (argb >>> 24);
        into[1] += weight * (argb >> 16 & 0xff);
        into[2] += weight * (argb >> 8 & 0xff);
        into[3] += weight * (argb & 0xff);
      }
    }
  }
}
