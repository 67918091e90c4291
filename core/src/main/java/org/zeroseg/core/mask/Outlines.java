package org.zeroseg.core.mask;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Follows the edges between the pixels inside and outside a mask, the inside on the right. Every
 * border, outer or of a hole, has a pixel with none of the mask above it; those edges are where to
 * start, each walked once.
 */
final class Outlines {

  // Right, down, left, up.
  private static final int[] DX = {1, 0, -1, 0};
  private static final int[] DY = {0, 1, 0, -1};

  private final Mask mask;
  private final int left;
  private final int top;
  private final long[] starts;
  private double[] corners = new double[32];
  private int size;

  private Outlines(Mask mask, int left, int top) {
    this.mask = mask;
    this.left = left;
    this.top = top;
    int stride = Mask.stride(mask.width());
    starts = Mask.blank(mask.width(), mask.height());
    for (int y = 0; y < mask.height(); y++) {
      for (int i = 0; i < stride; i++) {
        starts[y * stride + i] = mask.word(y, i) & ~(y == 0 ? 0 : mask.word(y - 1, i));
      }
    }
  }

  static List<Polygon> of(Mask mask) {
    if (mask.isEmpty()) {
      return List.of();
    }
    Box box = mask.box();
    int left = (int) box.x();
    int top = (int) box.y();
    Mask part = mask.crop(left, top, (int) box.width(), (int) box.height());
    return of(part, left, top);
  }

  /** Of what is in a mask's box, as wide and high as that. */
  private static List<Polygon> of(Mask mask, int left, int top) {
    Components parts = mask.components(Connectivity.FOUR);
    Ring[] outer = new Ring[parts.count()];
    List<List<Ring>> holes = new ArrayList<>();
    for (int i = 0; i < outer.length; i++) {
      holes.add(new ArrayList<>());
    }
    Outlines outlines = new Outlines(mask, left, top);
    int stride = Mask.stride(mask.width());
    for (int y = 0; y < mask.height(); y++) {
      for (int i = 0; i < stride; i++) {
        while (outlines.starts[y * stride + i] != 0) {
          int x = (i << 6) + Long.numberOfTrailingZeros(outlines.starts[y * stride + i]);
          int part = parts.at(x, y);
          outlines.trace(x, y);
          for (Ring ring : outlines.cut()) {
            if (ring.area() > 0) {
              outer[part] = ring;
            } else {
              holes.get(part).add(ring);
            }
          }
        }
      }
    }
    List<Polygon> polygons = new ArrayList<>();
    for (int i = 0; i < outer.length; i++) {
      polygons.add(new Polygon(outer[i], holes.get(i)));
    }
    return List.copyOf(polygons);
  }

  /** The border with the upper edge of a pixel, from that edge's left end. */
  private void trace(int startX, int startY) {
    size = 0;
    int stride = Mask.stride(mask.width());
    int x = startX;
    int y = startY;
    int direction = 0;
    do {
      if (direction == 0) {
        starts[y * stride + (x >> 6)] &= ~(1L << x);
      }
      x += DX[direction];
      y += DY[direction];
      int turned = turn(x, y, direction);
      if (turned != direction) {
        corner(x, y);
        direction = turned;
      }
    } while (x != startX || y != startY || direction != 0);
  }

  /**
   * The traced line as rings that touch neither themselves nor, but for single corners, each other:
   * it is cut where it passes a corner twice. Of an outer border one ring goes around the part, the
   * others around holes that touch it from within.
   */
  private List<Ring> cut() {
    List<Ring> rings = new ArrayList<>();
    double[] open = new double[size];
    int length = 0;
    Map<Long, Integer> passed = new HashMap<>();
    for (int i = 0; i < size; i += 2) {
      int x = (int) corners[i];
      int y = (int) corners[i + 1];
      if (isPinch(x, y)) {
        Integer before = passed.get(key(x, y));
        if (before != null) {
          rings.add(new Ring(Arrays.copyOfRange(open, before, length)));
          for (int k = before; k < length; k += 2) {
            passed.remove(key((int) open[k] - left, (int) open[k + 1] - top));
          }
          length = before;
        }
        passed.put(key(x, y), length);
      }
      open[length++] = left + (double) x;
      open[length++] = top + (double) y;
    }
    rings.add(new Ring(Arrays.copyOf(open, length)));
    return rings;
  }

  private static long key(int x, int y) {
    return (long) y << 32 | x;
  }

  /** Whether two pixels of the mask, or two outside it, meet at a corner and nowhere else. */
  private boolean isPinch(int x, int y) {
    boolean inside = isSet(x, y);
    return inside == isSet(x - 1, y - 1) && inside != isSet(x - 1, y) && inside != isSet(x, y - 1);
  }

  /** Turning right first keeps pixels apart that only share a corner. */
  private int turn(int x, int y, int direction) {
    if (!ahead(x, y, direction, direction + 1)) {
      return (direction + 1) & 3;
    }
    return ahead(x, y, direction, direction + 3) ? (direction + 3) & 3 : direction;
  }

  /** Whether the pixel ahead of a corner, on the given side, belongs to the mask. */
  private boolean ahead(int x, int y, int direction, int side) {
    // Towards positive coordinates the pixel begins at the corner, else one before it.
    int dx = DX[direction] + DX[side & 3];
    int dy = DY[direction] + DY[side & 3];
    int column = dx > 0 ? x : x - 1;
    int row = dy > 0 ? y : y - 1;
    return isSet(column, row);
  }

  private boolean isSet(int column, int row) {
    return column >= 0
        && column < mask.width()
        && row >= 0
        && row < mask.height()
        && mask.get(column, row);
  }

  private void corner(int x, int y) {
    if (size == corners.length) {
      corners = Arrays.copyOf(corners, 2 * size);
    }
    corners[size++] = x;
    corners[size++] = y;
  }
}
