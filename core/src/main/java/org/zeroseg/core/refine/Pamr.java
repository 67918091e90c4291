package org.zeroseg.core.refine;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pixel-adaptive mask refinement (Araslanov and Roth 2020): every pixel takes the mean of its
 * neighbours' values, weighted by how alike their colours are, several times over.
 *
 * <p>Neighbours are the eight at each dilation; beyond the edge the edge's pixels count, however
 * large the dilation. The pixel itself has no weight. Weights are computed once, {@code 8 D} floats
 * a pixel for D dilations.
 *
 * @param iterations how many times; 10 in NACLIP
 * @param dilations distances of neighbours in pixels; 8 and 16 in NACLIP
 * @param mostPixels for callers that choose the size: maps of larger pictures are to be refined in
 *     a smaller size, of at most so many pixels
 */
public record Pamr(int iterations, List<Integer> dilations, int mostPixels) {

  /** As NACLIP (Hajimiri et al. 2025) refines its maps. */
  public static final Pamr NACLIP = new Pamr(10, List.of(8, 16));

  private static final int CHANNELS = 3;
  private static final int NEIGHBOURS = 8;

  /**
   * Copies the dilations.
   *
   * @throws IllegalArgumentException if a number is not positive, or there is no dilation
   */
  public Pamr {
    dilations = List.copyOf(dilations);
    if (iterations < 1 || dilations.isEmpty() || dilations.stream().anyMatch(d -> d < 1)) {
      throw new IllegalArgumentException(
          iterations + " iterations over neighbours at " + dilations);
    }
    if (mostPixels < 1) {
      throw new IllegalArgumentException("at most " + mostPixels + " pixels");
    }
  }

  /**
   * Without a limit of the size.
   *
   * @param iterations how many times
   * @param dilations distances of neighbours in pixels
   */
  public Pamr(int iterations, List<Integer> dilations) {
    this(iterations, dilations, Integer.MAX_VALUE);
  }

  /**
   * Refines maps of another size, which are first resized to the picture's with aligned corners.
   *
   * @param pixels {@code [3, H, W]}
   * @param height H
   * @param width W
   * @param maps {@code [K, h, w]}; overwritten if they have the picture's size
   * @param mapHeight h
   * @param mapWidth w
   * @return {@code [K, H, W]}
   */
  public float[] refine(
      float[] pixels, int height, int width, float[] maps, int mapHeight, int mapWidth) {
    return refine(pixels, resize(maps, mapHeight, mapWidth, height, width), height, width);
  }

  /**
   * Refines maps in their place.
   *
   * @param pixels {@code [3, H, W]}
   * @param maps {@code [K, H, W]}, overwritten
   * @param height H
   * @param width W
   * @return the maps
   */
  public float[] refine(float[] pixels, float[] maps, int height, int width) {
    int plane = Math.multiplyExact(height, width);
    if (pixels.length != CHANNELS * plane || maps.length % plane != 0) {
      throw new IllegalArgumentException(
          "%d pixel values and %d map values for a picture of %d x %d"
              .formatted(pixels.length, maps.length, width, height));
    }
    float[][] affinity = affinity(pixels, height, width);
    IntStream.range(0, maps.length / plane)
        .parallel()
        .forEach(
            map -> {
              float[] from = Arrays.copyOfRange(maps, map * plane, (map + 1) * plane);
              float[] to = new float[plane];
              for (int i = 0; i < iterations; i++) {
                step(affinity, from, to, height, width);
                float[] swap = from;
                from = to;
                to = swap;
              }
              System.arraycopy(from, 0, maps, map * plane, plane);
            });
    return maps;
  }

  private int rowOffset(int neighbour) {
    int place = neighbour % NEIGHBOURS;
    int cell = place < NEIGHBOURS / 2 ? place : place + 1; // without the centre
    return (cell / 3 - 1) * dilations.get(neighbour / NEIGHBOURS);
  }

  private int columnOffset(int neighbour) {
    int place = neighbour % NEIGHBOURS;
    int cell = place < NEIGHBOURS / 2 ? place : place + 1;
    return (cell % 3 - 1) * dilations.get(neighbour / NEIGHBOURS);
  }

  private static int clamp(int value, int size) {
    return Math.max(0, Math.min(size - 1, value));
  }

  private void step(float[][] affinity, float[] from, float[] to, int height, int width) {
    for (int y = 0; y < height; y++) {
      int start = y * width;
      Arrays.fill(to, start, start + width, 0);
      for (int p = 0; p < affinity.length; p++) {
        float[] weights = affinity[p];
        int row = clamp(y + rowOffset(p), height) * width;
        int shift = columnOffset(p);
        int inside = Math.max(0, Math.min(width, -shift));
        int end = Math.max(inside, Math.min(width, width - shift));
        for (int x = 0; x < inside; x++) {
          to[start + x] += weights[start + x] * from[row + clamp(x + shift, width)];
        }
        for (int x = inside; x < end; x++) {
          to[start + x] += weights[start + x] * from[row + x + shift];
        }
        for (int x = end; x < width; x++) {
          to[start + x] += weights[start + x] * from[row + clamp(x + shift, width)];
        }
      }
    }
  }

  /** For each neighbour its weight at every pixel; a pixel's weights sum to one. */
  private float[][] affinity(float[] pixels, int height, int width) {
    int neighbours = NEIGHBOURS * dilations.size();
    float[][] affinity = new float[neighbours][height * width];
    IntStream.range(0, height)
        .parallel()
        .forEach(
            y -> {
              float[] values = new float[neighbours];
              double[] likeness = new double[neighbours];
              for (int x = 0; x < width; x++) {
                Arrays.fill(likeness, 0);
                for (int c = 0; c < CHANNELS; c++) {
                  compare(pixels, c, y, x, height, width, values, likeness);
                }
                double most = Arrays.stream(likeness).max().orElseThrow();
                double sum = 0;
                for (int p = 0; p < neighbours; p++) {
                  likeness[p] = Math.exp(likeness[p] - most);
                  sum += likeness[p];
                }
                for (int p = 0; p < neighbours; p++) {
                  affinity[p][y * width + x] = (float) (likeness[p] / sum);
                }
              }
            });
    return affinity;
  }

  /** Adds one channel's differences, in units of the deviation around the pixel. */
  private void compare(
      float[] pixels,
      int channel,
      int y,
      int x,
      int height,
      int width,
      float[] values,
      double[] likeness) {
    int plane = channel * height * width;
    float own = pixels[plane + y * width + x];
    double sum = (double) own * dilations.size(); // the centre counts once a dilation
    for (int p = 0; p < values.length; p++) {
      int row = clamp(y + rowOffset(p), height);
      int column = clamp(x + columnOffset(p), width);
      values[p] = pixels[plane + row * width + column];
      sum += values[p];
    }
    int count = values.length + dilations.size();
    double mean = sum / count;
    double squares = (own - mean) * (own - mean) * dilations.size();
    for (float value : values) {
      squares += (value - mean) * (value - mean);
    }
    double deviation = Math.sqrt(squares / (count - 1));
    for (int p = 0; p < values.length; p++) {
      likeness[p] -= Math.abs(own - values[p]) / (1e-8 + 0.1 * deviation) / CHANNELS;
    }
  }

  private static float[] resize(float[] maps, int height, int width, int toHeight, int toWidth) {
    if (height == toHeight && width == toWidth) {
      return maps;
    }
    int count = maps.length / (height * width);
    float[] resized = new float[count * toHeight * toWidth];
    for (int y = 0; y < toHeight; y++) {
      float down = toHeight > 1 ? y * (float) (height - 1) / (toHeight - 1) : 0;
      int top = Math.min((int) down, height - 1);
      int bottom = Math.min(top + 1, height - 1);
      for (int x = 0; x < toWidth; x++) {
        float across = toWidth > 1 ? x * (float) (width - 1) / (toWidth - 1) : 0;
        int left = Math.min((int) across, width - 1);
        int right = Math.min(left + 1, width - 1);
        for (int k = 0; k < count; k++) {
          int at = k * height * width;
          float above =
              mix(maps[at + top * width + left], maps[at + top * width + right], across - left);
          float below =
              mix(
                  maps[at + bottom * width + left],
                  maps[at + bottom * width + right],
                  across - left);
          resized[(k * toHeight + y) * toWidth + x] = mix(above, below, down - top);
        }
      }
    }
    return resized;
  }

  private static float mix(float a, float b, float share) {
    return a * (1 - share) + b * share;
  }
}
