package org.zeroseg.core.cluster;

import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * Ward's clustering of neighbours only: a heap over edges, from which those of merged clusters are
 * dropped when they come up.
 */
final class ConnectedWard {

  /** Half the squared height of merging two nodes; ties go to the lower numbers. */
  private record Edge(double cost, int high, int low) implements Comparable<Edge> {
    @Override
    public int compareTo(Edge other) {
      int order = Double.compare(cost, other.cost);
      order = order != 0 ? order : Integer.compare(high, other.high);
      return order != 0 ? order : Integer.compare(low, other.low);
    }
  }

  private final int dimension;
  private final int leaves;

  /** Means in the slots of points; a node has the slot of one of its points. */
  private final double[] means;

  private final int[] slot;
  private final int[] sizes;

  /** Neighbouring nodes, of which some may have been merged since. */
  private final int[][] around;

  private final int[] aroundCount;

  /** The node that a merged node went into, itself while it lives. */
  private final int[] parent;

  private final PriorityQueue<Edge> heap = new PriorityQueue<>();

  ConnectedWard(float[] vectors, int dimension, Neighbours neighbours) {
    this.dimension = dimension;
    leaves = Vectors.count(vectors, dimension);
    if (neighbours.points() != leaves) {
      throw new IllegalArgumentException(
          "Neighbours of " + neighbours.points() + " points for " + leaves + " vectors");
    }
    means = new double[vectors.length];
    for (int i = 0; i < means.length; i++) {
      means[i] = vectors[i];
    }
    int nodes = 2 * leaves - 1;
    slot = new int[nodes];
    sizes = new int[nodes];
    parent = new int[nodes];
    around = new int[nodes][];
    aroundCount = new int[nodes];
    for (int i = 0; i < nodes; i++) {
      parent[i] = i;
    }
    for (int i = 0; i < leaves; i++) {
      slot[i] = i;
      sizes[i] = 1;
      around[i] = new int[4];
    }
    int[] edges = neighbours.edges();
    for (int i = 0; i < edges.length; i += 2) {
      connect(edges[i], edges[i + 1]);
    }
  }

  private void connect(int high, int low) {
    addAround(high, low);
    addAround(low, high);
    double weight = (double) sizes[high] * sizes[low] / (sizes[high] + sizes[low]);
    double squared =
        Vectors.squaredDistance(
            means, slot[high] * dimension, means, slot[low] * dimension, dimension);
    heap.add(new Edge(weight * squared, high, low));
  }

  private void addAround(int node, int other) {
    if (aroundCount[node] == around[node].length) {
      around[node] = Arrays.copyOf(around[node], 2 * aroundCount[node] + 4);
    }
    around[node][aroundCount[node]++] = other;
  }

  MergeTree run() {
    int[] children = new int[2 * (leaves - 1)];
    double[] heights = new double[leaves - 1];
    int[] seen = new int[2 * leaves - 1];
    for (int i = 0; i < heights.length; i++) {
      Edge edge = next(i);
      children[2 * i] = edge.low;
      children[2 * i + 1] = edge.high;
      heights[i] = Math.sqrt(2 * edge.cost);
      int node = leaves + i;
      join(node, edge.low, edge.high);
      around[node] = new int[aroundCount[edge.low] + aroundCount[edge.high]];
      for (int child : new int[] {edge.low, edge.high}) {
        for (int k = 0; k < aroundCount[child]; k++) {
          int other = Merges.top(parent, around[child][k]);
          if (other != node && seen[other] != node) {
            seen[other] = node;
            connect(node, other);
          }
        }
        around[child] = new int[0];
      }
    }
    return new MergeTree(children, heights);
  }

  private Edge next(int merges) {
    for (Edge edge = heap.poll(); edge != null; edge = heap.poll()) {
      if (parent[edge.high] == edge.high && parent[edge.low] == edge.low) {
        return edge;
      }
    }
    throw new IllegalArgumentException(
        "The neighbours leave the " + leaves + " points in " + (leaves - merges) + " parts");
  }

  private void join(int node, int low, int high) {
    double total = sizes[low] + sizes[high];
    for (int k = 0; k < dimension; k++) {
      int a = slot[low] * dimension + k;
      means[a] = (sizes[low] * means[a] + sizes[high] * means[slot[high] * dimension + k]) / total;
    }
    slot[node] = slot[low];
    sizes[node] = sizes[low] + sizes[high];
    parent[low] = node;
    parent[high] = node;
  }
}
