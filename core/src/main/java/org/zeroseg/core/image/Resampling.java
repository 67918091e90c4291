package org.zeroseg.core.image;

import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Pillow's two-pass resampling ({@code Resample.c}): horizontal, then vertical, each rounded to the
 * sample's type; a pass that changes nothing is skipped. Only what a window of the result needs is
 * computed, which is exact because every output pixel depends on its own taps alone.
 */
final class Resampling {

  /** Multiplications below which threads cost more than they gain. */
  private static final long PARALLEL_WORK = 1 << 18;

  private static final int HALF = 1 << (Taps.PRECISION_BITS - 1);

  private Resampling() {}

  /** Runs the rows, on all cores when the work is worth it. */
  static void rows(int rows, long work, IntConsumer row) {
    IntStream range = IntStream.range(0, rows);
    (work > PARALLEL_WORK ? range.parallel() : range).forEach(row);
  }

  /**
   * A window of the picture resized to {@code width} x {@code height}; any filter with a kernel.
   */
  static byte[] convolve(
      byte[] samples,
      int inWidth,
      int inHeight,
      int channels,
      int width,
      int height,
      Filter filter,
      Window window) {
    Taps down = Taps.of(inHeight, height, filter, window.top(), window.top() + window.height());
    boolean vertical = height != inHeight;
    int firstRow = vertical ? down.first()[0] : window.top();
    int rows = vertical ? down.end() - firstRow : window.height();
    int outStride = window.width() * channels;

    byte[] between;
    if (width != inWidth) {
      Taps across = Taps.of(inWidth, width, filter, window.left(), window.left() + window.width());
      between = new byte[Math.multiplyExact(rows, outStride)];
      int inStride = inWidth * channels;
      rows(
          rows,
          (long) rows * outStride * across.stride(),
          y -> {
            int in = (firstRow + y) * inStride;
            int out = y * outStride;
            switch (channels) {
              case 1 -> across1(samples, in, between, out, across);
              case 2 -> across2(samples, in, between, out, across);
              case 3 -> across3(samples, in, between, out, across);
              default -> across4(samples, in, between, out, across);
            }
          });
    } else if (window.width() == inWidth && firstRow == 0 && rows == inHeight) {
      between = samples;
    } else {
      between =
          cut(
              samples,
              inWidth,
              channels,
              new Window(window.left(), firstRow, window.width(), rows));
    }
    if (!vertical) {
      return between;
    }
    byte[] result = new byte[Math.multiplyExact(window.height(), outStride)];
    rows(
        window.height(),
        (long) window.height() * outStride * down.stride(),
        y -> down(between, firstRow, outStride, result, y, down));
    return result;
  }

  private static byte clamp(int sum) {
    return (byte) Math.max(0, Math.min(255, sum >> Taps.PRECISION_BITS));
  }

  private static void across1(byte[] in, int inRow, byte[] out, int outRow, Taps taps) {
    int[] weights = taps.fixed();
    for (int x = 0; x < taps.first().length; x++) {
      int from = inRow + taps.first()[x];
      int w = x * taps.stride();
      int end = w + taps.count()[x];
      int a = HALF;
      for (int j = from; w < end; w++, j++) {
        a += (in[j] & 0xff) * weights[w];
      }
      out[outRow + x] = clamp(a);
    }
  }

  private static void across2(byte[] in, int inRow, byte[] out, int outRow, Taps taps) {
    int[] weights = taps.fixed();
    for (int x = 0; x < taps.first().length; x++) {
      int from = inRow + 2 * taps.first()[x];
      int w = x * taps.stride();
      int end = w + taps.count()[x];
      int a = HALF;
      int b = HALF;
      for (int j = from; w < end; w++, j += 2) {
        int weight = weights[w];
        a += (in[j] & 0xff) * weight;
        b += (in[j + 1] & 0xff) * weight;
      }
      out[outRow + 2 * x] = clamp(a);
      out[outRow + 2 * x + 1] = clamp(b);
    }
  }

  private static void across3(byte[] in, int inRow, byte[] out, int outRow, Taps taps) {
    int[] weights = taps.fixed();
    for (int x = 0; x < taps.first().length; x++) {
      int from = inRow + 3 * taps.first()[x];
      int w = x * taps.stride();
      int end = w + taps.count()[x];
      int a = HALF;
      int b = HALF;
      int c = HALF;
      for (int j = from; w < end; w++, j += 3) {
        int weight = weights[w];
        a += (in[j] & 0xff) * weight;
        b += (in[j + 1] & 0xff) * weight;
        c += (in[j + 2] & 0xff) * weight;
      }
      int o = outRow + 3 * x;
      out[o] = clamp(a);
      out[o + 1] = clamp(b);
      out[o + 2] = clamp(c);
    }
  }

  private static void across4(byte[] in, int inRow, byte[] out, int outRow, Taps taps) {
    int[] weights = taps.fixed();
    for (int x = 0; x < taps.first().length; x++) {
      int from = inRow + 4 * taps.first()[x];
      int w = x * taps.stride();
      int end = w + taps.count()[x];
      int a = HALF;
      int b = HALF;
      int c = HALF;
      int d = HALF;
      for (int j = from; w < end; w++, j += 4) {
        int weight = weights[w];
        a += (in[j] & 0xff) * weight;
        b += (in[j + 1] & 0xff) * weight;
        c += (in[j + 2] & 0xff) * weight;
        d += (in[j + 3] & 0xff) * weight;
      }
      int o = outRow + 4 * x;
      out[o] = clamp(a);
      out[o + 1] = clamp(b);
      out[o + 2] = clamp(c);
      out[o + 3] = clamp(d);
    }
  }

  private static void down(byte[] in, int firstRow, int stride, byte[] out, int y, Taps taps) {
    int[] sums = new int[stride];
    Arrays.fill(sums, HALF);
    for (int j = 0; j < taps.count()[y]; j++) {
      int weight = taps.fixed()[y * taps.stride() + j];
      int row = (taps.first()[y] - firstRow + j) * stride;
      for (int i = 0; i < stride; i++) {
        sums[i] += (in[row + i] & 0xff) * weight;
      }
    }
    for (int i = 0; i < stride; i++) {
      out[y * stride + i] = clamp(sums[i]);
    }
  }

  /**
   * 16-bit grey in double precision, as Pillow resamples its 32-bit mode. The values between the
   * passes may leave the 16-bit range; the result is clamped to it.
   */
  static byte[] convolve16(
      byte[] samples,
      int inWidth,
      int inHeight,
      int width,
      int height,
      Filter filter,
      Window window) {
    boolean vertical = height != inHeight;
    Taps down = Taps.of(inHeight, height, filter, window.top(), window.top() + window.height());
    int firstRow = vertical ? down.first()[0] : window.top();
    int rows = vertical ? down.end() - firstRow : window.height();
    int[] values = new int[Math.multiplyExact(inWidth, rows)];
    for (int i = 0, in = 2 * firstRow * inWidth; i < values.length; i++, in += 2) {
      values[i] = (samples[in] & 0xff) | (samples[in + 1] & 0xff) << 8;
    }
    int columns = window.width();
    int[] between = new int[Math.multiplyExact(rows, columns)];
    Taps across = Taps.of(inWidth, width, filter, window.left(), window.left() + columns);
    for (int i = 0; i < between.length; i++) {
      int row = i / columns * inWidth;
      between[i] =
          width != inWidth
              ? weighted(values, row, 1, across, i % columns)
              : values[row + window.left() + i % columns];
    }
    byte[] bytes = new byte[Math.multiplyExact(2 * columns, window.height())];
    for (int i = 0; i < bytes.length / 2; i++) {
      // The first row that is kept is the one that the taps count from.
      int base = i % columns - firstRow * columns;
      int sample = vertical ? weighted(between, base, columns, down, i / columns) : between[i];
      int value = Math.max(0, Math.min(0xffff, sample));
      bytes[2 * i] = (byte) value;
      bytes[2 * i + 1] = (byte) (value >> 8);
    }
    return bytes;
  }

  private static int weighted(int[] values, int base, int step, Taps taps, int output) {
    double sum = 0;
    for (int j = 0; j < taps.count()[output]; j++) {
      sum +=
          values[base + (taps.first()[output] + j) * step]
              * taps.weights()[output * taps.stride() + j];
    }
    return (int) (sum >= 0 ? Math.floor(sum + 0.5) : -Math.floor(Math.abs(sum) + 0.5));
  }

  /** Pillow's nearest, or OpenCV's. */
  static byte[] nearest(
      byte[] samples,
      int inWidth,
      int inHeight,
      int bytes,
      int width,
      int height,
      Filter filter,
      Window window) {
    int[] columns = nearestSources(inWidth, width, window.left(), window.width(), filter);
    int[] rows = nearestSources(inHeight, height, window.top(), window.height(), filter);
    byte[] result = new byte[Math.multiplyExact(window.height(), window.width() * bytes)];
    rows(
        rows.length,
        result.length,
        y -> {
          int out = y * columns.length * bytes;
          for (int column : columns) {
            int in = (rows[y] * inWidth + column) * bytes;
            for (int c = 0; c < bytes; c++) {
              result[out++] = samples[in + c];
            }
          }
        });
    return result;
  }

  /** Pillow accumulates the source coordinate, which other formulas do not equal. */
  private static int[] nearestSources(int in, int out, int from, int count, Filter filter) {
    if (filter == Filter.OPENCV_NEAREST) {
      return OpenCv.nearestSources(in, out, from, count);
    }
    double step = (double) in / out;
    double position = step * 0.5;
    int[] sources = new int[count];
    for (int i = 0; i < from + count; i++) {
      if (i >= from) {
        sources[i - from] = Math.min((int) position, in - 1);
      }
      position += step;
    }
    return sources;
  }

  /** A copy of a window. */
  static byte[] cut(byte[] samples, int width, int bytes, Window window) {
    int stride = window.width() * bytes;
    byte[] result = new byte[Math.multiplyExact(window.height(), stride)];
    for (int y = 0; y < window.height(); y++) {
      int in = ((window.top() + y) * width + window.left()) * bytes;
      System.arraycopy(samples, in, result, y * stride, stride);
    }
    return result;
  }
}
