package org.zeroseg.examples.shapeworld;

/** An outline laid over the picture: for each pixel of its box, how many samples it covers. */
final class Stamp {

  /** Samples per pixel and axis, where an edge passes. */
  private static final int SAMPLES = 4;

  private static final int FULL = SAMPLES * SAMPLES;

  private final Shape shape;
  private final double centreX;
  private final double centreY;
  private final double cos;
  private final double sin;
  private final int size;
  private final int left;
  private final int top;
  private final int width;
  private final int height;
  private final byte[] coverage;

  Stamp(Shape shape, double centreX, double centreY, double radius, double angle, int size) {
    this.shape = shape;
    this.centreX = centreX;
    this.centreY = centreY;
    this.cos = StrictMath.cos(angle) / radius;
    this.sin = StrictMath.sin(angle) / radius;
    this.size = size;
    this.left = Math.max(0, (int) Math.floor(centreX - radius));
    this.top = Math.max(0, (int) Math.floor(centreY - radius));
    this.width = Math.min(size, (int) Math.ceil(centreX + radius)) - left;
    this.height = Math.min(size, (int) Math.ceil(centreY + radius)) - top;
    this.coverage = new byte[width * height];
    double near = 0.75 / radius; // more than half a pixel's diagonal
    for (int i = 0; i < coverage.length; i++) {
      int x = left + i % width;
      int y = top + i / width;
      double distance = distance(x + 0.5, y + 0.5);
      if (distance < -near) {
        coverage[i] = FULL;
      } else if (distance <= near) {
        coverage[i] = samplesInside(x, y);
      }
    }
  }

  private byte samplesInside(int x, int y) {
    int inside = 0;
    for (int i = 0; i < FULL; i++) {
      int column = i % SAMPLES;
      int row = i / SAMPLES;
      if (distance(x + (column + 0.5) / SAMPLES, y + (row + 0.5) / SAMPLES) < 0) {
        inside++;
      }
    }
    return (byte) inside;
  }

  private double distance(double x, double y) {
    double dx = x - centreX;
    double dy = y - centreY;
    return shape.distance(cos * dx + sin * dy, cos * dy - sin * dx);
  }

  /** Pixels that are at least half covered. */
  int area() {
    int area = 0;
    for (byte samples : coverage) {
      if (2 * samples >= FULL) {
        area++;
      }
    }
    return area;
  }

  boolean covers(int x, int y) {
    int column = x - left;
    int row = y - top;
    return column >= 0
        && column < width
        && row >= 0
        && row < height
        && 2 * coverage[row * width + column] >= FULL;
  }

  /** Paints the surface over the picture, mixed at the edges, and takes the covered pixels. */
  void blend(Look.Surface surface, int[] rgb, byte[] owners, byte owner) {
    for (int i = 0; i < coverage.length; i++) {
      int samples = coverage[i];
      if (samples > 0) {
        int x = left + i % width;
        int y = top + i / width;
        int pixel = y * size + x;
        int colour = surface.rgb(x + 0.5 - centreX, y + 0.5 - centreY);
        rgb[pixel] = Colours.mix(rgb[pixel], colour, samples, FULL);
        if (2 * samples >= FULL) {
          owners[pixel] = owner;
        }
      }
    }
  }
}
