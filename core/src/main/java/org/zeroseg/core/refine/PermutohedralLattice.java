package org.zeroseg.core.refine;

import java.util.Arrays;
import java.util.List;
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

  /** Parts of the points that are numbered at once. */
  private static final int PARTS = 8;

  private final int points;

  /** Vertices of a simplex: the dimension and one. */
  private final int corners;

  /** Number of vertices; the arrays of values keep place 0 for the missing neighbour's zero. */
  final int vertices;

  /** {@code [points, corners]}: numbers of vertices, from 1. */
  final int[] vertexOfPoint;

  /** {@code [points, corners]}: barycentric weights. */
  final float[] weights;

  /** Points by vertex: those of vertex v from {@code first[v]} on. */
  private final LatticeLanes.Entries entries;

  private final LatticeLanes.Places places;

  /** One a corner. */
  private final LatticeLanes.Rows[] rows;

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
    Vertices numbered = number(dimension, origins, ranks);
    vertices = numbered.size;
    entries = entries();
    places = new LatticeLanes.Places(corners, vertexOfPoint, weights);
    int[][] before = new int[corners][vertices + 1];
    int[][] after = new int[corners][vertices + 1];
    chunks(vertices, (from, to) -> connect(numbered, dimension, before, after, from, to));
    rows =
        IntStream.range(0, corners)
            .parallel()
            .mapToObj(axis -> LatticeLanes.Rows.of(before[axis], after[axis], CHUNK))
            .toArray(LatticeLanes.Rows[]::new);
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

    /** The number of a key, which is new if it is not known. */
    int add(int[] key, int at) {
      int slot = slot(key, at);
      if (slots[slot] == 0) {
        int start = ++size * dimension;
        if (start + dimension > keys.length) {
          keys = Arrays.copyOf(keys, Math.multiplyExact(keys.length, 2));
        }
        System.arraycopy(key, at, keys, start, dimension);
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

  /**
   * Numbers the vertices of all points. Parts of the points are numbered by themselves, in
   * parallel; taken in order, their vertices get the numbers that one pass would give them.
   */
  private Vertices number(int dimension, int[] origins, int[] ranks) {
    int part = Math.max(CHUNK, (points + PARTS - 1) / PARTS);
    List<Vertices> parts =
        IntStream.range(0, (points + part - 1) / part)
            .parallel()
            .mapToObj(
                i -> number(dimension, origins, ranks, i * part, Math.min(points, (i + 1) * part)))
            .toList();
    Vertices all = parts.get(0);
    int[][] numbers = new int[parts.size()][];
    for (int i = 1; i < numbers.length; i++) {
      Vertices own = parts.get(i);
      numbers[i] = new int[own.size + 1];
      for (int vertex = 1; vertex <= own.size; vertex++) {
        numbers[i][vertex] = all.add(own.keys, vertex * dimension);
      }
    }
    IntStream.range(1, numbers.length)
        .parallel()
        .forEach(
            i -> {
              int end = Math.min(points, (i + 1) * part) * corners;
              for (int corner = i * part * corners; corner < end; corner++) {
                vertexOfPoint[corner] = numbers[i][vertexOfPoint[corner]];
              }
            });
    return all;
  }

  private Vertices number(int dimension, int[] origins, int[] ranks, int from, int to) {
    Vertices numbered = new Vertices(dimension);
    int[] key = new int[dimension];
    int[] last = new int[corners * dimension];
    for (int point = from; point < to; point++) {
      int at = point * corners;
      // Neighbouring pixels are often in one simplex.
      if (point > from
          && Arrays.equals(origins, at, at + corners, origins, at - corners, at)
          && Arrays.equals(ranks, at, at + corners, ranks, at - corners, at)) {
        System.arraycopy(vertexOfPoint, at - corners, vertexOfPoint, at, corners);
        continue;
      }
      for (int remainder = 0; remainder < corners; remainder++) {
        for (int i = 0; i < dimension; i++) {
          int rank = ranks[at + i];
          key[i] =
              origins[at + i] + (rank <= dimension - remainder ? remainder : remainder - corners);
        }
        // ... and more often have some vertices in common, which saves looking them up.
        int known = remainder * dimension;
        if (point > from && Arrays.equals(last, known, known + dimension, key, 0, dimension)) {
          vertexOfPoint[at + remainder] = vertexOfPoint[at + remainder - corners];
        } else {
          vertexOfPoint[at + remainder] = numbered.add(key, 0);
          System.arraycopy(key, 0, last, known, dimension);
        }
      }
    }
    return numbered;
  }

  private LatticeLanes.Entries entries() {
    int[] first = new int[vertices + 2];
    for (int vertex : vertexOfPoint) {
      first[vertex + 1]++;
    }
    for (int i = 1; i < first.length; i++) {
      first[i] += first[i - 1];
    }
    int[] next = first.clone();
    int[] point = new int[vertexOfPoint.length];
    float[] weight = new float[vertexOfPoint.length];
    for (int p = 0; p < points; p++) {
      for (int i = p * corners; i < (p + 1) * corners; i++) {
        int entry = next[vertexOfPoint[i]]++;
        point[entry] = p;
        weight[entry] = weights[i];
      }
    }
    return new LatticeLanes.Entries(first, point, weight);
  }

  /** Finds the neighbours; whoever is before a vertex has that vertex after it. */
  private void connect(
      Vertices numbered, int dimension, int[][] before, int[][] after, int from, int to) {
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
    float[] ones = new float[points];
    Arrays.fill(ones, 1);
    float[] filtered = new float[points * channels];
    filter(values, ones, channels, reverse, new Space(), filtered);
    return filtered;
  }

  /** Memory that several calls share, one after the other. */
  static final class Space {
    private float[] lattice = new float[0];
    private float[] packed = new float[0];

    private void reserve(int vertices, int points) {
      if (lattice.length < vertices) {
        lattice = new float[vertices];
      }
      if (packed.length < points) {
        packed = new float[points];
      }
    }
  }

  /** As {@link #filter(float[], int, boolean)}, of values times factors, one a point. */
  void filter(
      float[] values,
      float[] factors,
      int channels,
      boolean reverse,
      Space space,
      float[] filtered) {
    if (8 * Math.max(vertices + 1L, points) > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          vertices + " lattice vertices of " + points + " points are too many");
    }
    int widest = Math.min(8, channels);
    space.reserve(widest * (vertices + 1), widest * points);
    float[] lattice = space.lattice;
    float[] packed = space.packed;
    float alpha = 1f / (1 + (float) Math.pow(2, 1 - corners));
    for (int channel = 0; channel < channels; ) {
      int width = LatticeLanes.width(channels - channel, channels);
      int first = Math.min(channel, channels - width);
      Arrays.fill(lattice, 0, width, 0);
      chunks(
          points,
          (from, to) ->
              LatticeLanes.pack(values, factors, channels, first, width, packed, from, to));
      chunks(vertices, (from, to) -> entries.splat(packed, width, lattice, from + 1, to + 1));
      for (int i = 0; i < corners; i++) {
        LatticeLanes.Rows axis = rows[reverse ? corners - 1 - i : i];
        IntStream.range(0, axis.parts().length - 1)
            .parallel()
            .forEach(part -> axis.blur(lattice, width, part));
      }
      chunks(
          points,
          (from, to) -> places.slice(lattice, alpha, channels, first, width, filtered, from, to));
      channel = first + width;
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
