package org.zeroseg.core.mask;

import java.util.Arrays;
import java.util.function.Predicate;

/**
 * The connected parts of a mask, numbered from 0 in raster order of their first pixels. Found by
 * joining the runs of neighbouring rows (union-find), so that time and memory grow with the number
 * of runs, not of pixels.
 */
public final class Components {

  private final int width;
  private final int height;
  // Three numbers a run: row, first column, column after the last.
  private final int[] runs;
  // The component of each run.
  private final int[] component;
  private final int[] areas;
  // Four numbers a component: left, top, right, bottom, the latter two exclusive.
  private final int[] bounds;

  private Components(int width, int height, int[] runs, int[] component, int count) {
    this.width = width;
    this.height = height;
    this.runs = runs;
    this.component = component;
    areas = new int[count];
    bounds = new int[4 * count];
    for (int i = 0; i < count; i++) {
      bounds[4 * i] = Integer.MAX_VALUE;
      bounds[4 * i + 1] = Integer.MAX_VALUE;
    }
    for (int i = 0; i < component.length; i++) {
      int at = 4 * component[i];
      areas[component[i]] += runs[3 * i + 2] - runs[3 * i + 1];
      bounds[at] = Math.min(bounds[at], runs[3 * i + 1]);
      bounds[at + 1] = Math.min(bounds[at + 1], runs[3 * i]);
      bounds[at + 2] = Math.max(bounds[at + 2], runs[3 * i + 2]);
      bounds[at + 3] = runs[3 * i] + 1;
    }
  }

  static Components of(Mask mask, Connectivity connectivity) {
    int[] runs = runs(mask);
    int count = runs.length / 3;
    int[] parent = new int[count];
    int reach = connectivity == Connectivity.EIGHT ? 1 : 0;
    int above = 0;
    for (int run = 0; run < count; run++) {
      parent[run] = run;
      int row = runs[3 * run];
      int start = runs[3 * run + 1] - reach;
      int end = runs[3 * run + 2] + reach;
      // Runs of the row above that end before this run starts cannot touch a later run either.
      while (runs[3 * above] < row - 1
          || (runs[3 * above] == row - 1 && runs[3 * above + 2] <= start)) {
        above++;
      }
      for (int i = above; runs[3 * i] == row - 1 && runs[3 * i + 1] < end; i++) {
        join(parent, i, run);
      }
    }
    int[] component = new int[count];
    int components = 0;
    for (int run = 0; run < count; run++) {
      // A root is the first run of its set, hence numbered before the others ask for its number.
      int root = root(parent, run);
      component[run] = root == run ? components++ : component[root];
    }
    return new Components(mask.width(), mask.height(), runs, component, components);
  }

  private static int[] runs(Mask mask) {
    int stride = Mask.stride(mask.width());
    int[] runs = new int[48];
    int size = 0;
    for (int y = 0; y < mask.height(); y++) {
      boolean open = false;
      for (int i = 0; i < stride; i++) {
        long word = mask.word(y, i);
        // A set bit is a pixel that differs from the one to its left.
        for (long edges = word ^ (word << 1 | (open ? 1 : 0)); edges != 0; edges &= edges - 1) {
          int x = (i << 6) + Long.numberOfTrailingZeros(edges);
          if (open) {
            runs[size + 2] = x;
            size += 3;
          } else {
            if (size == runs.length) {
              runs = Arrays.copyOf(runs, 2 * size);
            }
            runs[size] = y;
            runs[size + 1] = x;
          }
          open = !open;
        }
      }
      if (open) {
        runs[size + 2] = mask.width();
        size += 3;
      }
    }
    return Arrays.copyOf(runs, size);
  }

  private static int root(int[] parent, int run) {
    while (parent[run] != run) {
      parent[run] = parent[parent[run]];
      run = parent[run];
    }
    return run;
  }

  private static void join(int[] parent, int a, int b) {
    int first = root(parent, a);
    int second = root(parent, b);
    parent[Math.max(first, second)] = Math.min(first, second);
  }

  /**
   * How many parts there are.
   *
   * @return 0 for an empty mask
   */
  public int count() {
    return areas.length;
  }

  /**
   * The size of a part.
   *
   * @param index its number, from 0
   * @return pixels
   */
  public int area(int index) {
    return areas[index];
  }

  /**
   * The tight box around a part.
   *
   * @param index its number, from 0
   * @return whole numbers
   */
  public Box box(int index) {
    int at = 4 * index;
    return Box.ofCorners(bounds[at], bounds[at + 1], bounds[at + 2], bounds[at + 3]);
  }

  /**
   * The part with the most pixels, the first of several.
   *
   * @return its number
   * @throws IllegalStateException if there is no part
   */
  public int largest() {
    if (areas.length == 0) {
      throw new IllegalStateException("An empty mask has no largest component");
    }
    int best = 0;
    for (int i = 1; i < areas.length; i++) {
      if (areas[i] > areas[best]) {
        best = i;
      }
    }
    return best;
  }

  /**
   * One part.
   *
   * @param index its number, from 0
   * @return its pixels, in a mask of the whole picture's size
   */
  public Mask mask(int index) {
    if (index < 0 || index >= count()) {
      throw new IndexOutOfBoundsException("Component " + index + " of " + count());
    }
    boolean[] wanted = new boolean[count()];
    wanted[index] = true;
    return union(wanted);
  }

  /**
   * The parts whose box passes a test, together.
   *
   * @param test of a part's tight box
   * @return the union of those parts
   */
  public Mask where(Predicate<Box> test) {
    boolean[] wanted = new boolean[count()];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = test.test(box(i));
    }
    return union(wanted);
  }

  private Mask union(boolean[] wanted) {
    int left = width;
    int top = height;
    int right = 0;
    int bottom = 0;
    for (int i = 0; i < wanted.length; i++) {
      if (wanted[i]) {
        left = Math.min(left, bounds[4 * i]);
        top = Math.min(top, bounds[4 * i + 1]);
        right = Math.max(right, bounds[4 * i + 2]);
        bottom = Math.max(bottom, bounds[4 * i + 3]);
      }
    }
    if (right == 0) {
      return Mask.empty(width, height);
    }
    int first = left >> 6;
    int stride = ((right - 1) >> 6) - first + 1;
    int shift = first << 6;
    long[] words = new long[(bottom - top) * stride];
    for (int i = 0; i < component.length; i++) {
      if (wanted[component[i]]) {
        int row = (runs[3 * i] - top) * stride;
        Bits.set(words, row, runs[3 * i + 1] - shift, runs[3 * i + 2] - shift);
      }
    }
    return new Mask(width, height, words, top, first, stride);
  }

  /** The number of the part that a pixel of the mask belongs to. */
  int at(int x, int y) {
    int low = 0;
    int high = component.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      boolean behind = runs[3 * middle] > y || (runs[3 * middle] == y && runs[3 * middle + 1] > x);
      low = behind ? low : middle;
      high = behind ? middle - 1 : high;
    }
    return component[low];
  }

  /**
   * A number for every pixel.
   *
   * @return row-major; 0 outside the mask, else the component's number plus 1
   */
  public int[] labels() {
    int[] labels = new int[width * height];
    for (int i = 0; i < component.length; i++) {
      int row = runs[3 * i] * width;
      Arrays.fill(labels, row + runs[3 * i + 1], row + runs[3 * i + 2], component[i] + 1);
    }
    return labels;
  }
}
