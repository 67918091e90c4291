package org.zeroseg.core.refine;

import java.util.Arrays;

/**
 * The three steps of filtering on a {@link PermutohedralLattice}, for eight, two or one of the
 * channels at a time. Sums stay in registers, which a loop over any number of channels does not do:
 * that takes three times as long.
 */
final class LatticeLanes {

  private LatticeLanes() {}

  /**
   * How many channels are filtered together, of those that are left: eight also where some of them
   * are filtered once more, since that is faster than two and two.
   */
  static int width(int left, int all) {
    return left >= 8 || (left > 2 && all >= 8) ? 8 : Math.min(left, 2);
  }

  /**
   * Takes some channels out of values, times one factor a point. Vertices read points in any order,
   * which is faster where what they read lies together.
   *
   * @param values {@code [points, channels]}
   * @param factors one a point
   * @param channels values a point
   * @param channel the first of those that are taken
   * @param width how many
   * @param packed takes {@code [points, width]}
   * @param from the first point
   * @param to the point after the last
   */
  static void pack(
      float[] values,
      float[] factors,
      int channels,
      int channel,
      int width,
      float[] packed,
      int from,
      int to) {
    switch (width) {
      case 8 -> pack8(values, factors, channels, channel, packed, from, to);
      case 2 -> {
        for (int point = from; point < to; point++) {
          int i = point * channels + channel;
          float f = factors[point];
          packed[2 * point] = values[i] * f;
          packed[2 * point + 1] = values[i + 1] * f;
        }
      }
      default -> {
        for (int point = from; point < to; point++) {
          packed[point] = values[point * channels + channel] * factors[point];
        }
      }
    }
  }

  private static void pack8(
      float[] values,
      float[] factors,
      int channels,
      int channel,
      float[] packed,
      int from,
      int to) {
    for (int point = from; point < to; point++) {
      int i = point * channels + channel;
      float f = factors[point];
      store8(
          packed,
          8 * point,
          values[i] * f,
          values[i + 1] * f,
          values[i + 2] * f,
          values[i + 3] * f,
          values[i + 4] * f,
          values[i + 5] * f,
          values[i + 6] * f,
          values[i + 7] * f);
    }
  }

  /** What the points give to a vertex. */
  @SuppressWarnings("ArrayRecordComponent")
  record Entries(int[] first, int[] point, float[] weight) {

    /**
     * Sums values at vertices.
     *
     * @param packed {@code [points, width]}
     * @param width values a point
     * @param lattice takes {@code [vertices + 1, width]}
     * @param from the first vertex
     * @param to the vertex after the last
     */
    void splat(float[] packed, int width, float[] lattice, int from, int to) {
      switch (width) {
        case 8 -> splat8(packed, lattice, from, to);
        case 2 -> splat2(packed, lattice, from, to);
        default -> splat1(packed, lattice, from, to);
      }
    }

    private void splat8(float[] packed, float[] out, int from, int to) {
      for (int vertex = from; vertex < to; vertex++) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        for (int entry = first[vertex]; entry < first[vertex + 1]; entry++) {
          float w = weight[entry];
          int i = 8 * point[entry];
          s0 += w * packed[i];
          s1 += w * packed[i + 1];
          s2 += w * packed[i + 2];
          s3 += w * packed[i + 3];
          s4 += w * packed[i + 4];
          s5 += w * packed[i + 5];
          s6 += w * packed[i + 6];
          s7 += w * packed[i + 7];
        }
        store8(out, 8 * vertex, s0, s1, s2, s3, s4, s5, s6, s7);
      }
    }

    private void splat2(float[] packed, float[] out, int from, int to) {
      for (int vertex = from; vertex < to; vertex++) {
        float s0 = 0;
        float s1 = 0;
        for (int entry = first[vertex]; entry < first[vertex + 1]; entry++) {
          float w = weight[entry];
          int i = 2 * point[entry];
          s0 += w * packed[i];
          s1 += w * packed[i + 1];
        }
        out[2 * vertex] = s0;
        out[2 * vertex + 1] = s1;
      }
    }

    private void splat1(float[] packed, float[] out, int from, int to) {
      for (int vertex = from; vertex < to; vertex++) {
        float sum = 0;
        for (int entry = first[vertex]; entry < first[vertex + 1]; entry++) {
          sum += weight[entry] * packed[point[entry]];
        }
        out[vertex] = sum;
      }
    }
  }

  /**
   * The vertices that have neighbours along an axis, from neighbour to neighbour: every row of them
   * ends with 0, the place of the missing neighbour's zeros.
   *
   * @param vertex vertices and the zeros after each row
   * @param parts where rows begin that may be blurred by different threads, and the end
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Rows(int[] vertex, int[] parts) {

    /**
     * The rows along an axis.
     *
     * @param before the neighbour of a vertex on the one side, 0 where missing
     * @param after the one on the other side
     * @param part vertices that a thread takes at least
     */
    static Rows of(int[] before, int[] after, int part) {
      int size = 0;
      for (int v = 1; v < before.length; v++) {
        size +=
            (before[v] == 0 && after[v] == 0 ? 0 : 1) + (before[v] == 0 && after[v] > 0 ? 1 : 0);
      }
      int[] vertex = new int[size];
      int[] parts = new int[size / part + 2];
      int count = 1;
      int at = 0;
      for (int first = 1; first < before.length; first++) {
        if (before[first] == 0 && after[first] > 0) {
          for (int v = first; v > 0; v = after[v]) {
            vertex[at++] = v;
          }
          at++;
          if (at - parts[count - 1] >= part) {
            parts[count++] = at;
          }
        }
      }
      if (parts[count - 1] < size) {
        parts[count++] = size;
      }
      return new Rows(vertex, Arrays.copyOf(parts, count));
    }

    /** Adds half of both neighbours to the vertices of a part, of {@code [vertices + 1, width]}. */
    void blur(float[] lattice, int width, int part) {
      int from = parts[part];
      int to = parts[part + 1];
      switch (width) {
        case 8 -> blur8(lattice, from, to);
        case 2 -> blur2(lattice, from, to);
        default -> blur1(lattice, from, to);
      }
    }

    private void blur8(float[] lattice, int from, int to) {
      for (int at = from; at < to; at++) {
        float b0 = 0;
        float b1 = 0;
        float b2 = 0;
        float b3 = 0;
        float b4 = 0;
        float b5 = 0;
        float b6 = 0;
        float b7 = 0;
        int t = 8 * vertex[at];
        float o0 = lattice[t];
        float o1 = lattice[t + 1];
        float o2 = lattice[t + 2];
        float o3 = lattice[t + 3];
        float o4 = lattice[t + 4];
        float o5 = lattice[t + 5];
        float o6 = lattice[t + 6];
        float o7 = lattice[t + 7];
        while (t > 0) {
          int next = 8 * vertex[++at];
          float a0 = lattice[next];
          float a1 = lattice[next + 1];
          float a2 = lattice[next + 2];
          float a3 = lattice[next + 3];
          float a4 = lattice[next + 4];
          float a5 = lattice[next + 5];
          float a6 = lattice[next + 6];
          float a7 = lattice[next + 7];
          lattice[t] = o0 + 0.5f * (b0 + a0);
          lattice[t + 1] = o1 + 0.5f * (b1 + a1);
          lattice[t + 2] = o2 + 0.5f * (b2 + a2);
          lattice[t + 3] = o3 + 0.5f * (b3 + a3);
          lattice[t + 4] = o4 + 0.5f * (b4 + a4);
          lattice[t + 5] = o5 + 0.5f * (b5 + a5);
          lattice[t + 6] = o6 + 0.5f * (b6 + a6);
          lattice[t + 7] = o7 + 0.5f * (b7 + a7);
          b0 = o0;
          b1 = o1;
          b2 = o2;
          b3 = o3;
          b4 = o4;
          b5 = o5;
          b6 = o6;
          b7 = o7;
          o0 = a0;
          o1 = a1;
          o2 = a2;
          o3 = a3;
          o4 = a4;
          o5 = a5;
          o6 = a6;
          o7 = a7;
          t = next;
        }
      }
    }

    private void blur2(float[] lattice, int from, int to) {
      for (int at = from; at < to; at++) {
        float b0 = 0;
        float b1 = 0;
        int t = 2 * vertex[at];
        float o0 = lattice[t];
        float o1 = lattice[t + 1];
        while (t > 0) {
          int next = 2 * vertex[++at];
          float a0 = lattice[next];
          float a1 = lattice[next + 1];
          lattice[t] = o0 + 0.5f * (b0 + a0);
          lattice[t + 1] = o1 + 0.5f * (b1 + a1);
          b0 = o0;
          b1 = o1;
          o0 = a0;
          o1 = a1;
          t = next;
        }
      }
    }

    private void blur1(float[] lattice, int from, int to) {
      for (int at = from; at < to; at++) {
        float before = 0;
        float own = lattice[vertex[at]];
        for (int v = vertex[at]; v > 0; v = vertex[at]) {
          float after = lattice[vertex[++at]];
          lattice[v] = own + 0.5f * (before + after);
          before = own;
          own = after;
        }
      }
    }
  }

  /** Where a point lies: {@code corners} vertices each, and their weights. */
  @SuppressWarnings("ArrayRecordComponent")
  record Places(int corners, int[] vertex, float[] weight) {

    /**
     * Reads values at points.
     *
     * @param lattice {@code [vertices + 1, width]}
     * @param alpha factor of all weights
     * @param channels values a point
     * @param channel the first of those that are read
     * @param width how many
     * @param values takes {@code [points, channels]}
     * @param from the first point
     * @param to the point after the last
     */
    void slice(
        float[] lattice,
        float alpha,
        int channels,
        int channel,
        int width,
        float[] values,
        int from,
        int to) {
      switch (width) {
        case 8 -> slice8(lattice, alpha, channels, channel, values, from, to);
        case 2 -> slice2(lattice, alpha, channels, channel, values, from, to);
        default -> slice1(lattice, alpha, channels, channel, values, from, to);
      }
    }

    private void slice8(
        float[] lattice, float alpha, int channels, int channel, float[] out, int from, int to) {
      for (int point = from; point < to; point++) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        for (int corner = point * corners; corner < (point + 1) * corners; corner++) {
          float w = weight[corner] * alpha;
          int i = 8 * vertex[corner];
          s0 += w * lattice[i];
          s1 += w * lattice[i + 1];
          s2 += w * lattice[i + 2];
          s3 += w * lattice[i + 3];
          s4 += w * lattice[i + 4];
          s5 += w * lattice[i + 5];
          s6 += w * lattice[i + 6];
          s7 += w * lattice[i + 7];
        }
        store8(out, point * channels + channel, s0, s1, s2, s3, s4, s5, s6, s7);
      }
    }

    private void slice2(
        float[] lattice, float alpha, int channels, int channel, float[] out, int from, int to) {
      for (int point = from; point < to; point++) {
        float s0 = 0;
        float s1 = 0;
        for (int corner = point * corners; corner < (point + 1) * corners; corner++) {
          float w = weight[corner] * alpha;
          s0 += w * lattice[2 * vertex[corner]];
          s1 += w * lattice[2 * vertex[corner] + 1];
        }
        out[point * channels + channel] = s0;
        out[point * channels + channel + 1] = s1;
      }
    }

    private void slice1(
        float[] lattice, float alpha, int channels, int channel, float[] out, int from, int to) {
      for (int point = from; point < to; point++) {
        float sum = 0;
        for (int corner = point * corners; corner < (point + 1) * corners; corner++) {
          sum += weight[corner] * alpha * lattice[vertex[corner]];
        }
        out[point * channels + channel] = sum;
      }
    }
  }

  private static void store8(
      float[] out,
      int at,
      float s0,
      float s1,
      float s2,
      float s3,
      float s4,
      float s5,
      float s6,
      float s7) {
    out[at] = s0;
    out[at + 1] = s1;
    out[at + 2] = s2;
    out[at + 3] = s3;
    out[at + 4] = s4;
    out[at + 5] = s5;
    out[at + 6] = s6;
    out[at + 7] = s7;
  }
}
