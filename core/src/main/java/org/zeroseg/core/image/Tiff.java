package org.zeroseg.core.image;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The first picture of a TIFF file (revision 6.0). The platform's decoder gets a directory with the
 * entries that pixels need, whose claims have been checked; what samples mean is read here, because
 * it knows neither signed nor real numbers and rounds palettes.
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
  private static final int INDEXED = 3;

  private static final int PLAIN = 1;
  private static final int JPEG = 7;

  private static final int SIGNED = 2;
  private static final int REAL = 3;

  /** Pixels, or bytes of pixels, that a byte can stand for at most, by compression. */
  private static final Map<Integer, Long> RATIOS =
      Map.of(
          PLAIN,
          1L,
          5,
          (long) Gif.LZW_RATIO,
          8,
          (long) Png.DEFLATE_RATIO,
          32946,
          (long) Png.DEFLATE_RATIO,
          32773,
          64L); // PackBits

  /**
   * An entry of the directory.
   *
   * @param type of its values
   * @param count of its values
   * @param at where they lie
   */
  private record Entry(int type, int count, int at) {}

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
    requireKnown();
    requireParts();
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
    return tiff.picture(PlatformDecoder.image("tiff", tiff.needed()));
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
    if (samples < 1 || samples > 6) {
      throw notRead(samples + " samples a pixel");
    }
    if (value(COMPRESSION, PLAIN) == JPEG && samples != 1 && samples != 3) {
      throw notRead("JPEG parts of " + samples + " components");
    }
    int predictor = value(PREDICTOR, 1);
    if (predictor > 2 || (predictor == 2 && bits != 8)) {
      throw notRead("predictor " + predictor + " on samples of " + bits + " bits");
    }
    boolean unsigned = format == 1 || format == 4;
    boolean few =
        unsigned && (bits <= 8 || bits == 12 || bits == 16) || format == SIGNED && bits == 8;
    boolean numbers = (unsigned || format == SIGNED || format == REAL) && bits == 32;
    boolean grey = samples == 1 && photometric <= BLACK_IS_ZERO;
    if (!few && !(grey && (numbers || format == SIGNED && bits == 16))) {
      String kind =
          format == REAL ? "real numbers" : format == SIGNED ? "signed numbers" : "samples";
      throw notRead(bits + "-bit " + kind + (grey ? "" : " as colours"));
    }
  }

  private static RefusedException notRead(String what) {
    return new RefusedException(
        " is a TIFF with "
            + what
            + ", which is not read here: save it with 8 or 16 bits a sample, without predictor");
  }

  /** Checks that strips or tiles lie within the file and can hold what they should. */
  private void requireParts() throws IOException {
    boolean tiled = entries.containsKey(TILE_OFFSETS);
    int partWidth = tiled ? value(TILE_WIDTH, 0) : width;
    int partHeight = tiled ? value(TILE_HEIGHT, 0) : Math.min(height, value(STRIP_ROWS, height));
    limits.requireSize(partWidth, partHeight);
    boolean planes = value(PLANAR, 1) == 2 && samples > 1;
    int down = ceil(height, partHeight);
    long parts = (long) ceil(width, partWidth) * down * (planes ? samples : 1);
    int offsetsTag = tiled ? TILE_OFFSETS : STRIP_OFFSETS;
    int bytesTag = tiled ? TILE_BYTES : STRIP_BYTES;
    Entry offsets = entries.get(offsetsTag);
    Entry counts = entries.get(bytesTag);
    if (offsets == null || counts == null || offsets.count() < parts || counts.count() < parts) {
      throw new IOException("it does not say where its " + parts + " parts lie");
    }
    long stored = 0;
    for (int i = 0; i < parts; i++) {
      long from = value(offsetsTag, offsets, i);
      long count = value(bytesTag, counts, i);
      stored += count;
      if (from + count > bytes.length || stored > bytes.length) {
        throw new IOException("its part " + i + ", " + count + " bytes, ends beyond its end");
      }
      int rows = tiled ? partHeight : Math.min(partHeight, height - i % down * partHeight);
      requireHeld(partWidth, rows, planes ? 1 : samples, (int) from, (int) count);
    }
  }

  private static int ceil(int a, int b) {
    return (int) (((long) a + b - 1) / b);
  }

  private void requireHeld(int columns, int rows, int interleaved, int from, int count)
      throws IOException {
    int compression = value(COMPRESSION, PLAIN);
    long row = ((long) columns * bits * interleaved + 7) / 8;
    if (RATIOS.containsKey(compression)) {
      PictureReader.requireHeld(columns, rows, row * rows, RATIOS.get(compression) * count);
    } else if (compression >= 2 && compression <= 4) { // facsimile: a row takes a bit
      PictureReader.requireHeld(columns, rows, rows, 8L * count);
    } else if (compression == JPEG) {
      Jpeg.check(bytes, from, from + count, (long) columns * rows, limits);
    } else {
      throw new RefusedException(
          " is a TIFF of compression "
              + compression
              + ", which is not read here: save it with LZW or Deflate");
    }
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
        // Of greys and indices the decoder is to give the bare samples.
        int plain = photometric == INDEXED ? BLACK_IS_ZERO : Math.max(BLACK_IS_ZERO, photometric);
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

  private Picture picture(BufferedImage image) throws IOException {
    Raster raster = image.getRaster();
    if (photometric == INDEXED) {
      return Picture.wrapIndexed(width, height, samples(raster), palette());
    }
    if (photometric > BLACK_IS_ZERO) {
      return Rasters.picture(image);
    }
    if (format == REAL) {
      return real(raster);
    }
    if (bits > 8) {
      return wide(raster);
    }
    byte[] levels = samples(raster);
    int most = (1 << bits) - 1;
    for (int i = 0; i < levels.length; i++) {
      int level = levels[i] & 0xff;
      levels[i] = (byte) ((photometric == WHITE_IS_ZERO ? most - level : level) * 255 / most);
    }
    return Picture.wrap(bits == 1 ? Mode.BITS : Mode.GREY, width, height, levels);
  }

  /** The first sample of every pixel, as it is stored. */
  private byte[] samples(Raster raster) {
    byte[] first = new byte[width * height];
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      raster.getSamples(0, y, width, 1, 0, row);
      for (int x = 0; x < width; x++) {
        first[y * width + x] = (byte) row[x];
      }
    }
    return first;
  }

  /** Whole numbers of more than 8 bits, cut at 0 and 65535. */
  private Picture wide(Raster raster) {
    byte[] words = new byte[Math.multiplyExact(2, width * height)];
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      raster.getSamples(0, y, width, 1, 0, row);
      for (int x = 0; x < width; x++) {
        long value = format == SIGNED ? row[x] : row[x] & 0xffffffffL;
        int level = (int) Math.max(0, Math.min(0xffff, value));
        words[2 * (y * width + x)] = (byte) level;
        words[2 * (y * width + x) + 1] = (byte) (level >> 8);
      }
    }
    Picture picture = Picture.wrap(Mode.GREY16, width, height, words);
    // Nothing tells how bright the numbers of a measurement are: they are cut, as in Pillow.
    return limits.asSeen() && (bits == 32 || format == SIGNED) ? picture.rgb() : picture;
  }

  /** Real numbers, cut to whole ones from 0 to 255 as in Pillow. */
  private Picture real(Raster raster) {
    float[] values = raster.getSamples(0, 0, width, height, 0, (float[]) null);
    float most = 0;
    for (float value : values) {
      most = Math.max(most, value);
    }
    float unit = limits.asSeen() && most <= 1 ? 255 : 1; // shares of white, as cameras' tools write
    byte[] levels = new byte[values.length];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) Math.max(0, Math.min(255, values[i] * unit));
    }
    return Picture.wrap(Mode.GREY, width, height, levels);
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
