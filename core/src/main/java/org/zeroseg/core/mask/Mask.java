package org.zeroseg.core.mask;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * An immutable set of pixels of a picture, one bit per pixel of its box, so that a small object of
 * a large picture is small. Rows start at a word of their own, so that set operations, areas and
 * overlaps take 64 pixels at a time.
 *
 * <p>Operations on two masks need masks of the same size and otherwise throw {@link
 * IllegalArgumentException}.
 */
public final class Mask {

  private static final long[] NOTHING = {};

  /** Says whether a pixel belongs to a mask. */
  @FunctionalInterface
  public interface PixelTest {
    /**
     * Tests one pixel.
     *
     * @param x column, from 0
     * @param y row, from 0
     * @return true if the pixel is part of the mask
     */
    boolean test(int x, int y);
  }

  /** Takes the pixels of a mask in turn. */
  @FunctionalInterface
  public interface PixelConsumer {
    /**
     * Takes one pixel.
     *
     * @param x column, from 0
     * @param y row, from 0
     */
    void accept(int x, int y);
  }

  private final int width;
  private final int height;
  // The tight rectangle, right and bottom exclusive; all zero without a pixel.
  private final int left;
  private final int top;
  private final int right;
  private final int bottom;
  // Of its rows, the words that it touches: from number first on, stride a row.
  private final long[] words;
  private final int first;
  private final int stride;
  private final int area;

  /**
   * Takes over the words of all rows: {@link #stride(int)} a row, pixel x at bit x % 64, bits
   * beyond width clear.
   */
  Mask(int width, int height, long[] words) {
    this(width, height, words, 0, 0, stride(width));
  }

  /**
   * Takes over a block of words, around which there is no pixel.
   *
   * @param block {@code blockStride} words a row
   * @param blockTop its first row
   * @param blockFirst number of its first word within a row
   */
  Mask(int width, int height, long[] block, int blockTop, int blockFirst, int blockStride) {
    this.width = width;
    this.height = height;
    long[] columns = new long[blockStride];
    int pixels = 0;
    int firstRow = -1;
    int lastRow = -1;
    int rows = blockStride == 0 ? 0 : block.length / blockStride;
    for (int y = 0, at = 0; y < rows; y++) {
      int before = pixels;
      for (int i = 0; i < blockStride; i++, at++) {
        pixels += Long.bitCount(block[at]);
        columns[i] |= block[at];
      }
      if (pixels > before) {
        firstRow = firstRow < 0 ? y : firstRow;
        lastRow = y;
      }
    }
    area = pixels;
    if (pixels == 0) {
      left = top = right = bottom = first = stride = 0;
      words = NOTHING;
      return;
    }
    int from = 0;
    while (columns[from] == 0) {
      from++;
    }
    int to = blockStride - 1;
    while (columns[to] == 0) {
      to--;
    }
    first = blockFirst + from;
    stride = to - from + 1;
    left = first * 64 + Long.numberOfTrailingZeros(columns[from]);
    right = (blockFirst + to) * 64 + 64 - Long.numberOfLeadingZeros(columns[to]);
    top = blockTop + firstRow;
    bottom = blockTop + lastRow + 1;
    if (stride == blockStride && bottom - top == rows) {
      words = block;
    } else {
      words = new long[(bottom - top) * stride];
      for (int y = 0; y < bottom - top; y++) {
        System.arraycopy(block, (firstRow + y) * blockStride + from, words, y * stride, stride);
      }
    }
  }

  static int stride(int width) {
    return (width + 63) >>> 6;
  }

  /** The clear words of a mask, after a check of its size. */
  static long[] blank(int width, int height) {
    checkSize(width, height);
    return new long[Math.multiplyExact(stride(width), height)];
  }

  static void checkSize(int width, int height) {
    if (width < 1 || height < 1 || (long) width * height > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "A mask of width "
              + width
              + " and height "
              + height
              + ": both must be positive and the product below 2^31");
    }
  }

  private static void checkLength(int width, int height, int found) {
    checkSize(width, height);
    if (found != width * height) {
      throw new IllegalArgumentException(
          "A mask of "
              + width
              + " x "
              + height
              + " needs "
              + width * height
              + " values, not "
              + found);
    }
  }

  /**
   * The pixels that pass a test.
   *
   * @param width columns
   * @param height rows
   * @param test called once a pixel, row by row
   * @return the mask
   */
  public static Mask of(int width, int height, PixelTest test) {
    long[] words = blank(width, height);
    int stride = stride(width);
    for (int y = 0; y < height; y++) {
      for (int i = 0; i < stride; i++) {
        int start = i << 6;
        int end = Math.min(start + 64, width);
        long word = 0;
        for (int x = start; x < end; x++) {
          if (test.test(x, y)) {
            word |= 1L << x;
          }
        }
        words[y * stride + i] = word;
      }
    }
    return new Mask(width, height, words);
  }

  /**
   * The true pixels of an array.
   *
   * @param width columns
   * @param height rows
   * @param pixels row-major, {@code width * height} values
   * @return the mask
   */
  public static Mask of(int width, int height, boolean[] pixels) {
    checkLength(width, height, pixels.length);
    return of(width, height, (x, y) -> pixels[y * width + x]);
  }

  /**
   * The non-zero pixels of an array.
   *
   * @param width columns
   * @param height rows
   * @param pixels row-major, {@code width * height} values
   * @return the mask
   */
  public static Mask of(int width, int height, byte[] pixels) {
    checkLength(width, height, pixels.length);
    return of(width, height, (x, y) -> pixels[y * width + x] != 0);
  }

  /**
   * The pixels of one label.
   *
   * @param width columns
   * @param height rows
   * @param labels row-major, {@code width * height} values
   * @param label the label that the mask's pixels have
   * @return the mask
   */
  public static Mask ofLabel(int width, int height, int[] labels, int label) {
    checkLength(width, height, labels.length);
    return of(width, height, (x, y) -> labels[y * width + x] == label);
  }

  /**
   * The pixels of every label but 0, found in one go.
   *
   * @param width columns
   * @param height rows
   * @param labels row-major, {@code width * height} unsigned values
   * @return for each label that has a pixel its mask, labels rising
   */
  public static Map<Integer, Mask> ofLabels(int width, int height, short[] labels) {
    checkLength(width, height, labels.length);
    return LabelMasks.of(width, height, labels);
  }

  /**
   * The pixels whose score is above a threshold; a NaN is not.
   *
   * @param width columns
   * @param height rows
   * @param scores row-major, {@code width * height} values
   * @param threshold a score equal to it is left out
   * @return the mask
   */
  public static Mask above(int width, int height, float[] scores, float threshold) {
    checkLength(width, height, scores.length);
    return of(width, height, (x, y) -> scores[y * width + x] > threshold);
  }

  /**
   * A mask without a pixel.
   *
   * @param width columns
   * @param height rows
   * @return the mask
   */
  public static Mask empty(int width, int height) {
    checkSize(width, height);
    return new Mask(width, height, NOTHING, 0, 0, 0);
  }

  /**
   * Columns.
   *
   * @return pixels, at least 1
   */
  public int width() {
    return width;
  }

  /**
   * Rows.
   *
   * @return pixels, at least 1
   */
  public int height() {
    return height;
  }

  /**
   * One pixel.
   *
   * @param x column
   * @param y row
   * @return true if it is part of the mask
   * @throws IndexOutOfBoundsException if the picture has no such pixel
   */
  public boolean get(int x, int y) {
    if (x < 0 || x >= width || y < 0 || y >= height) {
      throw new IndexOutOfBoundsException(
          "Pixel (" + x + ", " + y + ") of a mask of " + width + " x " + height);
    }
    return (word(y, x >> 6) >>> x & 1) != 0;
  }

  /** The bits of 64 pixels of a row. */
  long word(int y, int index) {
    return y < top || y >= bottom || index < first || index >= first + stride
        ? 0
        : words[at(y, index)];
  }

  /** Where a word of the box lies. */
  private int at(int y, int index) {
    return (y - top) * stride + index - first;
  }

  /**
   * The number of pixels.
   *
   * @return 0 to {@code width * height}
   */
  public int area() {
    return area;
  }

  /**
   * Whether the mask has no pixel.
   *
   * @return true without one
   */
  public boolean isEmpty() {
    return area == 0;
  }

  /**
   * The tight box around the pixels.
   *
   * @return whole numbers; x, y, width and height 0 if the mask is empty, as in COCO
   */
  public Box box() {
    return new Box(left, top, right - left, bottom - top);
  }

  private void checkSameSize(Mask other) {
    if (width != other.width || height != other.height) {
      throw new IllegalArgumentException(
          "Masks of different sizes: "
              + width
              + " x "
              + height
              + " and "
              + other.width
              + " x "
              + other.height);
    }
  }

  /**
   * The number of pixels that two masks share.
   *
   * @param other a mask of the same size
   * @return pixels
   */
  public int intersection(Mask other) {
    checkSameSize(other);
    int y1 = Math.min(bottom, other.bottom);
    int from = Math.max(first, other.first);
    int count = Math.min(first + stride, other.first + other.stride) - from;
    int shared = 0;
    for (int y = Math.max(top, other.top); y < y1; y++) {
      int own = at(y, from);
      int others = other.at(y, from);
      for (int i = 0; i < count; i++) {
        shared += Long.bitCount(words[own + i] & other.words[others + i]);
      }
    }
    return shared;
  }

  /**
   * The number of pixels of two masks together.
   *
   * @param other a mask of the same size
   * @return pixels
   */
  public int union(Mask other) {
    return area + other.area - intersection(other);
  }

  /**
   * Intersection over union.
   *
   * @param other a mask of the same size
   * @return a number in [0, 1]; 0 if both are empty
   */
  public double iou(Mask other) {
    int shared = intersection(other);
    return shared == 0 ? 0 : (double) shared / (area + other.area - shared);
  }

  /**
   * The pixels of both.
   *
   * @param other a mask of the same size
   * @return the intersection
   */
  public Mask and(Mask other) {
    checkSameSize(other);
    int y0 = Math.max(top, other.top);
    int y1 = Math.min(bottom, other.bottom);
    int from = Math.max(first, other.first);
    int count = Math.min(first + stride, other.first + other.stride) - from;
    if (y0 >= y1 || count <= 0) {
      return empty(width, height);
    }
    long[] result = new long[(y1 - y0) * count];
    for (int y = y0, i = 0; y < y1; y++) {
      int own = at(y, from);
      int others = other.at(y, from);
      for (int end = i + count; i < end; i++) {
        result[i] = words[own++] & other.words[others++];
      }
    }
    return new Mask(width, height, result, y0, from, count);
  }

  /**
   * The pixels of either.
   *
   * @param other a mask of the same size
   * @return the union
   */
  public Mask or(Mask other) {
    checkSameSize(other);
    if (isEmpty() || other.isEmpty()) {
      return isEmpty() ? other : this;
    }
    int y0 = Math.min(top, other.top);
    int y1 = Math.max(bottom, other.bottom);
    int from = Math.min(first, other.first);
    int count = Math.max(first + stride, other.first + other.stride) - from;
    long[] result = new long[(y1 - y0) * count];
    join(result, y0, from, count);
    other.join(result, y0, from, count);
    return new Mask(width, height, result, y0, from, count);
  }

  /** Adds this mask's pixels to a block that holds its box. */
  private void join(long[] block, int blockTop, int blockFirst, int blockStride) {
    for (int y = top, own = 0; y < bottom; y++) {
      int to = (y - blockTop) * blockStride + first - blockFirst;
      for (int i = 0; i < stride; i++) {
        block[to + i] |= words[own++];
      }
    }
  }

  /**
   * The pixels of this mask that the other lacks.
   *
   * @param other a mask of the same size
   * @return the difference
   */
  public Mask andNot(Mask other) {
    checkSameSize(other);
    int y0 = Math.max(top, other.top);
    int y1 = Math.min(bottom, other.bottom);
    int from = Math.max(first, other.first);
    int count = Math.min(first + stride, other.first + other.stride) - from;
    if (y0 >= y1 || count <= 0) {
      return this;
    }
    long[] result = words.clone();
    for (int y = y0; y < y1; y++) {
      int own = at(y, from);
      int others = other.at(y, from);
      for (int i = 0; i < count; i++) {
        result[own + i] &= ~other.words[others + i];
      }
    }
    return new Mask(width, height, result, top, first, stride);
  }

  /**
   * All pixels of the picture that this mask lacks.
   *
   * @return the complement
   */
  public Mask not() {
    int all = stride(width);
    long[] result = blank(width, height);
    Arrays.fill(result, -1L);
    for (int y = 0; y < height; y++) {
      result[(y + 1) * all - 1] = tail(width);
    }
    for (int y = top, own = 0; y < bottom; y++) {
      int to = y * all + first;
      for (int i = 0; i < stride; i++) {
        result[to + i] &= ~words[own++];
      }
    }
    return new Mask(width, height, result);
  }

  /** The valid bits of a row's last word. */
  static long tail(int width) {
    return -1L >>> -width;
  }

  /**
   * Part of the picture.
   *
   * @param x left column
   * @param y upper row
   * @param cropWidth columns
   * @param cropHeight rows
   * @return a mask of that size; what lies outside this one is clear
   */
  public Mask crop(int x, int y, int cropWidth, int cropHeight) {
    checkSize(cropWidth, cropHeight);
    int x0 = (int) Math.max(0, (long) left - x);
    int x1 = (int) Math.min(cropWidth, (long) right - x);
    int y0 = (int) Math.max(0, (long) top - y);
    int y1 = (int) Math.min(cropHeight, (long) bottom - y);
    if (x0 >= x1 || y0 >= y1) {
      return empty(cropWidth, cropHeight);
    }
    int from = x0 >> 6;
    int count = ((x1 - 1) >> 6) - from + 1;
    long tail = tail(cropWidth);
    int shift = x & 63;
    long[] result = new long[(y1 - y0) * count];
    for (int row = y0, at = 0; row < y1; row++) {
      for (int i = from; i < from + count; i++) {
        int source = (x >> 6) + i;
        long low = word(y + row, source);
        long high = shift > 0 ? word(y + row, source + 1) : 0;
        long word = shift == 0 ? low : low >>> shift | high << -shift;
        result[at++] = i == stride(cropWidth) - 1 ? word & tail : word;
      }
    }
    return new Mask(cropWidth, cropHeight, result, y0, from, count);
  }

  /**
   * Another resolution: every pixel takes the value of the source pixel in which its centre lies,
   * as in Pillow's nearest and PyTorch's nearest-exact.
   *
   * @param newWidth columns
   * @param newHeight rows
   * @return the resized mask
   */
  public Mask resize(int newWidth, int newHeight) {
    if (newWidth == width && newHeight == height) {
      return this;
    }
    checkSize(newWidth, newHeight);
    int[] columns = new int[newWidth];
    for (int x = 0; x < newWidth; x++) {
      columns[x] = nearest(x, width, newWidth);
    }
    return of(newWidth, newHeight, (x, y) -> get(columns[x], nearest(y, height, newHeight)));
  }

  private static int nearest(int index, int from, int to) {
    return (int) ((2L * index + 1) * from / (2L * to));
  }

  /**
   * Another resolution by PyTorch's nearest: the source index is {@code floor(i * in / out)} in
   * float32, which lies up to half a source pixel before the centre. Published pseudo-masks were
   * taken to their pictures' sizes so.
   *
   * @param newWidth columns
   * @param newHeight rows
   * @return the resized mask
   */
  public Mask resizeByFloor(int newWidth, int newHeight) {
    checkSize(newWidth, newHeight);
    float stepX = (float) width / newWidth;
    float stepY = (float) height / newHeight;
    return of(
        newWidth,
        newHeight,
        (x, y) ->
            get(Math.min((int) (x * stepX), width - 1), Math.min((int) (y * stepY), height - 1)));
  }

  /**
   * Rows and columns exchanged.
   *
   * @return a mask of width {@link #height} and height {@link #width}
   */
  public Mask transpose() {
    if (isEmpty()) {
      return empty(height, width);
    }
    int from = top >> 6;
    int count = ((bottom - 1) >> 6) - from + 1;
    long[] result = new long[(right - left) * count];
    long[] block = new long[64];
    for (int y = top & ~63; y < bottom; y += 64) {
      for (int i = first; i < first + stride; i++) {
        long any = 0;
        for (int r = 0; r < 64; r++) {
          block[r] = word(y + r, i);
          any |= block[r];
        }
        if (any == 0) {
          continue;
        }
        transpose(block);
        int end = Math.min(right, (i + 1) << 6);
        for (int x = Math.max(left, i << 6); x < end; x++) {
          result[(x - left) * count + (y >> 6) - from] = block[x & 63];
        }
      }
    }
    return new Mask(height, width, result, left, from, count);
  }

  /** Transposes 64 x 64 bits by exchanging ever smaller quadrants (Hacker's Delight, 7-3). */
  private static void transpose(long[] block) {
    long mask = 0xFFFFFFFFL;
    for (int size = 32; size != 0; size >>= 1, mask ^= mask << size) {
      for (int k = 0; k < 64; k = (k + size + 1) & ~size) {
        long difference = (block[k] >>> size ^ block[k + size]) & mask;
        block[k] ^= difference << size;
        block[k + size] ^= difference;
      }
    }
  }

  /**
   * The run lengths.
   *
   * @return this mask in COCO's encoding
   */
  public Rle rle() {
    return Rle.of(this);
  }

  /**
   * The connected parts.
   *
   * @param connectivity which pixels are neighbours
   * @return the parts, in raster order of their first pixels
   */
  public Components components(Connectivity connectivity) {
    return Components.of(this, connectivity);
  }

  /**
   * The pixels that the background cannot reach from the picture's border.
   *
   * @param connectivity how the background moves: with {@link Connectivity#FOUR} a diagonal line
   *     holds it back, with {@link Connectivity#EIGHT} it slips through
   * @return the holes, without the mask itself
   */
  public Mask holes(Connectivity connectivity) {
    return not()
        .components(connectivity)
        .where(box -> box.x() > 0 && box.y() > 0 && box.right() < width && box.bottom() < height);
  }

  /**
   * The mask with its holes filled.
   *
   * @param connectivity how the background moves, as in {@link #holes}
   * @return the union of the mask and its holes
   */
  public Mask filled(Connectivity connectivity) {
    return or(holes(connectivity));
  }

  /**
   * The mask without the pixels at its border: those with a neighbour, over an edge, outside the
   * mask. What lies beyond the picture counts as inside.
   *
   * @return the inner pixels
   */
  public Mask eroded() {
    long[] result = new long[words.length];
    int last = stride(width) - 1;
    for (int y = top, at = 0; y < bottom; y++) {
      for (int i = first; i < first + stride; i++) {
        long word = words[at];
        long fromLeft = word << 1 | (i == 0 ? 1 : word(y, i - 1) >>> 63);
        long fromRight = word >>> 1;
        fromRight |= i == last ? ~(tail(width) >>> 1) : word(y, i + 1) << 63;
        word &= fromLeft & fromRight;
        word &= y == 0 ? -1L : word(y - 1, i);
        word &= y == height - 1 ? -1L : word(y + 1, i);
        result[at++] = word;
      }
    }
    return new Mask(width, height, result, top, first, stride);
  }

  /**
   * The outlines along the edges of the pixels, with holes: filled, they give the mask back
   * exactly. Parts that only touch at a corner are polygons of their own.
   *
   * @return one polygon for each part, in raster order of the parts' first pixels
   */
  public List<Polygon> polygons() {
    return Outlines.of(this);
  }

  /**
   * The outlines with fewer corners: one after the other is left out, the least noticeable first,
   * as long as no line comes to cross or touch another. A polygon stays a polygon, and holes stay
   * within it.
   *
   * @param tolerance how far, in pixels, a corner that is left out may lie from the new line; 0
   *     gives the exact outlines
   * @return one polygon for each part, in raster order of the parts' first pixels
   * @throws IllegalArgumentException if the tolerance is negative or not a number
   */
  public List<Polygon> polygons(double tolerance) {
    if (!(tolerance >= 0)) {
      throw new IllegalArgumentException("A tolerance of " + tolerance + " pixels");
    }
    return tolerance == 0 ? polygons() : Simplification.of(polygons(), tolerance);
  }

  /**
   * The union of masks of one size.
   *
   * @param masks at least one
   * @return the pixels of any of them
   */
  public static Mask union(List<Mask> masks) {
    return masks.stream()
        .reduce(Mask::or)
        .orElseThrow(() -> new IllegalArgumentException("The union of no masks has no size"));
  }

  /**
   * Visits the pixels of the mask.
   *
   * @param visitor called once a pixel, row by row
   */
  public void forEach(PixelConsumer visitor) {
    for (int y = top; y < bottom; y++) {
      for (int i = first; i < first + stride; i++) {
        for (long word = words[at(y, i)]; word != 0; word &= word - 1) {
          visitor.accept((i << 6) + Long.numberOfTrailingZeros(word), y);
        }
      }
    }
  }

  /**
   * The pixels as bytes.
   *
   * @return row-major, {@code width * height} values, 1 for a pixel of the mask
   */
  public byte[] toBytes() {
    byte[] pixels = new byte[width * height];
    forEach((x, y) -> pixels[y * width + x] = 1);
    return pixels;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Mask mask
        && width == mask.width
        && height == mask.height
        && left == mask.left
        && top == mask.top
        && Arrays.equals(words, mask.words);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * (31 * (31 * width + height) + left) + top) + Arrays.hashCode(words);
  }

  @Override
  public String toString() {
    return "Mask[" + width + " x " + height + ", " + area + " pixels]";
  }
}
