package org.zeroseg.core.refine;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The distinct cells of position, luma and chroma that the pixels of a picture fall into, their
 * neighbours, and the scaling that makes the blur over them bistochastic (Barron and Poole 2016,
 * "The fast bilateral solver", Sec. 3 and Alg. 1).
 */
final class BilateralGrid {

  /** x, y, luma, u, v. */
  private static final int AXES = 5;

  /** The bit at which each axis begins in a key: 16 bits for positions, 8 for colours. */
  private static final int[] SHIFT = {0, 16, 32, 40, 48};

  private static final int[] MASK = {0xffff, 0xffff, 0xff, 0xff, 0xff};

  private static final int BISTOCHASTISATIONS = 10;

  final int vertices;

  /** The cell of every pixel. */
  final int[] vertexOfPixel;

  /** The packed coordinates of every cell. */
  final long[] keys;

  /** Number of pixels of every cell. */
  final double[] pixels;

  /** Below and above on every axis; {@code vertices} stands for a neighbour that is not there. */
  private final int[] neighbours;

  /** {@code n} and {@code m} with {@code n B(n) = m}. */
  final double[] n;

  final double[] m;

  BilateralGrid(byte[] rgb, int width, int height, double spatial, double luma, double chroma) {
    long[] pixelKeys = new long[width * height];
    IntStream.range(0, height)
        .parallel()
        .forEach(
            y -> {
              for (int x = 0; x < width; x++) {
                int i = y * width + x;
                int r = rgb[3 * i] & 0xff;
                int g = rgb[3 * i + 1] & 0xff;
                int b = rgb[3 * i + 2] & 0xff;
                pixelKeys[i] =
                    (long) (x / spatial)
                        | (long) (y / spatial) << SHIFT[1]
                        | (long) (product(.299, .587, .114, r, g, b) / luma) << SHIFT[2]
                        | (long) ((product(-.168736, -.331264, .5, r, g, b) + 128) / chroma)
                            << SHIFT[3]
                        | (long) ((product(.5, -.418688, -.081312, r, g, b) + 128) / chroma)
                            << SHIFT[4];
              }
            });
    LongIndex index = new LongIndex();
    vertexOfPixel = new int[pixelKeys.length];
    for (int i = 0; i < pixelKeys.length; i++) {
      // Neighbouring pixels mostly share a cell.
      vertexOfPixel[i] =
          i > 0 && pixelKeys[i] == pixelKeys[i - 1]
              ? vertexOfPixel[i - 1]
              : index.add(pixelKeys[i]);
    }
    keys = index.keys();
    vertices = keys.length;
    neighbours = neighbours(index);
    pixels = new double[vertices];
    for (int vertex : vertexOfPixel) {
      pixels[vertex]++;
    }
    n = new double[vertices];
    m = new double[vertices];
    bistochastise();
  }

  /**
   * The fused order of the reference's matrix product: gray levels lie exactly on bin edges, so the
   * last bit decides the bin.
   */
  private static double product(double cr, double cg, double cb, int r, int g, int b) {
    return Math.fma(cb, b, Math.fma(cg, g, cr * r));
  }

  private int[] neighbours(LongIndex index) {
    int[] found = new int[vertices * 2 * AXES];
    for (int vertex = 0; vertex < vertices; vertex++) {
      for (int axis = 0; axis < AXES; axis++) {
        long key = keys[vertex];
        long step = 1L << SHIFT[axis];
        int at = (int) (key >>> SHIFT[axis]) & MASK[axis];
        int slot = (vertex * AXES + axis) * 2;
        found[slot] = at > 0 ? index.find(key - step, vertices) : vertices;
        found[slot + 1] = at < MASK[axis] ? index.find(key + step, vertices) : vertices;
      }
    }
    return found;
  }

  /**
   * The [1 2 1] blur along all axes, summed.
   *
   * @param values one a vertex, and a 0 after them
   * @param out receives the blurred values
   */
  void blur(double[] values, double[] out) {
    for (int vertex = 0, slot = 0; vertex < vertices; vertex++) {
      double sum = 2 * AXES * values[vertex];
      for (int end = slot + 2 * AXES; slot < end; slot++) {
        sum += values[neighbours[slot]];
      }
      out[vertex] = sum;
    }
  }

  private void bistochastise() {
    double[] scale = new double[vertices + 1];
    Arrays.fill(scale, 0, vertices, 1);
    for (int i = 0; i < BISTOCHASTISATIONS; i++) {
      blur(scale, m);
      for (int vertex = 0; vertex < vertices; vertex++) {
        scale[vertex] = Math.sqrt(scale[vertex] * pixels[vertex] / m[vertex]);
      }
    }
    blur(scale, m);
    for (int vertex = 0; vertex < vertices; vertex++) {
      n[vertex] = scale[vertex];
      m[vertex] *= scale[vertex];
    }
  }

  /** Sums of pixel values by cell. */
  double[] splat(float[] values) {
    double[] sums = new double[vertices];
    for (int i = 0; i < values.length; i++) {
      sums[vertexOfPixel[i]] += values[i];
    }
    return sums;
  }
}
