package org.zeroseg.core.cluster;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Merges as they come, each cluster named by one of its points. */
final class Merges {
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
