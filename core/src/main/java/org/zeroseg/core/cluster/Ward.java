package org.zeroseg.core.cluster;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Agglomerative clustering by smallest combined variance (Ward 1963). The height of a merge of A
 * and B is {@code sqrt(2|A||B| / (|A| + |B|)) |mean A - mean B|}, the scale of SciPy and
 * scikit-learn.
 *
 * <p>Only sizes and means are kept, so that memory grows with the number of vectors and not with
 * its square. Any two clusters that are nearest to each other may be merged at once, in any order:
 * merging never brings a third cluster nearer (Ward's distance is reducible), so the merges, once
 * sorted, are those of the greedy algorithm. Nearest neighbours are screened with float32 products
 * and settled in double precision wherever the error of the products leaves a doubt.
 */
public final class Ward {

  /** Queries that share one pass over the panels. */
  private static final int BLOCK = 16;

  /** With fewer neighbours than this to look for, others are looked for in the same pass. */
  private static final int LEAST_QUERIES = 128;

  private static final int UNKNOWN = -1;

  private final int dimension;
  private final int count;

  /** Means by slot, {@code [slots, dimension]}; a merged cluster has the slot of one of its two. */
  private final double[] means;

  private final double[] centre;
  private final Merges merges;

  /** The slots of living clusters, ascending; the panels hold them in this order. */
  private int[] live;

  private int liveCount;
  private final int[] sizes;
  private final int[] neighbour;

  /** Squared heights of the merges with the neighbours. */
  private final double[] distance;

  private DotPanels panels;

  /** By place in {@link #live}: squared norms, infinite where nothing is left, and sizes. */
  private float[] norms;

  private float[] weights;
  private final int[] placeOf;

  private Ward(float[] vectors, int dimension) {
    this.dimension = dimension;
    count = Vectors.count(vectors, dimension);
    means = new double[vectors.length];
    centre = new double[dimension];
    for (int i = 0; i < vectors.length; i++) {
      means[i] = vectors[i];
      centre[i % dimension] += means[i] / count;
    }
    merges = new Merges(count);
    sizes = new int[count];
    neighbour = new int[count];
    distance = new double[count];
    placeOf = new int[count];
    Arrays.fill(neighbour, UNKNOWN);
    joinDuplicates(vectors);
  }

  /**
   * The tree of all merges.
   *
   * @param vectors {@code [n, dimension]}, n at least 1
   * @param dimension numbers a vector
   * @return the tree, merges by ascending height; among equal distances it is one of several
   * @throws IllegalArgumentException if a number is not finite or the size is wrong
   */
  public static MergeTree tree(float[] vectors, int dimension) {
    return new Ward(vectors, dimension).run();
  }

  /**
   * The tree of merges of neighbouring clusters only (scikit-learn's {@code ward_tree} with
   * connectivity). Heights need not ascend.
   *
   * @param vectors {@code [n, dimension]}, n at least 1
   * @param dimension numbers a vector
   * @param neighbours which points may be merged at once; clusters are neighbours if any of their
   *     points are
   * @return the tree, merges in the order in which they happened
   * @throws IllegalArgumentException if a number is not finite, the size is wrong, or the
   *     neighbours do not connect all points
   */
  public static MergeTree tree(float[] vectors, int dimension, Neighbours neighbours) {
    return new ConnectedWard(vectors, dimension, neighbours).run();
  }

  /** Equal vectors merge at height 0; comparing them pair by pair would settle nothing. */
  private void joinDuplicates(float[] vectors) {
    int[] bits = new int[vectors.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(vectors[i]);
    }
    Map<IntBuffer, Integer> slots = new HashMap<>();
    live = new int[count];
    for (int i = 0; i < count; i++) {
      Integer known = slots.putIfAbsent(IntBuffer.wrap(bits, i * dimension, dimension).slice(), i);
      if (known == null) {
        live[liveCount++] = i;
        sizes[i] = 1;
      } else {
        sizes[known]++;
        merges.add(known, i, 0);
      }
    }
  }

  private MergeTree run() {
    int alive = liveCount;
    layOut();
    while (alive > 1) {
      findNeighbours(needed());
      int merged = mergeReciprocal();
      alive -= merged > 0 ? merged : mergeNearest();
      if (alive < liveCount / 2) {
        layOut();
      }
    }
    return merges.sorted();
  }

  /** Lays the living clusters out in panels, centred so that float32 keeps what sets them apart. */
  private void layOut() {
    int kept = 0;
    for (int place = 0; place < liveCount; place++) {
      if (sizes[live[place]] > 0) {
        live[kept++] = live[place];
      }
    }
    liveCount = kept;
    panels = new DotPanels(liveCount, dimension);
    int places = panels.panels() * DotPanels.WIDTH;
    norms = new float[places];
    weights = new float[places];
    Arrays.fill(norms, Float.POSITIVE_INFINITY);
    Arrays.fill(weights, 1);
    IntStream.range(0, liveCount).parallel().forEach(this::place);
  }

  private void place(int place) {
    int slot = live[place];
    placeOf[slot] = place;
    double squared = 0;
    for (int k = 0; k < dimension; k++) {
      float value = (float) (means[slot * dimension + k] - centre[k]);
      panels.set(place, k, value);
      squared += (double) value * value;
    }
    norms[place] = (float) squared;
    weights[place] = sizes[slot];
  }

  /**
   * Whose neighbour to look for: clusters that are somebody's neighbour, as only they can be merged
   * next. The others wait until fewer are left to compare with, unless nobody is asked for.
   */
  private int[] needed() {
    boolean[] wanted = new boolean[count];
    boolean any = false;
    int unknown = 0;
    for (int place = 0; place < liveCount; place++) {
      int slot = live[place];
      if (sizes[slot] > 0 && neighbour[slot] == UNKNOWN) {
        unknown++;
      } else if (sizes[slot] > 0 && neighbour[neighbour[slot]] == UNKNOWN) {
        wanted[neighbour[slot]] = true;
        any = true;
      }
    }
    int[] slots = new int[unknown];
    int needed = 0;
    for (int place = 0; place < liveCount; place++) {
      int slot = live[place];
      if (sizes[slot] > 0 && neighbour[slot] == UNKNOWN && (wanted[slot] || !any)) {
        slots[needed++] = slot;
      }
    }
    for (int place = 0; any && needed < LEAST_QUERIES && place < liveCount; place++) {
      int slot = live[place];
      if (sizes[slot] > 0 && neighbour[slot] == UNKNOWN && !wanted[slot]) {
        slots[needed++] = slot;
      }
    }
    return Arrays.copyOf(slots, needed);
  }

  private void findNeighbours(int[] slots) {
    int blocks = (slots.length + BLOCK - 1) / BLOCK;
    IntStream.range(0, blocks)
        .parallel()
        .forEach(
            block -> {
              int to = Math.min(slots.length, (block + 1) * BLOCK);
              findNeighboursOf(Arrays.copyOfRange(slots, block * BLOCK, to));
            });
  }

  private void findNeighboursOf(int[] slots) {
    float[] dots = new float[DotPanels.WIDTH];
    float[][] queries = new float[slots.length][];
    for (int q = 0; q < slots.length; q++) {
      queries[q] = panels.get(placeOf[slots[q]]);
      distance[slots[q]] = Double.POSITIVE_INFINITY;
    }
    for (int panel = 0; panel < panels.panels(); panel++) {
      for (int q = 0; q < slots.length; q++) {
        panels.dots(panel, queries[q], dots);
        screen(slots[q], panel * DotPanels.WIDTH, dots);
      }
    }
  }

  /** Settles in double precision whatever may be nearer than the nearest so far. */
  private void screen(int slot, int start, float[] dots) {
    int own = placeOf[slot];
    float size = sizes[slot];
    float norm = norms[own];
    float certain = 1 - panels.error();
    float bound = bound(distance[slot]);
    for (int j = 0; j < dots.length; j++) {
      float other = weights[start + j];
      float least = (norm + norms[start + j]) * certain - 2 * dots[j];
      if (2 * size * other * least < bound * (size + other) && start + j != own) {
        int candidate = live[start + j];
        double d = squaredHeight(slot, candidate);
        // Places ascend with slots: among equals the lowest wins.
        if (d < distance[slot]) {
          distance[slot] = d;
          neighbour[slot] = candidate;
          bound = bound(d);
        }
      }
    }
  }

  /** A little more than a distance, for the roundings of the comparison itself. */
  private static float bound(double distance) {
    return (float) (distance * (1 + 1e-6)) + Float.MIN_NORMAL;
  }

  private double squaredHeight(int a, int b) {
    double weight = 2.0 * sizes[a] * sizes[b] / (sizes[a] + sizes[b]);
    return weight * Vectors.squaredDistance(means, a * dimension, means, b * dimension, dimension);
  }

  /** Merges all pairs that are each other's nearest, ties included. */
  private int mergeReciprocal() {
    int merged = 0;
    boolean[] fresh = new boolean[count];
    for (int place = 0; place < liveCount; place++) {
      int a = live[place];
      int b = sizes[a] > 0 && !fresh[a] ? neighbour[a] : UNKNOWN;
      if (b != UNKNOWN
          && sizes[b] > 0
          && !fresh[b]
          && neighbour[b] != UNKNOWN
          && distance[a] == distance[b]) {
        fresh[merge(a, b)] = true;
        merged++;
      }
    }
    forgetMerged(fresh);
    return merged;
  }

  /** Equal distances may lead in a circle; the smallest of all is always a right one. */
  private int mergeNearest() {
    int nearest = UNKNOWN;
    for (int place = 0; place < liveCount; place++) {
      int slot = live[place];
      if (sizes[slot] > 0) {
        if (neighbour[slot] == UNKNOWN) {
          return 0; // not all are known yet
        }
        nearest = nearest == UNKNOWN || distance[slot] < distance[nearest] ? slot : nearest;
      }
    }
    boolean[] fresh = new boolean[count];
    fresh[merge(nearest, neighbour[nearest])] = true;
    forgetMerged(fresh);
    return 1;
  }

  private int merge(int one, int other) {
    int kept = Math.min(one, other);
    int gone = Math.max(one, other);
    merges.add(kept, gone, Math.sqrt(distance[one]));
    double total = sizes[kept] + sizes[gone];
    for (int k = 0; k < dimension; k++) {
      int a = kept * dimension + k;
      means[a] = (sizes[kept] * means[a] + sizes[gone] * means[gone * dimension + k]) / total;
    }
    sizes[kept] += sizes[gone];
    sizes[gone] = 0;
    norms[placeOf[gone]] = Float.POSITIVE_INFINITY;
    place(placeOf[kept]);
    return kept;
  }

  private void forgetMerged(boolean[] fresh) {
    for (int place = 0; place < liveCount; place++) {
      int slot = live[place];
      int next = neighbour[slot];
      if (next != UNKNOWN && (fresh[slot] || fresh[next] || sizes[next] == 0)) {
        neighbour[slot] = UNKNOWN;
      }
    }
  }

  /** Merges as they come, each cluster named by one of its points. */
  private static final class Merges {
    private final int leaves;
    private final int[] one;
    private final int[] other;
    private final double[] heights;
    private int size;

    Merges(int leaves) {
      this.leaves = leaves;
      one = new int[leaves - 1];
      other = new int[leaves - 1];
      heights = new double[leaves - 1];
    }

    void add(int leaf, int otherLeaf, double height) {
      one[size] = leaf;
      other[size] = otherLeaf;
      heights[size++] = height;
    }

    /** By height, equal ones in the order in which they came. */
    MergeTree sorted() {
      int[] order =
          IntStream.range(0, size)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> heights[i]))
              .mapToInt(Integer::intValue)
              .toArray();
      int[] parent = IntStream.range(0, leaves + size).toArray();
      int[] children = new int[2 * size];
      double[] sorted = new double[size];
      for (int i = 0; i < size; i++) {
        int a = top(parent, one[order[i]]);
        int b = top(parent, other[order[i]]);
        parent[a] = leaves + i;
        parent[b] = leaves + i;
        children[2 * i] = Math.min(a, b);
        children[2 * i + 1] = Math.max(a, b);
        sorted[i] = heights[order[i]];
      }
      return new MergeTree(children, sorted);
    }
  }

  /** The living node that a node has gone into. */
  static int top(int[] parent, int node) {
    int at = node;
    while (parent[at] != at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  }
}
