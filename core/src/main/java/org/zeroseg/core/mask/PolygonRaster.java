package org.zeroseg.core.mask;

import java.util.Arrays;

/**
 * The run lengths of a polygon: cocoapi, {@code maskApi.c}, rleFrPoly. That code walks every edge
 * step by step on a grid of fifths of a pixel; here only the steps are looked at that cross the
 * middle of one of the picture's columns, so that the work grows with the columns and not with how
 * far away the corners lie.
 */
final class PolygonRaster {

  private static final int SCALE = 5; // steps a pixel
  private static final int MIDDLE = 2; // the step of a pixel after which its middle lies

  /** Keeps the scaled coordinates, and the steps along an edge, within an int. */
  private static final double LARGEST_COORDINATE = 1 << 24;

  private final int width;
  private final int height;
  private int u;
  private int v;
  private int[] positions = new int[16];
  private int size;

  private PolygonRaster(int width, int height) {
    this.width = width;
    this.height = height;
  }

  static int[] counts(int width, int height, double[] xy) {
    if (xy.length < 6 || xy.length % 2 != 0) {
      throw new IllegalArgumentException(
          "A polygon needs x and y of at least three corners, not " + xy.length + " numbers");
    }
    int corners = xy.length / 2;
    int[] x = new int[corners + 1];
    int[] y = new int[corners + 1];
    for (int i = 0; i < xy.length; i++) {
      if (!(Math.abs(xy[i]) <= LARGEST_COORDINATE)) {
        throw new IllegalArgumentException("A polygon's coordinate is " + xy[i]);
      }
      (i % 2 == 0 ? x : y)[i / 2] = (int) (SCALE * xy[i] + .5);
    }
    x[corners] = x[0];
    y[corners] = y[0];
    PolygonRaster raster = new PolygonRaster(width, height);
    raster.u = x[0];
    raster.v = y[0];
    for (int i = 0; i < corners; i++) {
      raster.follow(new Edge(x[i], y[i], x[i + 1], y[i + 1]));
    }
    return raster.counts();
  }

  /** The points of an edge on the grid, from one corner to the next. */
  private static final class Edge {
    private final boolean flat;
    private final boolean backwards;
    private final int steps;
    private final int startU;
    private final int startV;
    private final double slope;

    Edge(int u0, int v0, int u1, int v1) {
      int du = Math.abs(u1 - u0);
      int dv = Math.abs(v1 - v0);
      flat = du >= dv;
      // Both directions give the same points, so that neighbouring polygons neither overlap nor
      // gape.
      backwards = flat ? u0 > u1 : v0 > v1;
      startU = backwards ? u1 : u0;
      startV = backwards ? v1 : v0;
      steps = flat ? du : dv;
      double rise = backwards ? -1 : 1;
      slope = steps == 0 ? 0 : rise * (flat ? v1 - v0 : u1 - u0) / steps;
    }

    int u(int step) {
      int t = backwards ? steps - step : step;
      return flat ? startU + t : (int) (startU + slope * t + .5);
    }

    int v(int step) {
      int t = backwards ? steps - step : step;
      return flat ? (int) (startV + slope * t + .5) : startV + t;
    }

    /** The first step from {@code after} on with u at or beyond a value that the edge reaches. */
    int reaching(int value, boolean rightwards, int after) {
      if (flat) {
        return Math.abs(value - u(0));
      }
      int low = after;
      int high = steps;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (rightwards ? u(middle) >= value : u(middle) <= value) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      return low;
    }
  }

  private void follow(Edge edge) {
    int first = edge.u(0);
    int last = edge.u(edge.steps);
    step(first, edge.v(0));
    boolean rightwards = last > first;
    // Rightwards a step crosses a middle when it arrives behind it, leftwards when before it.
    int arrival = rightwards ? MIDDLE + 1 : MIDDLE;
    int from = Math.max(0, columnFrom(Math.min(first, last) + (rightwards ? 1 : 0) - arrival));
    int to =
        Math.min(
            width - 1,
            Math.floorDiv(Math.max(first, last) - (rightwards ? 0 : 1) - arrival, SCALE));
    int at = 1;
    for (int i = 0; i <= to - from; i++) {
      int column = rightwards ? from + i : to - i;
      int value = SCALE * column + arrival;
      at = edge.reaching(value, rightwards, at);
      if (edge.u(at) == value) {
        cross(column, Math.min(edge.v(at - 1), edge.v(at)));
      }
    }
    u = last;
    v = edge.v(edge.steps);
  }

  /** The first column that begins at a step or after it. */
  private static int columnFrom(int step) {
    return -Math.floorDiv(-step, SCALE);
  }

  private void step(int nextU, int nextV) {
    int passed = nextU < u ? nextU : nextU - 1;
    if (nextU != u && Math.floorMod(passed, SCALE) == MIDDLE) {
      int column = Math.floorDiv(passed, SCALE);
      if (column >= 0 && column < width) {
        cross(column, Math.min(v, nextV));
      }
    }
  }

  private void cross(int column, int step) {
    double row = (step + .5) / SCALE - .5;
    row = Math.ceil(Math.max(0, Math.min(row, height)));
    if (size == positions.length) {
      positions = Arrays.copyOf(positions, 2 * size);
    }
    positions[size++] = column * height + (int) row;
  }

  private int[] counts() {
    int[] ends = Arrays.copyOf(positions, size + 1);
    ends[size] = width * height;
    Arrays.sort(ends);
    int[] counts = new int[ends.length];
    int runs = 0;
    int position = 0;
    for (int i = 0; i < ends.length; i++) {
      int length = ends[i] - position;
      position = ends[i];
      if (length > 0 || i == 0) {
        counts[runs++] = length;
      } else if (++i < ends.length) {
        // An empty run joins its neighbours.
        counts[runs - 1] += ends[i] - position;
        position = ends[i];
      }
    }
    return Arrays.copyOf(counts, runs);
  }
}
