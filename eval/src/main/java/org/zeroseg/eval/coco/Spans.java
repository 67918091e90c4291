package org.zeroseg.eval.coco;

import java.util.Arrays;
import org.zeroseg.core.mask.Rle;

/**
 * A mask as the starts and ends of its runs of pixels, column by column, with what is needed to
 * tell early that two masks cannot overlap enough. Walking absolute positions is cheaper than
 * adding up run lengths, and every mask is compared many times.
 */
final class Spans {

  private final int[] edges;
  private final int left;
  private final int right;
  private final int top;
  private final int bottom;
  private final int area;

  Spans(Rle rle) {
    int[] counts = rle.counts();
    int rows = rle.height();
    int[] found = new int[counts.length & ~1];
    int size = 0;
    int position = 0;
    int row = 0; // of the position
    int pixels = 0;
    int highest = rows;
    int lowest = 0;
    for (int i = 0; i + 1 < counts.length; i += 2) {
      int length = counts[i + 1];
      int start = position + counts[i];
      int startRow = below(row + counts[i], rows);
      position = start + length;
      row = below(startRow + length, rows);
      if (length > 0) {
        found[size++] = start;
        found[size++] = position;
        pixels += length;
        boolean oneColumn = startRow + length <= rows;
        highest = Math.min(highest, oneColumn ? startRow : 0);
        lowest = Math.max(lowest, oneColumn ? startRow + length : rows);
      }
    }
    edges = size == found.length ? found : Arrays.copyOf(found, size);
    area = pixels;
    left = size == 0 ? 0 : edges[0] / rows;
    right = size == 0 ? 0 : (edges[size - 1] - 1) / rows + 1;
    top = highest;
    bottom = lowest;
  }

  /**
   * The remainder; a division takes longer than all the rest, and most gaps end in the next column.
   */
  private static int below(int row, int rows) {
    int rest = row < rows ? row : row - rows;
    return rest < rows ? rest : rest % rows;
  }

  int area() {
    return area;
  }

  /** An upper bound of {@link #intersection}, in constant time. */
  int mostShared(Spans other) {
    int columns = Math.min(right, other.right) - Math.max(left, other.left);
    int rows = Math.min(bottom, other.bottom) - Math.max(top, other.top);
    if (columns <= 0 || rows <= 0) {
      return 0;
    }
    long shared = (long) columns * rows;
    return (int) Math.min(shared, Math.min(area, other.area));
  }

  /** The number of pixels that two masks of one picture share. */
  int intersection(Spans other) {
    int[] a = edges;
    int[] b = other.edges;
    if (a.length == 0 || b.length == 0) {
      return 0;
    }
    int i = firstEndingAfter(a, b[0]);
    int j = firstEndingAfter(b, a[0]);
    int shared = 0;
    while (i < a.length && j < b.length) {
      int endA = a[i + 1];
      int endB = b[j + 1];
      shared += Math.max(0, Math.min(endA, endB) - Math.max(a[i], b[j]));
      // Whichever span ends first is done; without a branch that the processor would mispredict.
      int step = endA <= endB ? 2 : 0;
      j += endB <= endA ? 2 : 0;
      i += step;
    }
    return shared;
  }

  /** Index of the first span that ends after a position. */
  private static int firstEndingAfter(int[] edges, int position) {
    int low = 0;
    int high = edges.length / 2;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (edges[2 * middle + 1] > position) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return 2 * low;
  }
}
