package org.zeroseg.core.cluster;

/** Which points are neighbours of which: undirected edges. Immutable. */
public final class Neighbours {

  private final int points;

  /** {@code [edges, 2]}, the greater index first. */
  private final int[] edges;

  private Neighbours(int points, int[] edges) {
    this.points = points;
    this.edges = edges;
  }

  /**
   * The cells of a grid with the cells above, below, left and right of them.
   *
   * @param height rows
   * @param width columns
   * @return neighbours of the points in raster order
   */
  public static Neighbours grid(int height, int width) {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException("A grid of " + height + " x " + width);
    }
    int[] edges = new int[2 * (height * (width - 1) + width * (height - 1))];
    int size = 0;
    for (int i = 0; i < height * width; i++) {
      if (i >= width) {
        edges[size++] = i;
        edges[size++] = i - width;
      }
      if (i % width > 0) {
        edges[size++] = i;
        edges[size++] = i - 1;
      }
    }
    return new Neighbours(height * width, edges);
  }

  /**
   * Any edges.
   *
   * @param points number of points
   * @param edges {@code [edges, 2]}: pairs of different points, each pair once
   * @return the neighbours
   * @throws IllegalArgumentException if an edge does not join two of the points
   */
  public static Neighbours of(int points, int... edges) {
    if (edges.length % 2 != 0) {
      throw new IllegalArgumentException(edges.length + " ends of edges");
    }
    int[] ordered = new int[edges.length];
    for (int i = 0; i < ordered.length; i += 2) {
      int low = Math.min(edges[i], edges[i + 1]);
      int high = Math.max(edges[i], edges[i + 1]);
      if (low < 0 || high >= points || low == high) {
        throw new IllegalArgumentException(
            "Edge " + i / 2 + " joins " + edges[i] + " and " + edges[i + 1] + " of " + points);
      }
      ordered[i] = high;
      ordered[i + 1] = low;
    }
    return new Neighbours(points, ordered);
  }

  int points() {
    return points;
  }

  /** {@code [edges, 2]}, the greater index first; not to be written to. */
  int[] edges() {
    return edges;
  }
}
