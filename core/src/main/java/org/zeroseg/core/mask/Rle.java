package org.zeroseg.core.mask;

import java.util.Arrays;
import java.util.List;

/**
 * A mask as run lengths, identical to COCO's: the runs go down the columns, alternate between
 * pixels outside and inside the mask, and begin with one outside, which may be empty.
 *
 * <p>Area, box, IoU and set operations work on the runs without decoding. The rules are those of
 * cocodataset/cocoapi, {@code maskApi.c}. Input is checked: where that code would read on or write
 * garbage, an {@link IllegalArgumentException} says what is wrong.
 */
public final class Rle {

  // Polygon corners lie on a grid of fifths of a pixel (maskApi.c, rleFrPoly).
  private static final double POLYGON_SCALE = 5;
  // Keeps the scaled coordinates, and the steps along an edge, within an int.
  private static final double LARGEST_COORDINATE = 1 << 24;

  private final int width;
  private final int height;
  private final int[] counts;

  private Rle(int width, int height, int[] counts) {
    this.width = width;
    this.height = height;
    this.counts = counts;
  }

  /**
   * Run lengths as they stand uncompressed in annotation files.
   *
   * @param width columns
   * @param height rows
   * @param counts run lengths that sum up to {@code width * height}; empty runs are kept as they
   *     are
   * @return the mask
   * @throws IllegalArgumentException if a run is negative or the sum is wrong
   */
  public static Rle of(int width, int height, int[] counts) {
    Mask.checkSize(width, height);
    long sum = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] < 0) {
        throw new IllegalArgumentException("Run " + i + " has the length " + counts[i]);
      }
      sum += counts[i];
    }
    if (sum != (long) width * height) {
      throw new IllegalArgumentException(
          "Run lengths of a mask of "
              + width
              + " x "
              + height
              + " sum up to "
              + sum
              + ", not "
              + width * height);
    }
    return new Rle(width, height, counts.clone());
  }

  /**
   * COCO's compressed text.
   *
   * @param width columns
   * @param height rows
   * @param text five bits a character, low ones first; from the fourth run on the difference to the
   *     run before the last
   * @return the mask
   * @throws IllegalArgumentException if the text has a character outside '0' to 'o', ends within a
   *     number, or its runs do not fill the mask
   */
  public static Rle parse(int width, int height, String text) {
    Mask.checkSize(width, height);
    int[] counts = new int[text.length()];
    int size = 0;
    for (int at = 0; at < text.length(); ) {
      long value = 0;
      boolean more = true;
      for (int shift = 0; more; shift += 5, at++) {
        if (at == text.length()) {
          throw new IllegalArgumentException("Run lengths end within run " + size);
        }
        int bits = text.charAt(at) - 48;
        if (bits < 0 || bits > 63) {
          throw new IllegalArgumentException(
              "Run lengths have the character '" + text.charAt(at) + "' at position " + at);
        }
        // Seven groups hold every difference of two ints; the bound keeps the shift within a long.
        if (shift > 30) {
          throw new IllegalArgumentException("Run " + size + " has more than seven characters");
        }
        value |= (long) (bits & 31) << shift;
        more = (bits & 32) != 0;
        if (!more && (bits & 16) != 0) {
          value |= -1L << (shift + 5);
        }
      }
      if (size > 2) {
        value += counts[size - 2];
      }
      if (value < 0 || value > Integer.MAX_VALUE) {
        throw new IllegalArgumentException("Run " + size + " has the length " + value);
      }
      counts[size++] = (int) value;
    }
    return of(width, height, Arrays.copyOf(counts, size));
  }

  static Rle of(Mask mask) {
    Mask columns = mask.transpose();
    int stride = Mask.stride(columns.width());
    int[] counts = new int[16];
    int size = 0;
    long last = 0;
    int position = 0;
    for (int x = 0; x < columns.height(); x++) {
      for (int i = 0; i < stride; i++) {
        long word = columns.word(x, i);
        int length = Math.min(64, columns.width() - (i << 6));
        // A set bit is a pixel that differs from the one before; what follows the column is not
        // one.
        long edges = (word ^ (word << 1 | last)) & Mask.tail(length);
        for (; edges != 0; edges &= edges - 1) {
          int edge = x * columns.width() + (i << 6) + Long.numberOfTrailingZeros(edges);
          // One place is kept for the run that ends with the mask.
          if (size + 1 == counts.length) {
            counts = Arrays.copyOf(counts, 2 * counts.length);
          }
          counts[size++] = edge - position;
          position = edge;
        }
        last = (word >>> (length - 1)) & 1;
      }
    }
    counts[size++] = mask.width() * mask.height() - position;
    return new Rle(mask.width(), mask.height(), Arrays.copyOf(counts, size));
  }

  /**
   * The pixels inside a polygon, as cocoapi rasterises it: corners rounded to fifths of a pixel,
   * edges walked step by step, even-odd filling.
   *
   * @param width columns
   * @param height rows
   * @param xy corners x0, y0, x1, y1, ..., in pixels, at least three; the last is joined to the
   *     first; may lie outside the picture
   * @return the mask
   * @throws IllegalArgumentException if there are too few numbers, an odd number, or one is not
   *     finite or beyond 2^24
   */
  public static Rle ofPolygon(int width, int height, double... xy) {
    Mask.checkSize(width, height);
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
      (i % 2 == 0 ? x : y)[i / 2] = (int) (POLYGON_SCALE * xy[i] + .5);
    }
    x[corners] = x[0];
    y[corners] = y[0];
    Crossings crossings = new Crossings(width, height, x[0], y[0]);
    for (int i = 0; i < corners; i++) {
      crossings.edge(x[i], y[i], x[i + 1], y[i + 1]);
    }
    return new Rle(width, height, crossings.counts());
  }

  /** Where a polygon's border crosses the middles of the columns. */
  private static final class Crossings {
    private final int width;
    private final int height;
    private int u;
    private int v;
    private int[] positions = new int[16];
    private int size;

    Crossings(int width, int height, int u, int v) {
      this.width = width;
      this.height = height;
      this.u = u;
      this.v = v;
    }

    void edge(int x0, int y0, int x1, int y1) {
      int dx = Math.abs(x1 - x0);
      int dy = Math.abs(y1 - y0);
      boolean flat = dx >= dy;
      // Both directions give the same points, so that neighbouring polygons neither overlap nor
      // gape.
      boolean backwards = flat ? x0 > x1 : y0 > y1;
      int xs = backwards ? x1 : x0;
      int ys = backwards ? y1 : y0;
      int steps = flat ? dx : dy;
      double rise = backwards ? -1 : 1;
      double slope = steps == 0 ? 0 : rise * (flat ? y1 - y0 : x1 - x0) / steps;
      for (int i = 0; i <= steps; i++) {
        int t = backwards ? steps - i : i;
        if (flat) {
          step(xs + t, (int) (ys + slope * t + .5));
        } else {
          step((int) (xs + slope * t + .5), ys + t);
        }
      }
    }

    private void step(int nextU, int nextV) {
      if (nextU != u) {
        double column = ((nextU < u ? nextU : nextU - 1) + .5) / POLYGON_SCALE - .5;
        if (column >= 0 && column <= width - 1 && column == Math.rint(column)) {
          double row = (Math.min(v, nextV) + .5) / POLYGON_SCALE - .5;
          row = Math.ceil(Math.max(0, Math.min(row, height)));
          if (size == positions.length) {
            positions = Arrays.copyOf(positions, 2 * size);
          }
          positions[size++] = ((int) column) * height + (int) row;
        }
      }
      u = nextU;
      v = nextV;
    }

    int[] counts() {
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

  /**
   * The pixels inside any of an object's polygons.
   *
   * @param width columns
   * @param height rows
   * @param polygons at least one, each as in {@link #ofPolygon}
   * @return the union
   */
  public static Rle ofPolygons(int width, int height, List<double[]> polygons) {
    return union(polygons.stream().map(xy -> ofPolygon(width, height, xy)).toList());
  }

  /**
   * The pixels inside a box: those of the polygon of its four corners.
   *
   * @param width columns
   * @param height rows
   * @param box may lie outside the picture
   * @return the mask
   */
  public static Rle ofBox(int width, int height, Box box) {
    double x = box.x();
    double y = box.y();
    return ofPolygon(
        width, height, x, y, x, box.bottom(), box.right(), box.bottom(), box.right(), y);
  }

  /**
   * Columns.
   *
   * @return pixels
   */
  public int width() {
    return width;
  }

  /**
   * Rows.
   *
   * @return pixels
   */
  public int height() {
    return height;
  }

  /**
   * The run lengths.
   *
   * @return a copy
   */
  public int[] counts() {
    return counts.clone();
  }

  /**
   * COCO's compressed text.
   *
   * @return what {@link #parse} reads
   */
  public String text() {
    StringBuilder text = new StringBuilder(2 * counts.length);
    for (int i = 0; i < counts.length; i++) {
      // The third run, too, is absolute, in the reference's encoder as in its decoder.
      int value = i > 2 ? counts[i] - counts[i - 2] : counts[i];
      boolean more = true;
      while (more) {
        int bits = value & 31;
        value >>= 5;
        more = (bits & 16) != 0 ? value != -1 : value != 0;
        text.append((char) (48 + bits + (more ? 32 : 0)));
      }
    }
    return text.toString();
  }

  /**
   * The pixels.
   *
   * @return the decoded mask
   */
  public Mask mask() {
    // Runs go down the columns: they are rows of the transposed mask.
    long[] words = Mask.blank(/* width= */ height, /* height= */ width);
    int stride = Mask.stride(height);
    int position = 0;
    for (int i = 0; i < counts.length; i++) {
      int end = position + counts[i];
      if (i % 2 == 1) {
        for (int from = position; from < end; ) {
          int column = from / height;
          int to = Math.min(end - column * height, height);
          Bits.set(words, column * stride, from - column * height, to);
          from = column * height + to;
        }
      }
      position = end;
    }
    return new Mask(/* width= */ height, /* height= */ width, words).transpose();
  }

  /**
   * The number of pixels.
   *
   * @return 0 to {@code width * height}
   */
  public int area() {
    int area = 0;
    for (int i = 1; i < counts.length; i += 2) {
      area += counts[i];
    }
    return area;
  }

  /**
   * The box around the pixels, as COCO's {@code toBbox} finds it: tight if no run inside is empty,
   * which holds for every encoded {@link Mask}. The ends of empty runs, which other encoders may
   * write, are taken for pixels; {@link Mask#box} of the decoded mask is tight in any case.
   *
   * @return whole numbers; all 0 without a run of pixels
   */
  public Box box() {
    int runs = counts.length & ~1;
    if (runs == 0) {
      return new Box(0, 0, 0, 0);
    }
    long left = width;
    long top = height;
    long right = 0;
    long bottom = 0;
    long position = 0;
    long startColumn = 0;
    for (int i = 0; i < runs; i++) {
      position += counts[i];
      // Unsigned 32 bits, as in the reference, where the end of an empty first run wraps around.
      long pixel = (position - i % 2) & 0xFFFFFFFFL;
      long row = pixel % height;
      long column = pixel / height;
      if (i % 2 == 0) {
        startColumn = column;
      } else if (startColumn < column) {
        top = 0;
        bottom = height - 1L;
      }
      left = Math.min(left, column);
      right = Math.max(right, column);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row);
    }
    return Box.ofCorners((double) left, (double) top, right + 1.0, bottom + 1.0);
  }

  /** Walks two masks of one size run by run. */
  private static final class Pair {
    private final Rle a;
    private final Rle b;
    private int runA;
    private int runB;
    private int endA;
    private int endB;
    private int position;
    private int length;

    Pair(Rle a, Rle b) {
      if (a.width != b.width || a.height != b.height) {
        throw new IllegalArgumentException(
            "Masks of different sizes: "
                + a.width
                + " x "
                + a.height
                + " and "
                + b.width
                + " x "
                + b.height);
      }
      this.a = a;
      this.b = b;
      endA = a.counts[0];
      endB = b.counts[0];
    }

    /** Goes to the next stretch over which neither mask changes; false at the end. */
    boolean next() {
      position += length;
      while (endA == position && runA + 1 < a.counts.length) {
        endA += a.counts[++runA];
      }
      while (endB == position && runB + 1 < b.counts.length) {
        endB += b.counts[++runB];
      }
      length = Math.min(endA, endB) - position;
      return length > 0;
    }

    boolean inA() {
      return runA % 2 == 1;
    }

    boolean inB() {
      return runB % 2 == 1;
    }
  }

  /**
   * The number of pixels that two masks share.
   *
   * @param other a mask of the same size
   * @return pixels
   */
  public int intersection(Rle other) {
    int shared = 0;
    for (Pair pair = new Pair(this, other); pair.next(); ) {
      if (pair.inA() && pair.inB()) {
        shared += pair.length;
      }
    }
    return shared;
  }

  /**
   * Intersection over union.
   *
   * @param other a mask of the same size
   * @return a number in [0, 1]; 0 if they share nothing
   */
  public double iou(Rle other) {
    int shared = intersection(other);
    return shared == 0 ? 0 : (double) shared / (area() + other.area() - shared);
  }

  /**
   * COCO's overlap of detections with ground truth.
   *
   * @param detections n masks
   * @param truths m masks of the same size
   * @param crowd for every ground truth, whether it is a crowd: then the overlap is the
   *     intersection over the detection's area
   * @return n rows of m numbers in [0, 1]
   */
  public static double[][] ious(List<Rle> detections, List<Rle> truths, boolean[] crowd) {
    if (crowd.length != truths.size()) {
      throw new IllegalArgumentException(
          crowd.length + " crowd flags for " + truths.size() + " ground truths");
    }
    Box[] boxes = truths.stream().map(Rle::box).toArray(Box[]::new);
    int[] areas = truths.stream().mapToInt(Rle::area).toArray();
    double[][] ious = new double[detections.size()][truths.size()];
    for (int d = 0; d < ious.length; d++) {
      Rle detection = detections.get(d);
      Box box = detection.box();
      int area = detection.area();
      for (int t = 0; t < areas.length; t++) {
        if (box.intersection(boxes[t]) > 0) {
          int shared = detection.intersection(truths.get(t));
          int whole = crowd[t] ? area : area + areas[t] - shared;
          ious[d][t] = shared == 0 ? 0 : (double) shared / whole;
        }
      }
    }
    return ious;
  }

  private interface Operation {
    boolean test(boolean a, boolean b);
  }

  private Rle merge(Rle other, Operation operation) {
    int[] merged = new int[counts.length + other.counts.length];
    int size = 0;
    boolean inside = false;
    int length = 0;
    for (Pair pair = new Pair(this, other); pair.next(); length += pair.length) {
      if (operation.test(pair.inA(), pair.inB()) != inside) {
        merged[size++] = length;
        inside = !inside;
        length = 0;
      }
    }
    merged[size++] = length;
    return new Rle(width, height, Arrays.copyOf(merged, size));
  }

  private static Rle merge(List<Rle> masks, Operation operation) {
    return masks.stream()
        .reduce((a, b) -> a.merge(b, operation))
        .orElseThrow(() -> new IllegalArgumentException("No masks to merge"));
  }

  /**
   * The pixels of any of the masks.
   *
   * @param masks at least one, of one size
   * @return the union
   */
  public static Rle union(List<Rle> masks) {
    return merge(masks, (a, b) -> a || b);
  }

  /**
   * The pixels that all masks share.
   *
   * @param masks at least one, of one size
   * @return the intersection
   */
  public static Rle intersection(List<Rle> masks) {
    return merge(masks, (a, b) -> a && b);
  }

  /** Equal runs; the same pixels with other empty runs are not equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Rle rle
        && width == rle.width
        && height == rle.height
        && Arrays.equals(counts, rle.counts);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * width + height) + Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return "Rle[" + width + " x " + height + ", " + counts.length + " runs]";
  }
}
