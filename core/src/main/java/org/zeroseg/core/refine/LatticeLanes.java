package org.zeroseg.core.refine;

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

  /** What the points give to a vertex. */
  @SuppressWarnings("ArrayRecordComponent")
  record Entries(int[] first, int[] point, float[] weight) {

    /**
     * Sums values at vertices.
     *
     * @param values {@code [points, channels]}
     * @param factors one a point, that values are multiplied by before
     * @param channels values a point
     * @param channel the first of those that are summed
     * @param width how many
     * @param lattice takes {@code [vertices + 1, width]}
     * @param from the first vertex
     * @param to the vertex after the last
     */
    void splat(
        float[] values,
        float[] factors,
        int channels,
        int channel,
        int width,
        float[] lattice,
        int from,
        int to) {
      switch (width) {
        case 8 -> splat8(values, factors, channels, channel, lattice, from, to);
        case 2 -> splat2(values, factors, channels, channel, lattice, from, to);
        default -> splat1(values, factors, channels, channel, lattice, from, to);
      }
    }

    private void splat8(
        float[] values, float[] factors, int channels, int channel, float[] out, int from, int to) {
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
          float f = factors[point[entry]];
          int i = point[entry] * channels + channel;
          s0 += w * (values[i] * f);
          s1 += w * (values[i + 1] * f);
          s2 += w * (values[i + 2] * f);
          s3 += w * (values[i + 3] * f);
          s4 += w * (values[i + 4] * f);
          s5 += w * (values[i + 5] * f);
          s6 += w * (values[i + 6] * f);
          s7 += w * (values[i + 7] * f);
        }
        store8(out, 8 * vertex, s0, s1, s2, s3, s4, s5, s6, s7);
      }
    }

    private void splat2(
        float[] values, float[] factors, int channels, int channel, float[] out, int from, int to) {
      for (int vertex = from; vertex < to; vertex++) {
        float s0 = 0;
        float s1 = 0;
        for (int entry = first[vertex]; entry < first[vertex + 1]; entry++) {
          float w = weight[entry];
          float f = factors[point[entry]];
          int i = point[entry] * channels + channel;
          s0 += w * (values[i] * f);
          s1 += w * (values[i + 1] * f);
        }
        out[2 * vertex] = s0;
        out[2 * vertex + 1] = s1;
      }
    }

    private void splat1(
        float[] values, float[] factors, int channels, int channel, float[] out, int from, int to) {
      for (int vertex = from; vertex < to; vertex++) {
        float sum = 0;
        for (int entry = first[vertex]; entry < first[vertex + 1]; entry++) {
          int p = point[entry];
          sum += weight[entry] * (values[p * channels + channel] * factors[p]);
        }
        out[vertex] = sum;
      }
    }
  }

  /** Adds half of both neighbours along an axis to vertices. */
  static void blur(
      int[] before, int[] after, float[] old, float[] blurred, int width, int from, int to) {
    switch (width) {
      case 8 -> blur8(before, after, old, blurred, from, to);
      case 2 -> {
        for (int vertex = from; vertex < to; vertex++) {
          int t = 2 * vertex;
          int a = 2 * before[vertex];
          int b = 2 * after[vertex];
          blurred[t] = old[t] + 0.5f * (old[a] + old[b]);
          blurred[t + 1] = old[t + 1] + 0.5f * (old[a + 1] + old[b + 1]);
        }
      }
      default -> {
        for (int vertex = from; vertex < to; vertex++) {
          blurred[vertex] = old[vertex] + 0.5f * (old[before[vertex]] + old[after[vertex]]);
        }
      }
    }
  }

  private static void blur8(
      int[] before, int[] after, float[] old, float[] blurred, int from, int to) {
    for (int vertex = from; vertex < to; vertex++) {
      int t = 8 * vertex;
      int a = 8 * before[vertex];
      int b = 8 * after[vertex];
      blurred[t] = old[t] + 0.5f * (old[a] + old[b]);
      blurred[t + 1] = old[t + 1] + 0.5f * (old[a + 1] + old[b + 1]);
      blurred[t + 2] = old[t + 2] + 0.5f * (old[a + 2] + old[b + 2]);
      blurred[t + 3] = old[t + 3] + 0.5f * (old[a + 3] + old[b + 3]);
      blurred[t + 4] = old[t + 4] + 0.5f * (old[a + 4] + old[b + 4]);
      blurred[t + 5] = old[t + 5] + 0.5f * (old[a + 5] + old[b + 5]);
      blurred[t + 6] = old[t + 6] + 0.5f * (old[a + 6] + old[b + 6]);
      blurred[t + 7] = old[t + 7] + 0.5f * (old[a + 7] + old[b + 7]);
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
