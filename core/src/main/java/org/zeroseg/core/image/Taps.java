package org.zeroseg.core.image;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which source pixels make each output pixel of one axis, and with which weights: Pillow's {@code
 * precompute_coeffs}. Output {@code i} (counted from the first wanted one) takes the sources {@code
 * first[i] .. first[i] + count[i] - 1}; the weights of output {@code i} start at {@code i *
 * stride}.
 */
@SuppressWarnings("ArrayRecordComponent")
record Taps(int[] first, int[] count, int stride, double[] weights, int[] fixed) {

  /** Fractional bits of the fixed-point weights: 32, less 8 of the pixel, less 2 of headroom. */
  static final int PRECISION_BITS = 32 - 8 - 2;

  // 100 MB at the most; larger tables take little time beside the pictures that need them.
  private static final int CACHED_TABLES = 256;
  private static final int LARGEST_CACHED_TABLE = 1 << 15;

  private record Key(int in, int out, Filter filter, int from, int to) {}

  private static final Map<Key, Taps> CACHE =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Taps> eldest) {
          return size() > CACHED_TABLES;
        }
      };

  /** Taps of the outputs {@code from .. to - 1} when {@code in} pixels become {@code out}. */
  static Taps of(int in, int out, Filter filter, int from, int to) {
    Key key = new Key(in, out, filter, from, to);
    synchronized (CACHE) {
      Taps cached = CACHE.get(key);
      if (cached != null) {
        return cached;
      }
    }
    Taps taps = compute(in, out, filter, from, to);
    if (taps.fixed.length <= LARGEST_CACHED_TABLE) {
      synchronized (CACHE) {
        CACHE.put(key, taps);
      }
    }
    return taps;
  }

  private static Taps compute(int in, int out, Filter filter, int from, int to) {
    double scale = (double) in / out;
    double filterScale = Math.max(scale, 1);
    double support = filter.support() * filterScale;
    int stride = Math.min((int) Math.ceil(support) * 2 + 1, in);
    int outputs = to - from;
    int[] first = new int[outputs];
    int[] count = new int[outputs];
    double[] weights = new double[Math.multiplyExact(outputs, stride)];
    int[] fixed = new int[weights.length];
    double inverse = 1 / filterScale;
    for (int i = 0; i < outputs; i++) {
      double centre = (from + i + 0.5) * scale;
      first[i] = Math.max((int) (centre - support + 0.5), 0);
      count[i] = Math.min((int) (centre + support + 0.5), in) - first[i];
      double sum = 0;
      for (int j = 0; j < count[i]; j++) {
        double weight = filter.weight((j + first[i] - centre + 0.5) * inverse);
        weights[i * stride + j] = weight;
        sum += weight;
      }
      for (int j = i * stride; j < i * stride + count[i]; j++) {
        if (sum != 0) {
          weights[j] /= sum;
        }
        double scaled = weights[j] * (1 << PRECISION_BITS);
        fixed[j] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      }
    }
    return new Taps(first, count, stride, weights, fixed);
  }

  /** One past the last source that any output needs. */
  int end() {
    int end = 0;
    for (int i = 0; i < first.length; i++) {
      end = Math.max(end, first[i] + count[i]);
    }
    return end;
  }
}
