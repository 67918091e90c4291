package org.zeroseg.core.mask;

import java.util.Arrays;
import java.util.List;

/**
 * An immutable set of pixels of a picture, one bit per pixel. Rows start at a word of their own, so
 * that set operations, areas and overlaps take 64 pixels at a time.
 *
 * <p>Operations on two masks need masks of the same size and otherwise throw {@link
 * IllegalArgumentException}.
 */
public final class Mask {

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
  private final long[] words;
  private final int area;
  // The tight rectangle, right and bottom exclusive; all zero without a pixel.
  private final int left;
  private final int top;
  private final int right;
  private final int bottom;

  /**
   * Takes over the words: {@link #stride} a row, pixel x at bit x % 64, bits beyond width clear.
   */
  Mask(int width, int height, long[] words) {
    this.width = width;
    this.height = height;
    this.words = words;
    int stride = stride(width);
    long[] columns = new long[stride];
    int pixels = 0;
    int firstRow = -1;
    int lastRow = -1;
    for (int y = 0, at = 0; y < height; y++) {
      int before = pixels;
      for (int i = 0; i < stride; i++, at++) {
        pixels += Long.bitCount(words[at]);
        columns[i] |= words[at];
      }
      if (pixels > before) {
        firstRow = firstRow < 0 ? y : firstRow;
        lastRow = y;
      }
    }
    area = pixels;
    if (pixels == 0) {
      left = top = right = bottom = 0;
    } else {
      int first = 0;
      while (columns[first] == 0) {
        first++;
      }
      int last = stride - 1;
      while (columns[last] == 0) {
        last--;
      }
      left = first * 64 + Long.numberOfTrailingZeros(columns[first]);
      right = last * 64 + 64 - Long.numberOfLeadingZeros(columns[last]);
      top = firstRow;
      bottom = lastRow + 1;
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
    return new Mask(width, height, blank(width, height));
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
    return (words[y * stride(width) + (x >> 6)] >>> x & 1) != 0;
  }

  /** The bits of 64 pixels of a row. */
  long word(int y, int index) {
    return words[y * stride(width) + index];
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
    int x0 = Math.max(left, other.left);
    int x1 = Math.min(right, other.right);
    if (x0 >= x1) {
      return 0;
    }
    int stride = stride(width);
    int first = x0 >> 6;
    int count = ((x1 - 1) >> 6) - first + 1;
    int shared = 0;
    for (int y = Math.max(top, other.top); y < y1; y++) {
      int start = y * stride + first;
      for (int i = start; i < start + count; i++) {
        shared += Long.bitCount(words[i] & other.words[i]);
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
    long[] result = new long[words.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = words[i] & other.words[i];
    }
    return new Mask(width, height, result);
  }

  /**
   * The pixels of either.
   *
   * @param other a mask of the same size
   * @return the union
   */
  public Mask or(Mask other) {
    checkSameSize(other);
    long[] result = new long[words.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = words[i] | other.words[i];
    }
    return new Mask(width, height, result);
  }

  /**
   * The pixels of this mask that the other lacks.
   *
   * @param other a mask of the same size
   * @return the difference
   */
  public Mask andNot(Mask other) {
    checkSameSize(other);
    long[] result = new long[words.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = words[i] & ~other.words[i];
    }
    return new Mask(width, height, result);
  }

  /**
   * All pixels of the picture that this mask lacks.
   *
   * @return the complement
   */
  public Mask not() {
    int stride = stride(width);
    long tail = tail(width);
    long[] result = new long[words.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (i + 1) % stride == 0 ? ~words[i] & tail : ~words[i];
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
    long[] result = blank(cropWidth, cropHeight);
    int stride = stride(width);
    int cropStride = stride(cropWidth);
    long tail = tail(cropWidth);
    int shift = x & 63;
    for (int row = 0; row < cropHeight; row++) {
      long source = (long) y + row;
      if (source < 0 || source >= height) {
        continue;
      }
      int start = (int) source * stride;
      for (int i = 0; i < cropStride; i++) {
        int from = (x >> 6) + i;
        long low = from >= 0 && from < stride ? words[start + from] : 0;
        long high = shift > 0 && from >= -1 && from + 1 < stride ? words[start + from + 1] : 0;
        long word = shift == 0 ? low : low >>> shift | high << -shift;
        result[row * cropStride + i] = i == cropStride - 1 ? word & tail : word;
      }
    }
    return new Mask(cropWidth, cropHeight, result);
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
    long[] result = blank(height, width);
    int stride = stride(width);
    int resultStride = stride(height);
    long[] block = new long[64];
    for (int y = top & ~63; y < bottom; y += 64) {
      int rows = Math.min(64, height - y);
      for (int i = left >> 6; i << 6 < right; i++) {
        long any = 0;
        for (int r = 0; r < rows; r++) {
          block[r] = words[(y + r) * stride + i];
          any |= block[r];
        }
        if (any == 0) {
          continue;
        }
        Arrays.fill(block, rows, 64, 0);
        transpose(block);
        int columns = Math.min(64, width - (i << 6));
        for (int c = 0; c < columns; c++) {
          result[((i << 6) + c) * resultStride + (y >> 6)] = block[c];
        }
      }
    }
    return new Mask(height, width, result);
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
    int stride = stride(width);
    for (int y = top; y < bottom; y++) {
      int row = y * stride;
      for (int i = left >> 6; i << 6 < right; i++) {
        long word = words[row + i];
        long fromLeft = word << 1 | (i == 0 ? 1 : words[row + i - 1] >>> 63);
        long fromRight = word >>> 1;
        fromRight |= i == stride - 1 ? ~(tail(width) >>> 1) : words[row + i + 1] << 63;
        word &= fromLeft & fromRight;
        word &= y == 0 ? -1L : words[row + i - stride];
        word &= y == height - 1 ? -1L : words[row + i + stride];
        result[row + i] = word;
      }
    }
    return new Mask(width, height, result);
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
      for (int i = left >> 6; i << 6 < right; i++) {
        for (long word = word(y, i); word != 0; word &= word - 1) {
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
        && Arrays.equals(words, mask.words);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * width + height) + Arrays.hashCode(words);
  }

  @Override
  public String toString() {
    return "Mask[" + width + " x " + height + ", " + area + " pixels]";
  }
}
