package org.zeroseg.core.export;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zeroseg.core.mask.Polygon;
import org.zeroseg.core.mask.Ring;

/**
 * One closed line for an area of several rings, for formats that hold no more: the rings are joined
 * by seams, lines that are walked there and back. Filled by the even-odd rule or by winding, the
 * line gives the same pixels as the rings.
 */
final class Seams {

  /** Pairs of corners that are looked at for short seams; after that, seams may be long. */
  private static final long MOST_PAIRS = 50_000_000;

  private double[] line;
  private int size;
  private long pairs;

  private Seams(double[] first, int room) {
    line = Arrays.copyOf(first, room);
    size = first.length;
  }

  static double[] join(Polygon polygon) {
    return join(List.of(polygon));
  }

  static double[] join(List<Polygon> polygons) {
    List<Ring> rings = new ArrayList<>();
    for (Polygon polygon : polygons) {
      rings.add(polygon.outer());
      rings.addAll(polygon.holes());
    }
    // Every further ring is closed, and the corner where its seam begins is passed once more.
    int room = rings.stream().mapToInt(ring -> 2 * ring.size() + 4).sum();
    Seams seams = new Seams(rings.get(0).xy(), room);
    for (Ring ring : rings.subList(1, rings.size())) {
      seams.add(ring.xy());
    }
    return Arrays.copyOf(seams.line, seams.size);
  }

  private void add(double[] ring) {
    int from = 0;
    int to = 0;
    pairs += (long) size * ring.length / 4;
    if (pairs <= MOST_PAIRS) {
      double nearest = Double.POSITIVE_INFINITY;
      for (int i = 0; i < size; i += 2) {
        for (int k = 0; k < ring.length; k += 2) {
          double dx = line[i] - ring[k];
          double dy = line[i + 1] - ring[k + 1];
          if (dx * dx + dy * dy < nearest) {
            nearest = dx * dx + dy * dy;
            from = i;
            to = k;
          }
        }
      }
    } else {
      // Past the end the line goes back to where the last seam began, so that nothing is moved.
      from = size - 2;
    }
    int length = ring.length + 4;
    System.arraycopy(line, from + 2, line, from + 2 + length, size - from - 2);
    for (int i = 0; i <= ring.length; i += 2) {
      line[from + 2 + i] = ring[(to + i) % ring.length];
      line[from + 3 + i] = ring[(to + i) % ring.length + 1];
    }
    line[from + length] = line[from];
    line[from + length + 1] = line[from + 1];
    size += length;
  }
}
