package org.zeroseg.core.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The first picture of a TIFF file (revision 6.0), with the meanings that Pillow gives to samples.
 * Decoded here because the platform's decoder gives wrong pixels without a word for signed, real
 * and 12-bit numbers, for planes of 16 bits, for CMYK and for most uses of extra samples. It still
 * does what is coded as JPEG or facsimile, from a directory whose claims have been checked.
 */
final class Tiff {

  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS = 258;
  private static final int COMPRESSION = 259;
  private static final int PHOTOMETRIC = 262;
  private static final int FILL_ORDER = 266;
  private static final int STRIP_OFFSETS = 273;
  private static final int SAMPLES = 277;
  private static final int STRIP_ROWS = 278;
  private static final int STRIP_BYTES = 279;
  private static final int PLANAR = 284;
  private static final int GROUP3_OPTIONS = 292;
  private static final int GROUP4_OPTIONS = 293;
  private static final int PREDICTOR = 317;
  private static final int PALETTE = 320;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_BYTES = 325;
  private static final int EXTRA_SAMPLES = 338;
  private static final int SAMPLE_FORMAT = 339;
  private static final int JPEG_TABLES = 347;
  private static final int YCBCR_SAMPLING = 530;
  private static final int YCBCR_POSITION = 531;
  private static final int BLACK_WHITE = 532;

  /** What the decoder may see, in the order in which a directory wants it. */
  private static final int[] NEEDED = {
    WIDTH,
    HEIGHT,
    BITS,
    COMPRESSION,
    PHOTOMETRIC,
    FILL_ORDER,
    STRIP_OFFSETS,
    SAMPLES,
    STRIP_ROWS,
    STRIP_BYTES,
    PLANAR,
    GROUP3_OPTIONS,
    GROUP4_OPTIONS,
    PREDICTOR,
    TILE_WIDTH,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_BYTES,
    EXTRA_SAMPLES,
    SAMPLE_FORMAT,
    JPEG_TABLES,
    YCBCR_SAMPLING,
    YCBCR_POSITION,
    BLACK_WHITE
  };

  /** The bytes of a value of each type, from 1. */
  private static final int[] TYPE_BYTES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};

  private static final int BYTE = 1;
  private static final int SHORT = 3;
  private static final int LONG = 4;

  private static final int WHITE_IS_ZERO = 0;
  private static final int BLACK_IS_ZERO = 1;
  private static final int RGB = 2;
  private static final int INDEXED = 3;
  private static final int CMYK = 5;
  private static final int YCBCR = 6;

  private static final int UNKNOWN_EXTRA = 0;
  private static final int ASSOCIATED_ALPHA = 1;

  private static final int PLAIN = 1;
  private static final int LZW = 5;
  private static final int JPEG = 7;
  private static final int DEFLATE = 8;
  private static final int PACK_BITS = 32773;
  private static final int OLD_DEFLATE = 32946;

  private static final int SIGNED = 2;
  private static final int REAL = 3;

  /** Bytes of pixels that a byte can stand for at most, of the compressions decoded here. */
  private static final Map<Integer, Long> RATIOS =
      Map.of(
          PLAIN, 1L,
          LZW, (long) Lzw.RATIO,
          DEFLATE, (long) Png.DEFLATE_RATIO,
          OLD_DEFLATE, (long) Png.DEFLATE_RATIO,
          PACK_BITS, 64L);

  /**
   * An entry of the directory.
   *
   * @param type of its values
   * @param count of its values
   * @param at where they lie
   */
  private record Entry(int type, int count, int at) {}

  /**
   * A strip or tile.
   *
   * @param left its first column
   * @param top its first row
   * @param width its columns, which may reach beyond the picture
   * @param rows its rows, likewise
   * @param plane the band, if each has parts of its own, or else 0
   * @param from where its bytes begin
   * @param length the number of its bytes
   */
  private record Part(int left, int top, int width, int rows, int plane, int from, int length) {}

  private final byte[] bytes;
  private final ByteBuffer tiff;
  private final PictureReader limits;
  private final Map<Integer, Entry> entries = new TreeMap<>();
  private final int width;
  private final int height;
  private final int samples;
  private final int bits;
  private final int format;
  private final int photometric;
  private final int compression;
  private final boolean planes;

  private Tiff(byte[] bytes, PictureReader limits) throws IOException {
    this.bytes = bytes;
    this.limits = limits;
    tiff = ByteBuffer.wrap(bytes).order(order(bytes));
    readDirectory();
    width = value(WIDTH, 0);
    height = value(HEIGHT, 0);
    limits.requireSize(width, height);
    samples = value(SAMPLES, 1);
    bits = value(BITS, 1);
    format = value(SAMPLE_FORMAT, 1);
    photometric = value(PHOTOMETRIC, BLACK_IS_ZERO);
    compression = value(COMPRESSION, PLAIN);
    planes = value(PLANAR, 1) == 2 && samples > 1;
    requireKnown();
  }

  static boolean matches(byte[] bytes) {
    return bytes.length >= 8
        && (bytes[0] == 'I' || bytes[0] == 'M')
        && bytes[0] == bytes[1]
        && ByteBuffer.wrap(bytes).order(order(bytes)).getShort(2) == 42;
  }

  private static ByteOrder order(byte[] bytes) {
    return bytes[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
  }

  static Picture decode(byte[] bytes, PictureReader limits) throws IOException {
    Tiff tiff = new Tiff(bytes, limits);
    return tiff.picture();
  }

  private void readDirectory() throws IOException {
    long directory = tiff.getInt(4) & 0xffffffffL;
    int count = directory > bytes.length - 2L ? 0 : tiff.getShort((int) directory) & 0xffff;
    if (count == 0 || directory + 2 + 12L * count > bytes.length) {
      throw new IOException("its directory lies beyond its end");
    }
    for (int e = 0; e < count; e++) {
      int at = (int) directory + 2 + 12 * e;
      int tag = tiff.getShort(at) & 0xffff;
      int type = tiff.getShort(at + 2) & 0xffff;
      long values = tiff.getInt(at + 4) & 0xffffffffL;
      if (tag != PALETTE && Arrays.binarySearch(NEEDED, tag) < 0) {
        continue;
      }
      long length = type < 1 || type >= TYPE_BYTES.length ? -1 : TYPE_BYTES[type] * values;
      long start = length <= 4 ? at + 8 : tiff.getInt(at + 8) & 0xffffffffL;
      if (length < 1 || start + length > bytes.length) {
        throw new IOException(
            "its entry " + tag + " has " + values + " values of type " + type + " at " + start);
      }
      entries.putIfAbsent(tag, new Entry(type, (int) values, (int) start));
    }
  }

  /** The first value of an entry. */
  private int value(int tag, int otherwise) throws IOException {
    Entry entry = entries.get(tag);
    return entry == null ? otherwise : (int) Math.min(Integer.MAX_VALUE, value(tag, entry, 0));
  }

  private long value(int tag, Entry entry, int i) throws IOException {
    return switch (entry.type()) {
      case BYTE -> bytes[entry.at() + i] & 0xffL;
      case SHORT -> tiff.getShort(entry.at() + 2 * i) & 0xffffL;
      case LONG -> tiff.getInt(entry.at() + 4 * i) & 0xffffffffL;
      default -> throw new IOException("its entry " + tag + " is of type " + entry.type());
    };
  }

  private void requireKnown() throws IOException {
    for (int tag : new int[] {BITS, SAMPLE_FORMAT}) {
      Entry entry = entries.get(tag);
      for (int i = 1; entry != null && i < entry.count(); i++) {
        if (value(tag, entry, i) != value(tag, entry, 0)) {
          throw notRead("samples that differ in kind");
        }
      }
    }
    int least =
        switch (photometric) {
          case WHITE_IS_ZERO, BLACK_IS_ZERO, INDEXED -> 1;
          case RGB, YCBCR -> 3;
          case CMYK -> 4;
          default -> throw notRead("colours of kind " + photometric);
        };
    if (samples < least || samples > 6) {
      throw notRead(samples + " samples a pixel");
    }
    boolean unsigned = format == 1 || format == 4;
    boolean bytes = bits == 8 || ((bits == 1 || bits == 2 || bits == 4) && least == 1);
    boolean words = (bits == 16 || (bits == 12 && samples == 1)) && photometric != INDEXED;
    boolean number = samples == 1 && photometric <= BLACK_IS_ZERO;
    boolean known =
        (unsigned && (bytes || words || (number && bits == 32)))
            || (format == SIGNED && number && (bits == 8 || bits == 16 || bits == 32))
            || (format == REAL && number && bits == 32);
    if (!known) {
      String kind =
          format == REAL ? "real numbers" : format == SIGNED ? "signed numbers" : "samples";
      throw notRead(bits + "-bit " + kind + (number ? "" : " as colours"));
    }
    int predictor = value(PREDICTOR, 1);
    if (predictor > 2 || (predictor == 2 && bits < 8)) {
      throw notRead("predictor " + predictor + " on samples of " + bits + " bits");
    }
    boolean whole = samples == 1 || (samples == 3 && photometric != INDEXED);
    if (compression == JPEG && (bits != 8 || !whole)) {
      throw notRead("JPEG parts of " + samples + " components");
    }
    if (compression >= 2 && compression <= 4 && (bits != 1 || samples != 1)) {
      throw notRead("colours coded as facsimile");
    }
    if (photometric == YCBCR && compression != JPEG && value(YCBCR_SAMPLING, 2) != 1) {
      throw notRead("colours of fewer samples than brightness");
    }
  }

  private static RefusedException notRead(String what) {
    return new RefusedException(
        " is a TIFF with "
            + what
            + ", which is not read here: save it with 8 or 16 bits a sample, without predictor");
  }

  /** Checks that strips or tiles lie within the file and can hold what they should. */
  private List<Part> parts() throws IOException {
    boolean tiled = entries.containsKey(TILE_OFFSETS);
    int partWidth = tiled ? value(TILE_WIDTH, 0) : width;
    int partHeight = tiled ? value(TILE_HEIGHT, 0) : Math.min(height, value(STRIP_ROWS, height));
    limits.requireSize(partWidth, partHeight);
    int across = ceil(width, partWidth);
    int inPlane = Math.multiplyExact(across, ceil(height, partHeight));
    long count = (long) inPlane * (planes ? samples : 1);
    int offsetsTag = tiled ? TILE_OFFSETS : STRIP_OFFSETS;
    int bytesTag = tiled ? TILE_BYTES : STRIP_BYTES;
    Entry offsets = entries.get(offsetsTag);
    Entry counts = entries.get(bytesTag);
    if (offsets == null || counts == null || offsets.count() < count || counts.count() < count) {
      throw new IOException("it does not say where its " + count + " parts lie");
    }
    List<Part> parts = new ArrayList<>();
    long stored = 0;
    for (int i = 0; i < count; i++) {
      long from = value(offsetsTag, offsets, i);
      long length = value(bytesTag, counts, i);
      stored += length;
      if (from + length > bytes.length || stored > bytes.length) {
        throw new IOException("its part " + i + ", " + length + " bytes, ends beyond its end");
      }
      int top = i % inPlane / across * partHeight;
      int left = i % inPlane % across * partWidth;
      int rows = tiled ? partHeight : Math.min(partHeight, height - top);
      Part part = new Part(left, top, partWidth, rows, i / inPlane, (int) from, (int) length);
      requireHeld(part);
      parts.add(part);
    }
    return parts;
  }

  private static int ceil(int a, int b) {
    return (int) (((long) a + b - 1) / b);
  }

  private void requireHeld(Part part) throws IOException {
    int columns = part.width();
    int rows = part.rows();
    if (RATIOS.containsKey(compression)) {
      long held = RATIOS.get(compression) * part.length();
      PictureReader.requireHeld(columns, rows, (long) stride(part) * rows, held);
    } else if (compression >= 2 && compression <= 4) { // facsimile: a row takes a bit
      PictureReader.requireHeld(columns, rows, rows, 8L * part.length());
    } else if (compression == JPEG) {
      int end = part.from() + part.length();
      Jpeg.check(bytes, part.from(), end, (long) columns * rows, limits);
    } else {
      throw new RefusedException(
          " is a TIFF of compression "
              + compression
              + ", which is not read here: save it with LZW or Deflate");
    }
  }

  /** The bytes of a part's row. */
  private int stride(Part part) {
    return Math.toIntExact(((long) part.width() * bits * (planes ? 1 : samples) + 7) / 8);
  }

  /** The file with another directory at its end. */
  private byte[] needed() {
    int kept = (int) Arrays.stream(NEEDED).filter(this::isNeeded).count();
    int directory = bytes.length + (bytes.length & 1);
    byte[] whole = Arrays.copyOf(bytes, directory + 2 + 12 * kept + 4);
    ByteBuffer out = ByteBuffer.wrap(whole).order(tiff.order());
    out.putInt(4, directory);
    out.position(directory);
    out.putShort((short) kept);
    for (int tag : NEEDED) {
      Entry entry = entries.get(tag);
      if (tag == PHOTOMETRIC) {
        // Of greys the decoder is to give the bare samples.
        int plain = Math.max(BLACK_IS_ZERO, photometric);
        out.putShort((short) tag).putShort((short) SHORT).putInt(1);
        out.putShort((short) plain).putShort((short) 0);
      } else if (isNeeded(tag)) {
        out.putShort((short) tag).putShort((short) entry.type()).putInt(entry.count());
        if (TYPE_BYTES[entry.type()] * (long) entry.count() <= 4) {
          out.put(bytes, entry.at(), 4);
        } else {
          out.putInt(entry.at());
        }
      }
    }
    return whole;
  }

  private boolean isNeeded(int tag) {
    return tag == PHOTOMETRIC || entries.containsKey(tag);
  }

  private Picture picture() throws IOException {
    List<Part> parts = parts();
    if (!RATIOS.containsKey(compression)) {
      return byPlatform(PlatformDecoder.image("tiff", needed()));
    }
    if (format == REAL) {
      return real(parts);
    }
    boolean wide = bits > 8 && photometric <= BLACK_IS_ZERO && !hasAlpha();
    PixelFormat mode =
        switch (photometric) {
          case INDEXED -> PixelFormat.PALETTE;
          case RGB -> hasAlpha() ? PixelFormat.RGBA : PixelFormat.RGB;
          case YCBCR -> PixelFormat.RGB;
          case CMYK -> PixelFormat.CMYK;
          default ->
              wide
                  ? PixelFormat.GREY16
                  : hasAlpha()
                      ? PixelFormat.GREY_ALPHA
                      : bits == 1 ? PixelFormat.BITS : PixelFormat.GREY;
        };
    int channels = mode.channels();
    byte[] out = new byte[Math.multiplyExact(width * height, mode.bytesPerPixel())];
    read(
        parts,
        (pixel, band, value) -> {
          if (band >= channels) {
            return; // an extra sample that is no alpha
          }
          if (wide) {
            out[2 * pixel] = (byte) value;
            out[2 * pixel + 1] = (byte) (value >> 8);
          } else {
            out[pixel * channels + band] = (byte) value;
          }
        });
    if (hasAlpha() && extra() == ASSOCIATED_ALPHA) {
      Colours.divideByAlpha(out, channels);
    }
    if (photometric == YCBCR) {
      Colours.yccToRgb(out, channels);
    }
    if (mode == PixelFormat.PALETTE) {
      return Picture.wrapIndexed(width, height, out, palette());
    }
    Picture picture = Picture.wrap(mode, width, height, out);
    // Nothing tells how bright the numbers of a measurement are: they are cut, as in Pillow.
    return limits.asSeen() && (bits == 32 || format == SIGNED) ? picture.rgb() : picture;
  }

  private boolean hasAlpha() throws IOException {
    int usual = photometric <= BLACK_IS_ZERO ? 1 : 3;
    return (photometric <= BLACK_IS_ZERO || photometric == RGB)
        && samples > usual
        && extra() != UNKNOWN_EXTRA;
  }

  /** What the first extra sample is; of RGB with four samples Pillow takes it for alpha. */
  private int extra() throws IOException {
    return value(EXTRA_SAMPLES, photometric == RGB ? 2 : UNKNOWN_EXTRA);
  }

  /** Greys and colours of what the platform has decoded. */
  private Picture byPlatform(BufferedImage image) {
    if (photometric > BLACK_IS_ZERO) {
      return Rasters.picture(image);
    }
    byte[] levels = new byte[width * height];
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      image.getRaster().getSamples(0, y, width, 1, 0, row);
      for (int x = 0; x < width; x++) {
        levels[y * width + x] = (byte) level(row[x]);
      }
    }
    return Picture.wrap(bits == 1 ? PixelFormat.BITS : PixelFormat.GREY, width, height, levels);
  }

  /** A grey of up to 8 bits as one of 8. */
  private int level(int value) {
    int most = (1 << bits) - 1;
    return (photometric == WHITE_IS_ZERO ? most - value : value) * 255 / most;
  }

  /** Real numbers, cut to whole ones from 0 to 255 as in Pillow. */
  private Picture real(List<Part> parts) throws IOException {
    float[] values = new float[width * height];
    read(parts, (pixel, band, value) -> values[pixel] = Float.intBitsToFloat(value));
    float most = 0;
    for (float value : values) {
      most = Math.max(most, value);
    }
    float unit = limits.asSeen() && most <= 1 ? 255 : 1; // shares of white, as many tools write
    byte[] levels = new byte[values.length];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) Math.max(0, Math.min(255, values[i] * unit));
    }
    return Picture.wrap(PixelFormat.GREY, width, height, levels);
  }

  private interface Sink {
    void put(int pixel, int band, int value);
  }

  private void read(List<Part> parts, Sink sink) throws IOException {
    byte[] pixels = {};
    boolean differences = value(PREDICTOR, 1) == 2 && compression != PLAIN;
    for (Part part : parts) {
      int stride = stride(part);
      int size = Math.multiplyExact(stride, part.rows());
      if (pixels.length < size) {
        pixels = new byte[size];
      }
      inflate(part, pixels, size);
      int bands = planes ? 1 : samples;
      int columns = Math.min(part.width(), width - part.left());
      int rows = Math.min(part.rows(), height - part.top());
      ByteBuffer words = ByteBuffer.wrap(pixels).order(tiff.order());
      for (int y = 0; y < rows; y++) {
        if (differences) {
          addUp(words, y * stride, part.width(), bands);
        }
        int pixel = (part.top() + y) * width + part.left();
        for (int x = 0; x < columns; x++, pixel++) {
          for (int band = 0; band < bands; band++) {
            sink.put(pixel, part.plane() + band, sample(words, y * stride, x * bands + band));
          }
        }
      }
    }
  }

  /** Horizontal differences become samples again (section 14). */
  private void addUp(ByteBuffer words, int row, int columns, int bands) {
    int bytes = bits / 8;
    for (int i = bands; i < columns * bands; i++) {
      int at = row + i * bytes;
      int before = at - bands * bytes;
      switch (bytes) {
        case 1 -> words.put(at, (byte) (words.get(at) + words.get(before)));
        case 2 -> words.putShort(at, (short) (words.getShort(at) + words.getShort(before)));
        default -> words.putInt(at, words.getInt(at) + words.getInt(before));
      }
    }
  }

  /** One sample: an index, an 8-bit channel, 16-bit grey, or the bits of a real number. */
  private int sample(ByteBuffer words, int row, int i) {
    return switch (bits) {
      case 8 -> {
        int value = words.get(row + i) & 0xff;
        yield photometric == WHITE_IS_ZERO ? 255 - value : value;
      }
      case 12 -> {
        int pair = row + i / 2 * 3;
        int left = words.get(pair + (i & 1)) & 0xff;
        int right = words.get(pair + 1 + (i & 1)) & 0xff;
        int value = (i & 1) == 0 ? left << 4 | right >> 4 : (left & 0xf) << 8 | right;
        // People see the high byte of 16 bits.
        yield limits.asSeen() ? turned(value << 4, 0xfff0) : value;
      }
      case 16 -> {
        short word = words.getShort(row + 2 * i);
        if (photometric > BLACK_IS_ZERO || samples > 1) {
          yield word >> 8 & 0xff;
        }
        yield format == SIGNED ? Math.max(0, word) : turned(word & 0xffff, 0xffff);
      }
      case 32 -> {
        int word = words.getInt(row + 4 * i);
        int most = word < 0 && format == SIGNED ? 0 : 0xffff;
        yield format == REAL || Integer.compareUnsigned(word, 0xffff) <= 0 ? word : most;
      }
      default -> {
        int bit = i * bits;
        int value = words.get(row + (bit >> 3)) >> (8 - bits - (bit & 7)) & ((1 << bits) - 1);
        yield photometric <= BLACK_IS_ZERO ? level(value) : value;
      }
    };
  }

  /** Where white is zero, a grey of more than 8 bits is turned for people; Pillow leaves it. */
  private int turned(int grey, int most) {
    return limits.asSeen() && photometric == WHITE_IS_ZERO ? most - grey : grey;
  }

  private void inflate(Part part, byte[] out, int size) throws IOException {
    int end = part.from() + part.length();
    byte[] in = bytes;
    int from = part.from();
    if (value(FILL_ORDER, 1) == 2) {
      in = Arrays.copyOfRange(bytes, from, end);
      for (int i = 0; i < in.length; i++) {
        in[i] = (byte) (Integer.reverse(in[i]) >>> 24);
      }
      end -= from;
      from = 0;
    }
    switch (compression) {
      case PLAIN -> System.arraycopy(in, from, out, 0, size);
      case LZW -> Lzw.decode(in, from, end, 8, true, out, size);
      case PACK_BITS -> unpack(in, from, end, out, size);
      default -> {
        Inflater inflater = new Inflater();
        try {
          inflater.setInput(in, from, end - from);
          int done = 0;
          int more = -1;
          while (done < size && more != 0) {
            more = inflater.inflate(out, done, size - done);
            done += more;
          }
          if (done < size) {
            throw endsEarly(done, size);
          }
        } catch (DataFormatException e) {
          throw new IOException("its deflated data are damaged: " + e.getMessage(), e);
        } finally {
          inflater.end();
        }
      }
    }
  }

  /** Runs of bytes, equal and other ones (section 9). */
  private static void unpack(byte[] in, int from, int end, byte[] out, int size)
      throws IOException {
    int position = from;
    int done = 0;
    while (done < size) {
      if (position + 1 >= end) {
        throw endsEarly(done, size);
      }
      int head = in[position++];
      if (head >= 0) {
        int count = Math.min(head + 1, size - done);
        if (count > end - position) {
          throw endsEarly(done, size);
        }
        System.arraycopy(in, position, out, done, count);
        position += head + 1;
        done += count;
      } else if (head != -128) {
        int stop = Math.min(done + 1 - head, size);
        Arrays.fill(out, done, stop, in[position++]);
        done = stop;
      }
    }
  }

  private static IOException endsEarly(int done, int size) {
    return new IOException("a part of it ends after " + done + " of " + size + " bytes of pixels");
  }

  /** Of each colour's 16 bits the high byte, as libtiff has it. */
  private int[] palette() throws IOException {
    Entry entry = entries.get(PALETTE);
    int colours = 1 << bits;
    if (bits > 8 || entry == null || entry.count() < 3 * colours) {
      throw new IOException("it has no palette for its indices of " + bits + " bits");
    }
    int[] palette = new int[colours];
    for (int i = 0; i < colours; i++) {
      palette[i] = 0xff000000;
      for (int c = 0; c < 3; c++) {
        palette[i] |= (int) (value(PALETTE, entry, c * colours + i) >> 8 & 0xff) << (16 - 8 * c);
      }
    }
    return palette;
  }
}
