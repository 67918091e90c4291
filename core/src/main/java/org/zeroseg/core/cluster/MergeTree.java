package org.zeroseg.core.cluster;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * The order in which an agglomerative clustering merged its points. Points are the nodes from 0 to
 * {@code leaves - 1}; merge i makes node {@code leaves + i}; the last is the root. Immutable.
 */
public final class MergeTree {

  private final int leaves;
  private final int[] children;
  private final double[] heights;
  private final int[] sizes;

  /** Leaves in depth-first order: those below a node lie side by side. */
  private final int[] order;

  private final int[] first;

  /**
   * A tree of given merges.
   *
   * @param children {@code [leaves - 1, 2]}, each pair in ascending order
   * @param heights of the merges
   */
  MergeTree(int[] children, double[] heights) {
    this.leaves = heights.length + 1;
    this.children = children;
    this.heights = heights;
    sizes = new int[leaves + heights.length];
    Arrays.fill(sizes, 0, leaves, 1);
    for (int i = 0; i < children.length; i++) {
      sizes[leaves + i / 2] += sizes[children[i]];
    }
    first = new int[sizes.length];
    order = new int[leaves];
    for (int i = heights.length - 1; i >= 0; i--) {
      first[children[2 * i]] = first[leaves + i];
      first[children[2 * i + 1]] = first[leaves + i] + sizes[children[2 * i]];
    }
    for (int leaf = 0; leaf < leaves; leaf++) {
      order[first[leaf]] = leaf;
    }
  }

  /**
   * The number of points.
   *
   * @return at least 1
   */
  public int leaves() {
    return leaves;
  }

  /**
   * The node that holds all points.
   *
   * @return the highest number
   */
  public int root() {
    return sizes.length - 1;
  }

  /**
   * The first child of a node.
   *
   * @param node a node that is no leaf
   * @return the child of the smaller number
   */
  public int left(int node) {
    return children[2 * (node - leaves)];
  }

  /**
   * The second child of a node.
   *
   * @param node a node that is no leaf
   * @return the child of the greater number
   */
  public int right(int node) {
    return children[2 * (node - leaves) + 1];
  }

  /**
   * The height at which a node was merged.
   *
   * @param node any node
   * @return 0 for a leaf
   */
  public double height(int node) {
    return node < leaves ? 0 : heights[node - leaves];
  }

  /**
   * The number of points below a node.
   *
   * @param node any node
   * @return 1 for a leaf
   */
  public int size(int node) {
    return sizes[node];
  }

  /**
   * The points below a node.
   *
   * @param node any node
   * @return indices of points, in no particular order
   */
  public int[] members(int node) {
    return Arrays.copyOfRange(order, first[node], first[node] + sizes[node]);
  }

  /**
   * The nodes that are opened, starting from the root, to cut the tree into clusters: always the
   * open node of the highest number, which without neighbours is the highest merge.
   *
   * @param clusters number of clusters, from 1 to the number of points
   * @return {@code clusters - 1} nodes in the order in which they are opened
   * @throws IllegalArgumentException if there are fewer points than clusters
   */
  public int[] splits(int clusters) {
    if (clusters < 1 || clusters > leaves) {
      throw new IllegalArgumentException(clusters + " clusters of " + leaves + " points");
    }
    PriorityQueue<Integer> open = new PriorityQueue<>(Comparator.reverseOrder());
    open.add(root());
    int[] splits = new int[clusters - 1];
    for (int i = 0; i < splits.length; i++) {
      int node = open.remove();
      splits[i] = node;
      open.add(left(node));
      open.add(right(node));
    }
    return splits;
  }

  /**
   * Cuts the tree into clusters.
   *
   * @param clusters number of clusters, from 1 to the number of points
   * @return a label for every point, numbered by first appearance
   * @throws IllegalArgumentException if there are fewer points than clusters
   */
  public int[] labels(int clusters) {
    int[] owner = new int[leaves];
    Arrays.fill(owner, root());
    for (int node : splits(clusters)) {
      for (int child : new int[] {left(node), right(node)}) {
        for (int i = first[child]; i < first[child] + sizes[child]; i++) {
          owner[order[i]] = child;
        }
      }
    }
    int[] label = new int[sizes.length];
    int next = 0;
    for (int i = 0; i < leaves; i++) {
      if (label[owner[i]] == 0) {
        label[owner[i]] = ++next;
      }
      owner[i] = label[owner[i]] - 1;
    }
    return owner;
  }
}
