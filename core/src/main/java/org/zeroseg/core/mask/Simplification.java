package org.zeroseg.core.mask;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Leaves out corners of polygons, the least noticeable first (in the manner of Visvalingam and
 * Whyatt 1993, with the distances of Douglas and Peucker 1973).
 *
 * <p>Leaving out a corner moves the line over the triangle of the corner and its neighbours. Where
 * no other corner of any ring lies in that triangle, borders included, nothing is crossed: a line
 * that enters the triangle would have to end within it or leave through one of the two old sides.
 */
final class Simplification {

  /**
   * A corner that might go, with the neighbours that it had when its distance was measured.
   *
   * @param corner its number
   * @param before its neighbour
   * @param after its other neighbour
   * @param steps its distance in steps of a quarter of a pixel
   * @param span the number of corners of the exact ring that the new line would pass over
   */
  private record Candidate(int corner, int before, int after, int steps, int span)
      implements Comparable<Candidate> {
    /** Of corners alike those with short lines first: else a long line would grow bit by bit. */
    @Override
    public int compareTo(Candidate other) {
      int order = Integer.compare(steps, other.steps);
      order = order == 0 ? Integer.compare(span, other.span) : order;
      return order == 0 ? Integer.compare(corner, other.corner) : order;
    }
  }

  private final double tolerance;
  private final int[] x;
  private final int[] y;
  private final int[] before; // -1 once a corner is gone
  private final int[] after;
  private final int[] ringStart; // of every corner
  private final int[] ringEnd;
  private final int[] left; // corners that a ring still has, at its start
  private final int[] sorted; // by row and column
  private final int[] rows; // where each begins among the sorted
  private final PriorityQueue<Candidate> candidates = new PriorityQueue<>();
  private double spanStart; // of the triangle in a row
  private double spanEnd;

  private Simplification(List<Ring> rings, double tolerance) {
    this.tolerance = tolerance;
    int corners = rings.stream().mapToInt(Ring::size).sum();
    x = new int[corners];
    y = new int[corners];
    before = new int[corners];
    after = new int[corners];
    ringStart = new int[corners];
    ringEnd = new int[corners];
    left = new int[corners];
    int start = 0;
    for (Ring ring : rings) {
      double[] xy = ring.xy();
      int end = start + ring.size();
      left[start] = ring.size();
      for (int i = start; i < end; i++) {
        x[i] = (int) xy[2 * (i - start)];
        y[i] = (int) xy[2 * (i - start) + 1];
        before[i] = i == start ? end - 1 : i - 1;
        after[i] = i == end - 1 ? start : i + 1;
        ringStart[i] = start;
        ringEnd[i] = end;
      }
      start = end;
    }
    int[] order = new int[corners];
    Arrays.setAll(order, i -> i);
    sorted = sorted(sorted(order, x, starts(x)), y, starts(y));
    rows = starts(y);
  }

  /** Where each value begins once all are sorted. */
  private static int[] starts(int[] values) {
    int[] starts = new int[Arrays.stream(values).max().orElse(0) + 2];
    for (int value : values) {
      starts[value + 1]++;
    }
    Arrays.parallelPrefix(starts, Integer::sum);
    return starts;
  }

  /** Sorts by values, and leaves the order of equal ones; changes the starts. */
  private static int[] sorted(int[] order, int[] values, int[] starts) {
    int[] sorted = new int[order.length];
    for (int i : order) {
      sorted[starts[values[i]]++] = i;
    }
    return sorted;
  }

  static List<Polygon> of(List<Polygon> polygons, double tolerance) {
    List<Ring> rings = new ArrayList<>();
    for (Polygon polygon : polygons) {
      rings.add(polygon.outer());
      rings.addAll(polygon.holes());
    }
    Simplification simplification = new Simplification(rings, tolerance);
    simplification.run();
    List<Polygon> simple = new ArrayList<>();
    int start = 0;
    for (Polygon polygon : polygons) {
      Ring outer = simplification.ring(start);
      start += polygon.outer().size();
      List<Ring> holes = new ArrayList<>();
      for (Ring hole : polygon.holes()) {
        holes.add(simplification.ring(start));
        start += hole.size();
      }
      simple.add(new Polygon(outer, holes));
    }
    return List.copyOf(simple);
  }

  private void run() {
    for (int i = 0; i < x.length; i++) {
      offer(i);
    }
    while (!candidates.isEmpty()) {
      Candidate next = candidates.remove();
      int corner = next.corner();
      boolean current = before[corner] == next.before() && after[corner] == next.after();
      if (current && left[ringStart[corner]] > 3 && isFree(corner)) {
        after[before[corner]] = after[corner];
        before[after[corner]] = before[corner];
        left[ringStart[corner]]--;
        before[corner] = -1;
        offer(next.before());
        offer(next.after());
      }
    }
  }

  private void offer(int corner) {
    double distance = 0;
    int span = 0;
    int from = before[corner];
    int to = after[corner];
    for (int i = following(from); i != to && distance <= tolerance; i = following(i)) {
      distance = Math.max(distance, distance(i, from, to));
      span++;
    }
    if (distance <= tolerance) {
      candidates.add(new Candidate(corner, from, to, (int) (4 * distance), span));
    }
  }

  /** The next corner of the exact ring. */
  private int following(int corner) {
    return corner + 1 == ringEnd[corner] ? ringStart[corner] : corner + 1;
  }

  /** The distance of a corner from the line between two others. */
  private double distance(int corner, int a, int b) {
    double dx = x[b] - x[a];
    double dy = y[b] - y[a];
    double along = ((x[corner] - x[a]) * dx + (y[corner] - y[a]) * dy) / (dx * dx + dy * dy);
    double share = Math.max(0, Math.min(1, along));
    return Math.hypot(x[a] + share * dx - x[corner], y[a] + share * dy - y[corner]);
  }

  /** Whether no other corner lies in the triangle of a corner and its neighbours. */
  private boolean isFree(int corner) {
    int a = before[corner];
    int b = after[corner];
    boolean atA = false;
    boolean atB = false;
    int top = Math.min(y[corner], Math.min(y[a], y[b]));
    int bottom = Math.max(y[corner], Math.max(y[a], y[b]));
    for (int row = top; row <= bottom; row++) {
      spanStart = Double.MAX_VALUE;
      spanEnd = -Double.MAX_VALUE;
      cross(a, corner, row);
      cross(corner, b, row);
      cross(b, a, row);
      for (int i = firstFrom(row, spanStart - 0.5); i < rows[row + 1]; i++) {
        int other = sorted[i];
        if (x[other] > spanEnd + 0.5) {
          break;
        }
        if (before[other] < 0 || other == a || other == corner || other == b) {
          continue;
        }
        // Another ring may touch one end of the new line, which stays where it is.
        if (x[other] == x[a] && y[other] == y[a]) {
          atA = true;
        } else if (x[other] == x[b] && y[other] == y[b]) {
          atB = true;
        } else if (isWithin(other, a, corner, b)) {
          return false;
        }
      }
    }
    return !(atA && atB);
  }

  /** Widens the span to where a side of the triangle crosses a row. */
  private void cross(int a, int b, int row) {
    if (row < Math.min(y[a], y[b]) || row > Math.max(y[a], y[b])) {
      return;
    }
    if (y[a] == y[b]) {
      spanStart = Math.min(spanStart, Math.min(x[a], x[b]));
      spanEnd = Math.max(spanEnd, Math.max(x[a], x[b]));
    } else {
      double at = x[a] + (double) (x[b] - x[a]) * (row - y[a]) / (y[b] - y[a]);
      spanStart = Math.min(spanStart, at);
      spanEnd = Math.max(spanEnd, at);
    }
  }

  /** Where the corners of a row begin that lie at a column or to its right. */
  private int firstFrom(int row, double column) {
    int low = rows[row];
    int high = rows[row + 1];
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (x[sorted[middle]] < column) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private boolean isWithin(int point, int a, int b, int c) {
    long first = turn(a, b, point);
    long second = turn(b, c, point);
    long third = turn(c, a, point);
    // A triangle may be a mere line: then the span of the row has told what lies on it.
    return (first >= 0 && second >= 0 && third >= 0) || (first <= 0 && second <= 0 && third <= 0);
  }

  private long turn(int a, int b, int c) {
    return (long) (x[b] - x[a]) * (y[c] - y[a]) - (long) (y[b] - y[a]) * (x[c] - x[a]);
  }

  private Ring ring(int start) {
    int corner = start;
    while (before[corner] < 0) {
      corner++;
    }
    double[] xy = new double[2 * left[start]];
    for (int i = 0; i < xy.length; i += 2) {
      xy[i] = x[corner];
      xy[i + 1] = y[corner];
      corner = after[corner];
    }
    return new Ring(xy);
  }
}
