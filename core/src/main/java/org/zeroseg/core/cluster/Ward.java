package org.zeroseg.core.cluster;

import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;

/**
 * Agglomerative clustering by smallest combined variance (Ward 1963). The height of a merge of A
 * and B is {@code sqrt(2|A||B| / (|A| + |B|)) |mean A - mean B|}, the scale of SciPy and
 * scikit-learn.
 *
 * <p>Only sizes, means and a few neighbours of each cluster are kept, so that memory grows with the
 * number of vectors and not with its square. Any two clusters that are nearest to each other may be
 * merged at once, in any order: merging never brings a third cluster nearer (Ward's distance is
 * reducible), so the merges, once sorted, are those of the greedy algorithm.
 *
 * <p>A search finds the nearest few clusters at once, and with them a horizon: whatever is not
 * listed is no nearer. Merging moves no horizon inwards, so most merges need no new search.
 * Searches screen all clusters with float32 products and settle in double precision wherever the
 * error of the products leaves a doubt.
 */
public final class Ward {

  /** Queries that share one pass over the panels, at most. */
  private static final int BLOCK = 16;

  /** Of the places in the panels, the share that may be empty before they are laid out anew. */
  private static final double EMPTY = 0.2;

  /** What the rounding of a comparison may amount to, as a share of what is compared. */
  private static final float SLACK = 0x1p-20f;

  private static final int UNKNOWN = -1;

  private final int dimension;
  private final int count;

  /** Means by slot, {@code [slots, dimension]}; a merged cluster has the slot of one of its two. */
  private final double[] means;

  private final double[] centre;

  /**
   * A power of two that brings what lies around the centre to about 1, where squares fit float32.
   */
  private final double scale;

  private final Merges merges;

  /** The slots of living clusters, ascending; the panels hold them in this order. */
  private int[] live;

  private int liveCount;
  private final int[] sizes;
  private final NearLists near;

  private DotPanels panels;

  /** By place in {@link #live}: squared norms, infinite where nothing is left, and sizes. */
  private float[] norms;

  private float[] weights;

  /** {@code [panel][WIDTH]}: norms less all that may be wrong, and half of one by the weights. */
  private float[][] leastNorms;

  private float[][] halves;

  private final int[] placeOf;

  /**
   * Of the last round of merges: the slot that a slot went into, and what a new cluster took in.
   */
  private final int[] into;

  private final int[] tookIn;

  private Ward(float[] vectors, int dimension) {
    this.dimension = dimension;
    count = Vectors.count(vectors, dimension);
    means = new double[vectors.length];
    centre = new double[dimension];
    for (int i = 0; i < vectors.length; i++) {
      means[i] = vectors[i];
      centre[i % dimension] += means[i] / count;
    }
    double greatest = 0;
    for (int i = 0; i < means.length; i++) {
      greatest = Math.max(greatest, Math.abs(means[i] - centre[i % dimension]));
    }
    scale = Math.scalb(1.0, -Math.getExponent(greatest));
    merges = new Merges(count);
    sizes = new int[count];
    near = new NearLists(count);
    placeOf = new int[count];
    into = new int[count];
    tookIn = new int[count];
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
      search(unknown());
      for (int place = 0; place < liveCount; place++) {
        into[live[place]] = live[place];
        tookIn[live[place]] = UNKNOWN;
      }
      int merged = mergeReciprocal();
      alive -= merged > 0 ? merged : mergeNearest();
      IntStream.range(0, liveCount).parallel().forEach(place -> renew(live[place]));
      if (alive < (1 - EMPTY) * liveCount) {
        layOut();
      }
    }
    return merges.sorted();
  }

  /** Lays the living clusters out in panels, so placed that float32 keeps what sets them apart. */
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
    leastNorms = new float[panels.panels()][DotPanels.WIDTH];
    halves = new float[panels.panels()][DotPanels.WIDTH];
    Arrays.fill(norms, Float.POSITIVE_INFINITY);
    Arrays.fill(weights, 1);
    for (int panel = 0; panel < panels.panels(); panel++) {
      Arrays.fill(leastNorms[panel], Float.POSITIVE_INFINITY);
    }
    IntStream.range(0, liveCount).parallel().forEach(this::place);
  }

  private void place(int place) {
    int slot = live[place];
    placeOf[slot] = place;
    double squared = 0;
    for (int k = 0; k < dimension; k++) {
      float value = (float) ((means[slot * dimension + k] - centre[k]) * scale);
      panels.set(place, k, value);
      squared += (double) value * value;
    }
    norms[place] = (float) squared;
    weights[place] = sizes[slot];
    leastNorms[place / DotPanels.WIDTH][place % DotPanels.WIDTH] = leastNorm(norms[place]);
    halves[place / DotPanels.WIDTH][place % DotPanels.WIDTH] = 0.5f / weights[place];
  }

  private float leastNorm(float norm) {
    return norm * (1 - panels.errorOfSeveral() - SLACK);
  }

  private int[] unknown() {
    return Arrays.stream(live, 0, liveCount)
        .filter(slot -> sizes[slot] > 0 && near.nearest(slot) == UNKNOWN)
        .toArray();
  }

  private void search(int[] slots) {
    int most = slots.length / (4 * ForkJoinPool.getCommonPoolParallelism() + 4);
    int block =
        Math.max(DotPanels.GROUP, Math.min(BLOCK, most / DotPanels.GROUP * DotPanels.GROUP));
    int blocks = (slots.length + block - 1) / block;
    IntStream.range(0, blocks)
        .parallel()
        .forEach(
            i -> {
              int to = Math.min(slots.length, (i + 1) * block);
              searchBlock(Arrays.copyOfRange(slots, i * block, to));
            });
  }

  private void searchBlock(int[] slots) {
    Search[] searches = Arrays.stream(slots).mapToObj(Search::new).toArray(Search[]::new);
    int padded = (slots.length + DotPanels.GROUP - 1) / DotPanels.GROUP * DotPanels.GROUP;
    float[][] vectors = new float[padded][];
    Arrays.setAll(vectors, i -> searches[Math.min(i, slots.length - 1)].vector);
    float[][] dots = new float[padded][DotPanels.WIDTH];
    float[] excess = new float[DotPanels.WIDTH];
    for (int panel = 0; panel < panels.panels(); panel++) {
      panels.dots(panel, vectors, dots);
      for (int i = 0; i < slots.length; i++) {
        searches[i].screen(panel, dots[i], excess);
      }
    }
    for (Search search : searches) {
      search.settle();
    }
  }

  /** A method of its own over whole arrays, so that the JIT compiler vectorises it. */
  private static void excess(
      float[] norms, float[] halves, float bound, float[] dots, float[] excess) {
    for (int j = 0; j < excess.length; j++) {
      excess[j] = norms[j] - 2 * dots[j] - bound * halves[j];
    }
  }

  /** The search for the clusters nearest to one. */
  private final class Search {
    private final int slot;
    private final float[] vector;

    /** The least distances that are certainly enough, ascending. */
    private final float[] enough = new float[NearLists.MOST];

    /** What may be among the nearest, and the distance that it has at least. */
    private int[] candidates = new int[16 * NearLists.MOST];

    private float[] atLeast = new float[16 * NearLists.MOST];
    private int size;

    Search(int slot) {
      this.slot = slot;
      vector = panels.get(placeOf[slot]);
      Arrays.fill(enough, Float.POSITIVE_INFINITY);
    }

    /** Looks at what in a panel may be nearer than what is certainly enough. */
    void screen(int panel, float[] dots, float[] excess) {
      // That 2 m o d / (m + o) is below the bound, divided by 2 m o / (m + o).
      float bound = enough[NearLists.MOST - 1] * (1 + SLACK);
      float most = bound * (0.5f / sizes[slot]) - leastNorm(norms[placeOf[slot]]);
      excess(leastNorms[panel], halves[panel], bound, dots, excess);
      for (int j = 0; j < excess.length; j++) {
        if (excess[j] < most) {
          look(panel * DotPanels.WIDTH + j, dots[j]);
        }
      }
    }

    private void look(int place, float dot) {
      float error = panels.errorOfSeveral();
      float mass = sizes[slot];
      float other = weights[place];
      float sum = norms[placeOf[slot]] + norms[place];
      float least = sum * (1 - error) - 2 * dot;
      if (2 * mass * other * least < enough[NearLists.MOST - 1] * (mass + other)
          && place != placeOf[slot]) {
        float weight = 2 * mass * other / (mass + other);
        add(live[place], weight * least, weight * (least + 2 * error * sum));
      }
    }

    private void add(int candidate, float least, float most) {
      if (size == candidates.length) {
        candidates = Arrays.copyOf(candidates, 2 * size);
        atLeast = Arrays.copyOf(atLeast, 2 * size);
      }
      candidates[size] = candidate;
      atLeast[size++] = least;
      if (most < enough[NearLists.MOST - 1]) {
        int at = NearLists.MOST - 1;
        for (; at > 0 && enough[at - 1] > most; at--) {
          enough[at] = enough[at - 1];
        }
        enough[at] = most;
      }
    }

    /** Lists the nearest by exact distances. */
    void settle() {
      near.clear(slot);
      float bound = enough[NearLists.MOST - 1];
      for (int i = 0; i < size; i++) {
        if (atLeast[i] <= bound) {
          near.list(slot, candidates[i], squaredHeight(slot, candidates[i]));
        }
      }
      near.close(slot);
    }
  }

  private double squaredHeight(int a, int b) {
    double weight = 2.0 * sizes[a] * sizes[b] / (sizes[a] + sizes[b]);
    return weight * Vectors.squaredDistance(means, a * dimension, means, b * dimension, dimension);
  }

  /** Merges all pairs that are each other's nearest, ties included. */
  private int mergeReciprocal() {
    int merged = 0;
    for (int place = 0; place < liveCount; place++) {
      int a = live[place];
      int b = untouched(a) ? near.nearest(a) : UNKNOWN;
      if (b != UNKNOWN
          && untouched(b)
          && near.nearest(b) != UNKNOWN
          && near.distance(a) == near.distance(b)) {
        merge(a, b);
        merged++;
      }
    }
    return merged;
  }

  private boolean untouched(int slot) {
    return sizes[slot] > 0 && tookIn[slot] == UNKNOWN;
  }

  /** Equal distances may lead in a circle; the smallest of all is always a right one. */
  private int mergeNearest() {
    int least = UNKNOWN;
    for (int place = 0; place < liveCount; place++) {
      int slot = live[place];
      if (sizes[slot] > 0 && (least == UNKNOWN || near.distance(slot) < near.distance(least))) {
        least = slot;
      }
    }
    merge(least, near.nearest(least));
    return 1;
  }

  private void merge(int one, int other) {
    int kept = Math.min(one, other);
    int gone = Math.max(one, other);
    double squared = near.distance(one);
    merges.add(kept, gone, Math.sqrt(squared));
    double total = sizes[kept] + sizes[gone];
    // By Lance and Williams a cluster c beyond both horizons h and k of a and b is at least
    // (a h + b k + c (h + k - d)) / (a + b + c) from their union, d being their own distance: a
    // mean
    // of the following two.
    double h = near.horizon(kept);
    double k = near.horizon(gone);
    near.limit(kept, Math.min((sizes[kept] * h + sizes[gone] * k) / total, h + k - squared));
    for (int i = 0; i < dimension; i++) {
      int a = kept * dimension + i;
      means[a] = (sizes[kept] * means[a] + sizes[gone] * means[gone * dimension + i]) / total;
    }
    sizes[kept] += sizes[gone];
    sizes[gone] = 0;
    into[gone] = kept;
    tookIn[kept] = gone;
    int place = placeOf[gone];
    norms[place] = Float.POSITIVE_INFINITY;
    leastNorms[place / DotPanels.WIDTH][place % DotPanels.WIDTH] = Float.POSITIVE_INFINITY;
    place(placeOf[kept]);
  }

  /** Brings the list of a cluster up to date with the last round of merges. */
  private void renew(int slot) {
    if (sizes[slot] == 0) {
      return;
    }
    int gone = tookIn[slot];
    int own = near.size(slot);
    int all = own + (gone == UNKNOWN ? 0 : near.size(gone));
    int[] slots = new int[all];
    double[] distances = new double[all];
    boolean changed = gone != UNKNOWN;
    for (int i = 0; i < all; i++) {
      int from = i < own ? slot : gone;
      int at = i < own ? i : i - own;
      slots[i] = into[near.get(from, at)];
      boolean same = gone == UNKNOWN && tookIn[slots[i]] == UNKNOWN;
      distances[i] = same ? near.distance(from, at) : UNKNOWN;
      changed |= !same;
    }
    if (!changed) {
      return;
    }
    near.empty(slot);
    for (int i = 0; i < all; i++) {
      if (slots[i] != slot && isFirst(slots, i)) {
        double d = distances[i] == UNKNOWN ? squaredHeight(slot, slots[i]) : distances[i];
        if (d <= near.horizon(slot)) {
          near.list(slot, slots[i], d);
        }
      }
    }
  }

  private static boolean isFirst(int[] slots, int i) {
    for (int j = 0; j < i; j++) {
      if (slots[j] == slots[i]) {
        return false;
      }
    }
    return true;
  }
}
