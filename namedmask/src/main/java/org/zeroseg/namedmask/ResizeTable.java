package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * Some output elements of a resize along one axis as weighted sums of input elements, for kernels.
 *
 * @param first input element that is needed
 * @param count of input elements that are needed
 * @param indices int64 {@code [T, n]}, counted from the first
 * @param factors float32 {@code [T, n]}
 */
record ResizeTable(int first, int count, NDArray indices, NDArray factors) {

  /** Output elements {@code from} to {@code to}, the last left out. */
  static ResizeTable of(LinearTaps taps, int from, int to, NDManager manager) {
    return of(taps, from, to, Integer.MAX_VALUE, manager);
  }

  /** All output elements; indices are counted from the first input element. */
  static ResizeTable whole(LinearTaps taps, NDManager manager) {
    return of(taps, 0, taps.size(), 0, manager);
  }

  private static ResizeTable of(LinearTaps taps, int from, int to, int least, NDManager manager) {
    int most = 0;
    int low = least;
    int high = 0;
    for (int i = from; i < to; i++) {
      int length = taps.factors(i).length;
      most = Math.max(most, length);
      low = Math.min(low, taps.first(i));
      high = Math.max(high, taps.first(i) + length);
    }
    int n = to - from;
    long[] indices = new long[most * n];
    float[] factors = new float[most * n];
    for (int i = from; i < to; i++) {
      float[] own = taps.factors(i);
      for (int tap = 0; tap < most; tap++) {
        // What is not there counts nothing, wherever it is taken from.
        int at = tap * n + i - from;
        indices[at] = (long) Math.min(taps.first(i) + tap, high - 1) - low;
        factors[at] = tap < own.length ? own[tap] : 0;
      }
    }
    Shape shape = new Shape(most, n);
    return new ResizeTable(
        low, high - low, manager.create(indices, shape), manager.create(factors, shape));
  }
}
