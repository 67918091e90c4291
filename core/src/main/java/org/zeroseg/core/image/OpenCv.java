package org.zeroseg.core.image;

import java.util.Arrays;

/** OpenCV's {@code resize} on bytes ({@code resize.cpp}): half-pixel centres, borders repeated. */
final class OpenCv {

  private OpenCv() {}

  /** A window of the picture resized to {@code width} x {@code height}. */
  static byte[] resize(
      byte[] samples,
      int inWidth,
      int inHeight,
      int channels,
      int width,
      int height,
      Filter filter,
      Window window) {
    boolean area = filter == Filter.OPENCV_AREA;
    boolean grows = width > inWidth || height > inHeight;
    if (filter == Filter.OPENCV_LINEAR || (area && grows)) {
      return linear(
          samples,
          inWidth,
          channels,
          Pairs.of(inWidth, width, window.left(), window.width(), area).endingAtBorders(inWidth),
          Pairs.of(inHeight, height, window.top(), window.height(), area).repeating(inHeight));
    }
    Weighting across =
        area
            ? Weighting.area(inWidth, width, window.left(), window.width())
            : Weighting.cubic(inWidth, width, window.left(), window.width());
    Weighting down =
        area
            ? Weighting.area(inHeight, height, window.top(), window.height())
            : Weighting.cubic(inHeight, height, window.top(), window.height());
    // OpenCV halves in integers, which rounds halves up; elsewhere it rounds them to even.
    boolean halved = area && inWidth == 2 * width && inHeight == 2 * height;
    return weighted(samples, inWidth, channels, across, down, halved);
  }

  /** Nearest takes the source pixel under an output pixel's upper left corner. */
  static int[] nearestSources(int in, int out, int from, int count) {
    double step = 1 / ((double) out / in);
    int[] sources = new int[count];
    Arrays.setAll(sources, i -> Math.min((int) Math.floor((from + i) * step), in - 1));
    return sources;
  }

  /** The two taps of every output position, the upper one's weight in 1/2048. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Pairs(int[] lower, int[] upper, int[] weight) {

    static Pairs of(int in, int out, int from, int count, boolean area) {
      Pairs pairs = new Pairs(new int[count], new int[count], new int[count]);
      double inverse = (double) out / in;
      double scale = 1 / inverse;
      for (int i = 0; i < count; i++) {
        int floor;
        float fraction;
        if (area) {
          floor = (int) Math.floor((from + i) * scale);
          float beyond = (float) ((from + i + 1) - (floor + 1) * inverse);
          fraction = beyond <= 0 ? 0 : beyond - (float) Math.floor(beyond);
        } else {
          float position = (float) ((from + i + 0.5) * scale - 0.5);
          floor = (int) Math.floor(position);
          fraction = position - floor;
        }
        pairs.lower[i] = floor;
        pairs.upper[i] = floor + 1;
        pairs.weight[i] = (int) Math.rint(fraction * 2048.0);
      }
      return pairs;
    }

    /** Beyond the left and the right border OpenCV takes the border's pixel alone. */
    Pairs endingAtBorders(int in) {
      for (int i = 0; i < lower.length; i++) {
        if (lower[i] < 0 || lower[i] >= in - 1) {
          weight[i] = 0;
        }
      }
      return repeating(in);
    }

    /** Beyond the top and the bottom it adds the border's row to itself, each product being cut. */
    Pairs repeating(int in) {
      for (int i = 0; i < lower.length; i++) {
        lower[i] = Math.max(0, Math.min(in - 1, lower[i]));
        upper[i] = Math.max(0, Math.min(in - 1, upper[i]));
      }
      return this;
    }
  }

  private static byte[] linear(
      byte[] samples, int inWidth, int channels, Pairs across, Pairs down) {
    int stride = across.weight.length * channels;
    byte[] result = new byte[Math.multiplyExact(down.weight.length, stride)];
    Resampling.rows(
        down.weight.length,
        4L * result.length,
        y -> {
          int first = down.lower[y] * inWidth * channels;
          int second = down.upper[y] * inWidth * channels;
          int v = down.weight[y];
          for (int x = 0; x < across.weight.length; x++) {
            int w = across.weight[x];
            for (int c = 0; c < channels; c++) {
              int left = across.lower[x] * channels + c;
              int right = across.upper[x] * channels + c;
              int a =
                  (samples[first + left] & 0xff) * (2048 - w) + (samples[first + right] & 0xff) * w;
              int b =
                  (samples[second + left] & 0xff) * (2048 - w)
                      + (samples[second + right] & 0xff) * w;
              // The shifts are those of OpenCV's VResizeLinear on bytes.
              int sum = (((2048 - v) * (a >> 4)) >> 16) + ((v * (b >> 4)) >> 16);
              result[y * stride + x * channels + c] =
                  (byte) Math.max(0, Math.min(255, (sum + 2) >> 2));
            }
          }
        });
    return result;
  }

  /** Any number of taps: the sources of every output position, and their weights. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Weighting(int[][] sources, float[][] weights) {

    static Weighting cubic(int in, int out, int from, int count) {
      Weighting taps = new Weighting(new int[count][4], new float[count][]);
      double scale = 1 / ((double) out / in);
      for (int i = 0; i < count; i++) {
        float position = (float) ((from + i + 0.5) * scale - 0.5);
        int floor = (int) Math.floor(position);
        for (int tap = 0; tap < 4; tap++) {
          taps.sources[i][tap] = Math.max(0, Math.min(in - 1, floor - 1 + tap));
        }
        taps.weights[i] = keys(position - floor);
      }
      return taps;
    }

    /** Keys' cubic at 1 + x, x, 1 - x and 2 - x, its weights summing to one. */
    private static float[] keys(float x) {
      float a = -0.75f;
      float before = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
      float at = ((a + 2) * x - (a + 3)) * x * x + 1;
      float after = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
      return new float[] {before, at, after, 1 - before - at - after};
    }

    /** What an output pixel covers of each source pixel, where a picture does not grow. */
    static Weighting area(int in, int out, int from, int count) {
      Weighting taps = new Weighting(new int[count][], new float[count][]);
      double scale = (double) in / out;
      for (int i = 0; i < count; i++) {
        double start = (from + i) * scale;
        double end = Math.min(in, start + scale);
        int first = (int) Math.floor(start);
        int[] sources = new int[(int) Math.ceil(end) - first];
        float[] weights = new float[sources.length];
        for (int tap = 0; tap < sources.length; tap++) {
          sources[tap] = first + tap;
          double covered = Math.min(end, first + tap + 1.0) - Math.max(start, first + tap);
          weights[tap] = (float) (covered / (end - start));
        }
        taps.sources[i] = sources;
        taps.weights[i] = weights;
      }
      return taps;
    }
  }

  private static byte[] weighted(
      byte[] samples,
      int inWidth,
      int channels,
      Weighting across,
      Weighting down,
      boolean halvesUp) {
    int inStride = inWidth * channels;
    int stride = across.sources.length * channels;
    byte[] result = new byte[Math.multiplyExact(down.sources.length, stride)];
    Resampling.rows(
        down.sources.length,
        (long) inStride * down.sources.length,
        y -> {
          float[] row = new float[inStride];
          for (int tap = 0; tap < down.sources[y].length; tap++) {
            int start = down.sources[y][tap] * inStride;
            float weight = down.weights[y][tap];
            for (int i = 0; i < inStride; i++) {
              row[i] += (samples[start + i] & 0xff) * weight;
            }
          }
          for (int x = 0; x < across.sources.length; x++) {
            for (int c = 0; c < channels; c++) {
              float sum = 0;
              for (int tap = 0; tap < across.sources[x].length; tap++) {
                sum += row[across.sources[x][tap] * channels + c] * across.weights[x][tap];
              }
              double rounded = halvesUp ? Math.floor(sum + 0.5) : Math.rint(sum);
              result[y * stride + x * channels + c] = (byte) Math.max(0, Math.min(255, rounded));
            }
          }
        });
    return result;
  }
}
