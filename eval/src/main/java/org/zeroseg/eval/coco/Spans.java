package org.zeroseg.eval.coco;

import java.util.Arrays;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;

/**
 * A mask as the starts and ends of its runs of pixels, column by column, with what is needed to
 * tell early that two masks cannot overlap enough. Walking absolute positions is cheaper than
 * adding up run lengths, and every mask is compared many times.
 */
final class Spans {

  private final Rle rle;
  private final Box box; // all pixels, and more if runs are empty
  private final int area;
  private int[] edges = {}; // found when they are first needed

  Spans(Rle rle) {
    this.rle = rle;
    box = rle.box();
    area = rle.area();
  }

  private int[] edges() {
    if (edges.length == 0 && area > 0) {
      edges = edges(rle);
    }
    return edges;
  }

  private static int[] edges(Rle rle) {
    int runs = rle.runs() & ~1;
    int[] found = new int[runs];
    int size = 0;
    int position = 0;
    for (int i = 0; i < runs; i += 2) {
      int start = position + rle.run(i);
      position = start + rle.run(i + 1);
      if (position > start) {
        found[size] = start;
        found[size + 1] = position;
        size += 2;
      }
    }
    return size == runs ? found : Arrays.copyOf(found, size);
  }

  int area() {
    return area;
  }

  /** An upper bound of {@link #intersection}, in constant time. */
  int mostShared(Spans other) {
    return (int) Math.min(box.intersection(other.box), Math.min(area, other.area));
  }

  /** The number of pixels that two masks of one picture share. */
  int intersection(Spans other) {
    int[] a = edges();
    int[] b = other.edges();
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
