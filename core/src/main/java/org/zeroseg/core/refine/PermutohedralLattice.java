package org.zeroseg.core.refine;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Gaussian filtering of many-dimensional features on the permutohedral lattice (Adams, Baek and
 * Davis 2010). The lattice of a set of points is built once and filters any number of values.
 *
 * <p>float32 in the order of the reference implementation, so that results agree to the bit; sums
 * run over points in order, whatever the number of threads. Keys are ints where the reference has
 * shorts, and points are not padded to blocks of four, which there adds a few stray vertices.
 */
final class PermutohedralLattice {

  private static final int CHUNK = 4096;

  private final int points;

  /** Vertices of a simplex: the dimension and one. */
  private final int corners;

  /** Number of vertices; the arrays of values keep place 0 for the missing neighbour's zero. */
  final int vertices;

  /** {@code [points, corners]}: numbers of vertices, from 1. */
  final int[] vertexOfPoint;

  /** {@code [points, corners]}: barycentric weights. */
  final float[] weights;

  /** {@code [vertices + 1]}: where each vertex's points begin in {@link #pointOfEntry}. */
  private final int[] firstEntry;

  private final int[] pointOfEntry;
  private final float[] weightOfEntry;

  /** {@code [corners, vertices + 1]}: the neighbours along each axis, 0 where missing. */
  private final int[][] before;

  private final int[][] after;

  /**
   * Builds the lattice.
   *
   * @param features {@code [points, dimension]}, in units of the kernel's standard deviation
   * @param dimension features a point
   */
  PermutohedralLattice(float[] features, int dimension) {
    points = features.length / dimension;
    corners = dimension + 1;
    if ((long) points * corners > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          points + " points of " + dimension + " features are too many for one lattice");
    }
    vertexOfPoint = new int[points * corners];
    weights = new float[points * corners];
    int[] origins = new int[points * corners];
    int[] ranks = new int[points * corners];
    Embedding embedding = new Embedding(dimension);
    chunks(points, (from, to) -> embedding.locate(features, from, to, origins, ranks, weights));
    Vertices numbered = new Vertices(dimension);
    int[] key = new int[dimension];
    for (int point = 0; point < points; point++) {
      for (int remainder = 0; remainder < corners; remainder++) {
        for (int i = 0; i < dimension; i++) {
          int rank = ranks[point * corners + i];
          key[i] =
              origins[point * corners + i]
                  + (rank <= dimension - remainder ? remainder : remainder - corners);
        }
        vertexOfPoint[point * corners + remainder] = numbered.add(key);
      }
    }
    vertices = numbered.size;
    firstEntry = new int[vertices + 2];
    pointOfEntry = new int[points * corners];
    weightOfEntry = new float[points * corners];
    listPoints();
    before = new int[corners][vertices + 1];
    after = new int[corners][vertices + 1];
    chunks(vertices, (from, to) -> connect(numbered, dimension, from, to));
  }

  /** Steps 1 to 6: the simplex of every point and the point's place in it. */
  private static final class Embedding {
    private final int dimension;
    private final float[] scale;

    Embedding(int dimension) {
      this.dimension = dimension;
      scale = new float[dimension];
      float deviation = (float) (Math.sqrt(2.0 / 3.0) * (dimension + 1));
      for (int i = 0; i < dimension; i++) {
        scale[i] = (float) (1 / Math.sqrt((i + 1.0) * (i + 2)) * deviation);
      }
    }

    void locate(
        float[] features, int from, int to, int[] origins, int[] ranks, float[] barycentric) {
      int corners = dimension + 1;
      float down = 1f / corners;
      float[] elevated = new float[corners];
      float[] weight = new float[corners + 1];
      int[] origin = new int[corners];
      int[] rank = new int[corners];
      for (int point = from; point < to; point++) {
        float sum = 0;
        for (int j = dimension; j > 0; j--) {
          float c = features[point * dimension + j - 1] * scale[j - 1];
          elevated[j] = sum - j * c;
          sum += c;
        }
        elevated[0] = sum;
        int total = 0;
        for (int i = 0; i < corners; i++) {
          int v = (int) Math.rint(elevated[i] * down);
          origin[i] = v * corners;
          total += v;
        }
        Arrays.fill(rank, 0);
        for (int i = 0; i < dimension; i++) {
          float offset = elevated[i] - origin[i];
          for (int j = i + 1; j < corners; j++) {
            if (offset < elevated[j] - origin[j]) {
              rank[i]++;
            } else {
              rank[j]++;
            }
          }
        }
        Arrays.fill(weight, 0);
        for (int i = 0; i < corners; i++) {
          rank[i] += total;
          if (rank[i] < 0) {
            rank[i] += corners;
            origin[i] += corners;
          } else if (rank[i] > dimension) {
            rank[i] -= corners;
            origin[i] -= corners;
          }
          float v = (elevated[i] - origin[i]) * down;
          weight[dimension - rank[i]] += v;
          weight[corners - rank[i]] -= v;
        }
        weight[0] += 1 + weight[corners];
        System.arraycopy(origin, 0, origins, point * corners, corners);
        System.arraycopy(rank, 0, ranks, point * corners, corners);
        System.arraycopy(weight, 0, barycentric, point * corners, corners);
      }
    }
  }

  /** The distinct vertices, numbered from 1 by first use. */
  private static final class Vertices {
    private final int dimension;
    private int[] keys;
    private int size;
    private int[] slots = new int[1 << 16];

    Vertices(int dimension) {
      this.dimension = dimension;
      keys = new int[dimension << 14];
    }

    int add(int[] key) {
      int slot = slot(key, 0);
      if (slots[slot] == 0) {
        int start = ++size * dimension;
        if (start + dimension > keys.length) {
          keys = Arrays.copyOf(keys, Math.multiplyExact(keys.length, 2));
        }
        System.arraycopy(key, 0, keys, start, dimension);
        slots[slot] = size;
        if (size > slots.length / 2) {
          slots = new int[4 * slots.length];
          for (int i = 1; i <= size; i++) {
            slots[slot(keys, i * dimension)] = i;
          }
          return size;
        }
      }
      return slots[slot];
    }

    int find(int[] key) {
      return slots[slot(key, 0)];
    }

    private int slot(int[] key, int start) {
      int hash = 0;
      for (int i = 0; i < dimension; i++) {
        hash = (hash + key[start + i]) * 0x9E3779B1;
      }
      int slot = (hash ^ hash >>> 15) & slots.length - 1;
      while (slots[slot] > 0 && !same(slots[slot] * dimension, key, start)) {
        slot = slot + 1 & slots.length - 1;
      }
      return slot;
    }

    private boolean same(int stored, int[] key, int start) {
      for (int i = 0; i < dimension; i++) {
        if (keys[stored + i] != key[start + i]) {
          return false;
        }
      }
      return true;
    }
  }

  private void listPoints() {
    for (int vertex : vertexOfPoint) {
      firstEntry[vertex + 1]++;
    }
    for (int i = 1; i < firstEntry.length; i++) {
      firstEntry[i] += firstEntry[i - 1];
    }
    int[] next = firstEntry.clone();
    for (int i = 0; i < vertexOfPoint.length; i++) {
      int entry = next[vertexOfPoint[i]]++;
      pointOfEntry[entry] = i / corners;
      weightOfEntry[entry] = weights[i];
    }
  }

  /** Finds the neighbours; whoever is before a vertex has that vertex after it. */
  private void connect(Vertices numbered, int dimension, int from, int to) {
    int[] key = new int[dimension];
    for (int vertex = from + 1; vertex <= to; vertex++) {
      for (int axis = 0; axis < corners; axis++) {
        for (int i = 0; i < dimension; i++) {
          key[i] = numbered.keys[vertex * dimension + i] - 1;
        }
        if (axis < dimension) {
          key[axis] += corners;
        }
        int neighbour = numbered.find(key);
        before[axis][vertex] = neighbour;
        if (neighbour > 0) {
          after[axis][neighbour] = vertex;
        }
      }
    }
  }

  /**
   * Filters values.
   *
   * @param values {@code [points, channels]}
   * @param channels values a point
   * @param reverse blurs along the axes in reverse order
   * @return {@code [points, channels]}: the approximate Gaussian sums over all points, the point
   *     itself included, up to a constant factor
   */
  float[] filter(float[] values, int channels, boolean reverse) {
    if ((vertices + 1L) * channels > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          channels + " channels on " + vertices + " lattice vertices are too many");
    }
    float[] lattice = new float[(vertices + 1) * channels];
    chunks(vertices, (from, to) -> splat(values, channels, lattice, from, to));
    float[] current = lattice;
    float[] next = new float[lattice.length];
    for (int i = 0; i < corners; i++) {
      int axis = reverse ? corners - 1 - i : i;
      float[] old = current;
      float[] blurred = next;
      chunks(vertices, (from, to) -> blur(axis, old, blurred, channels, from, to));
      current = blurred;
      next = old;
    }
    float[] filtered = new float[points * channels];
    float[] blurred = current;
    chunks(points, (from, to) -> slice(blurred, channels, filtered, from, to));
    return filtered;
  }

  private void splat(float[] values, int channels, float[] lattice, int from, int to) {
    for (int vertex = from + 1; vertex <= to; vertex++) {
      int target = vertex * channels;
      for (int entry = firstEntry[vertex]; entry < firstEntry[vertex + 1]; entry++) {
        float weight = weightOfEntry[entry];
        int source = pointOfEntry[entry] * channels;
        for (int c = 0; c < channels; c++) {
          lattice[target + c] += weight * values[source + c];
        }
      }
    }
  }

  private void blur(int axis, float[] old, float[] blurred, int channels, int from, int to) {
    int[] previous = before[axis];
    int[] following = after[axis];
    for (int vertex = from + 1; vertex <= to; vertex++) {
      int target = vertex * channels;
      int a = previous[vertex] * channels;
      int b = following[vertex] * channels;
      for (int c = 0; c < channels; c++) {
        blurred[target + c] = old[target + c] + 0.5f * (old[a + c] + old[b + c]);
      }
    }
  }

  private void slice(float[] lattice, int channels, float[] filtered, int from, int to) {
    float alpha = 1f / (1 + (float) Math.pow(2, 1 - corners));
    for (int point = from; point < to; point++) {
      int target = point * channels;
      for (int corner = point * corners; corner < (point + 1) * corners; corner++) {
        float weight = weights[corner] * alpha;
        int source = vertexOfPoint[corner] * channels;
        for (int c = 0; c < channels; c++) {
          filtered[target + c] += weight * lattice[source + c];
        }
      }
    }
  }

  @FunctionalInterface
  interface Range {
    void run(int from, int to);
  }

  /** Runs {@code [0, size)} in parallel, in chunks that do not depend on the number of threads. */
  static void chunks(int size, Range range) {
    int count = (size + CHUNK - 1) / CHUNK;
    IntStream.range(0, count)
        .parallel()
        .forEach(chunk -> range.run(chunk * CHUNK, Math.min(size, (chunk + 1) * CHUNK)));
  }
}
