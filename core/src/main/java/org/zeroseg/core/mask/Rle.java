package org.zeroseg.core.mask;

import java.util.Arrays;
import java.util.List;

/**
 * A mask as run lengths, identical to COCO's: the runs go down the columns, alternate between
 * pixels outside and inside the mask, and begin with one outside, which may be empty.
 *
 * <p>Area, box and union work on the runs without decoding. The rules are those of
 * cocodataset/cocoapi, {@code maskApi.c}. Input is checked: where that code would read on or write
 * garbage, an {@link IllegalArgumentException} says what is wrong.
 */
public final class Rle {

  private final int width;
  private final int height;
  private final int[] counts;
  private Box box; // null until somebody asks for it

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
    return checked(width, height, counts.clone());
  }

  private static Rle checked(int width, int height, int[] counts) {
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
    return new Rle(width, height, counts);
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
    return parseAscii(width, height, RleText.ascii(text));
  }

  /**
   * COCO's compressed text as it lies in a file.
   *
   * @param width columns
   * @param height rows
   * @param ascii the characters of {@link #parse}
   * @return the mask
   * @throws IllegalArgumentException as for the text
   */
  public static Rle parseAscii(int width, int height, byte[] ascii) {
    Mask.checkSize(width, height);
    return checked(width, height, RleText.parse(ascii));
  }

  static Rle of(Mask mask) {
    Mask columns = mask.transpose();
    int stride = Mask.stride(columns.width());
    int[] counts = new int[16];
    int size = 0;
    long last = 0;
    int position = 0;
    // Beyond the box nothing begins, and in the column after it a run may end.
    Box box = mask.box();
    for (int x = (int) box.x(); x < Math.min(box.right() + 1, mask.width()); x++) {
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
    return new Rle(width, height, PolygonRaster.counts(width, height, xy));
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
   * How many runs there are.
   *
   * @return the length of {@link #counts}
   */
  public int runs() {
    return counts.length;
  }

  /**
   * The length of one run.
   *
   * @param index of the run in {@link #counts}; odd ones are inside the mask
   * @return pixels
   */
  public int run(int index) {
    return counts[index];
  }

  /**
   * COCO's compressed text.
   *
   * @return what {@link #parse} reads
   */
  public String text() {
    return RleText.of(counts);
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
    Box found = box;
    if (found == null) {
      found = counts.length < 2 ? new Box(0, 0, 0, 0) : tightBox();
      box = found;
    }
    return found;
  }

  private Box tightBox() {
    int runs = counts.length & ~1;
    int position = 0;
    int row = 0; // of the position
    int top = height;
    int bottom = 0;
    for (int i = 0; i < runs; i += 2) {
      int length = counts[i + 1];
      if (length == 0) {
        return boxWithEmptyRuns();
      }
      row = below(row + counts[i]);
      boolean oneColumn = row + length <= height;
      top = Math.min(top, oneColumn ? row : 0);
      bottom = Math.max(bottom, oneColumn ? row + length : height);
      row = below(row + length);
      position += counts[i] + length;
    }
    int left = counts[0] / height;
    int right = (position - 1) / height + 1;
    return Box.ofCorners(left, top, right, bottom);
  }

  /**
   * The remainder; a division takes longer than all the rest, and most gaps end in the next column.
   */
  private int below(int row) {
    int rest = row < height ? row : row - height;
    return rest < height ? rest : rest % height;
  }

  private Box boxWithEmptyRuns() {
    int runs = counts.length & ~1;
    long left = width;
    long top = height;
    long right = 0;
    long bottom = 0;
    long row = 0;
    long column = 0;
    long startColumn = 0;
    for (int i = 0; i < runs; i++) {
      row += counts[i];
      if (row >= height) {
        column += row / height;
        row %= height;
      }
      long pixelRow = row;
      long pixelColumn = column;
      if (i % 2 == 0) {
        startColumn = column;
      } else {
        // The last pixel of the run. In the reference, in unsigned 32 bits, the end of an empty
        // first run wraps around.
        if (row > 0) {
          pixelRow--;
        } else if (column > 0) {
          pixelRow = height - 1L;
          pixelColumn--;
        } else {
          pixelRow = 0xFFFFFFFFL % height;
          pixelColumn = 0xFFFFFFFFL / height;
        }
        if (startColumn < pixelColumn) {
          top = 0;
          bottom = height - 1L;
        }
      }
      left = Math.min(left, pixelColumn);
      right = Math.max(right, pixelColumn);
      top = Math.min(top, pixelRow);
      bottom = Math.max(bottom, pixelRow);
    }
    return Box.ofCorners((double) left, (double) top, right + 1.0, bottom + 1.0);
  }

  /**
   * The pixels of any of the masks.
   *
   * @param masks at least one, of one size
   * @return the union
   */
  public static Rle union(List<Rle> masks) {
    if (masks.isEmpty()) {
      throw new IllegalArgumentException("No masks to merge");
    }
    Rle first = masks.get(0);
    if (masks.size() == 1) {
      return first;
    }
    int size = masks.stream().mapToInt(mask -> mask.counts.length / 2).sum();
    int[] starts = new int[size];
    int[] ends = new int[size];
    int spans = 0;
    for (Rle mask : masks) {
      if (mask.width != first.width || mask.height != first.height) {
        throw new IllegalArgumentException(
            "Masks of different sizes: %d x %d and %d x %d"
                .formatted(first.width, first.height, mask.width, mask.height));
      }
      int position = 0;
      for (int i = 0; i + 1 < mask.counts.length; i += 2) {
        int start = position + mask.counts[i];
        position = start + mask.counts[i + 1];
        if (position > start) {
          starts[spans] = start;
          ends[spans++] = position;
        }
      }
    }
    Arrays.sort(starts, 0, spans);
    Arrays.sort(ends, 0, spans);
    int[] counts = new int[2 * spans + 1];
    int runs = 0;
    int position = 0;
    for (int i = 0; i < spans; i++) {
      // A stretch begins where all that began before have ended, and not only just.
      if (i == 0 || starts[i] > ends[i - 1]) {
        counts[runs++] = starts[i] - position;
        position = starts[i];
      }
      if (i + 1 == spans || starts[i + 1] > ends[i]) {
        counts[runs++] = ends[i] - position;
        position = ends[i];
      }
    }
    int left = first.width * first.height - position;
    if (left > 0) {
      counts[runs++] = left;
    }
    return new Rle(first.width, first.height, Arrays.copyOf(counts, runs));
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
