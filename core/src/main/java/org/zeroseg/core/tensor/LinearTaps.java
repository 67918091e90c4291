package org.zeroseg.core.tensor;

import java.util.Arrays;

/**
 * Linear interpolation along one axis as a sparse matrix: every output element is a weighted sum of
 * a few neighbouring input elements. Resizing twice is one such matrix, too, so that a map can be
 * taken to its final size in one step, row by row.
 *
 * <p>Positions are those of PyTorch's bilinear mode: centres of pixels, clamped at the edges.
 */
public final class LinearTaps {

  private final int[] first;
  private final float[][] weights;

  private LinearTaps(int[] first, float[][] weights) {
    this.first = first;
    this.weights = weights;
  }

  /**
   * A resize.
   *
   * @param from input elements
   * @param to output elements
   * @return the taps
   */
  public static LinearTaps of(int from, int to) {
    int[] first = new int[to];
    float[][] weights = new float[to][];
    float step = (float) from / to;
    for (int i = 0; i < to; i++) {
      float at = Math.max(0, (i + 0.5f) * step - 0.5f);
      first[i] = Math.min((int) at, from - 1);
      float second = at - first[i];
      weights[i] = first[i] + 1 < from ? new float[] {1 - second, second} : new float[] {1};
    }
    return new LinearTaps(first, weights);
  }

  /**
   * This, followed by another resize.
   *
   * @param to output elements
   * @return the taps of both
   */
  public LinearTaps then(int to) {
    LinearTaps next = of(first.length, to);
    int[] start = new int[to];
    float[][] composed = new float[to][];
    for (int i = 0; i < to; i++) {
      int low = next.first[i];
      int high = low + next.weights[i].length - 1;
      start[i] = first[low];
      composed[i] = new float[first[high] + weights[high].length - start[i]];
      for (int j = low; j <= high; j++) {
        for (int tap = 0; tap < weights[j].length; tap++) {
          composed[i][first[j] - start[i] + tap] += next.weights[i][j - low] * weights[j][tap];
        }
      }
    }
    return new LinearTaps(start, composed);
  }

  /**
   * The number of output elements.
   *
   * @return elements
   */
  public int size() {
    return first.length;
  }

  /**
   * The first input element of an output element.
   *
   * @param output the output element's number
   * @return the input element's number; those after it follow one by one
   */
  public int first(int output) {
    return first[output];
  }

  /**
   * The factors of an output element.
   *
   * @param output the output element's number
   * @return one for each input element from {@link #first(int)} on
   */
  public float[] factors(int output) {
    return weights[output].clone();
  }

  /**
   * One output row of a map, this being the resize from top to bottom.
   *
   * @param map holds {@code [rows, width]}, row-major
   * @param offset where the map begins
   * @param width of the map
   * @param output the row's number
   * @param row takes {@code width} elements
   */
  public void row(float[] map, int offset, int width, int output, float[] row) {
    Arrays.fill(row, 0, width, 0);
    for (int tap = 0; tap < weights[output].length; tap++) {
      float weight = weights[output][tap];
      int start = offset + (first[output] + tap) * width;
      for (int x = 0; x < width; x++) {
        row[x] += weight * map[start + x];
      }
    }
  }

  /**
   * All output elements of one row, this being the resize from left to right.
   *
   * @param row the input elements
   * @param output takes {@link #size()} elements
   */
  public void apply(float[] row, float[] output) {
    apply(row, output, 0, first.length);
  }

  /**
   * Some output elements of one row.
   *
   * @param row the input elements
   * @param output takes elements at their own places
   * @param from the first
   * @param to behind the last
   */
  public void apply(float[] row, float[] output, int from, int to) {
    for (int i = from; i < to; i++) {
      float sum = 0;
      float[] w = weights[i];
      for (int tap = 0; tap < w.length; tap++) {
        sum += w[tap] * row[first[i] + tap];
      }
      output[i] = sum;
    }
  }

  /**
   * Adds all output elements of one row to another, each times a factor.
   *
   * @param row the input elements
   * @param factors {@link #size()} of them
   * @param target what is added to
   * @param offset where the first output element goes in it
   */
  public void add(float[] row, float[] factors, float[] target, int offset) {
    for (int i = 0; i < first.length; i++) {
      float sum = 0;
      float[] w = weights[i];
      for (int tap = 0; tap < w.length; tap++) {
        sum += w[tap] * row[first[i] + tap];
      }
      target[offset + i] += factors[i] * sum;
    }
  }
}
