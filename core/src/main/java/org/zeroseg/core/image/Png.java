package org.zeroseg.core.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * PNG files (ISO/IEC 15948): the chunks that pixels need and no other. Decoded here because the
 * platform's decoder refuses pictures for a malformed comment, inflates comments without bound, and
 * takes half a minute for pictures that are only large and empty.
 */
final class Png {

  private static final long SIGNATURE = 0x89504e470d0a1a0aL;
  private static final int IHDR = 0x49484452;
  private static final int PLTE = 0x504c5445;
  private static final int TRNS = 0x74524e53;
  private static final int IDAT = 0x49444154;
  private static final int IEND = 0x49454e44;

  private static final int GREY = 0;
  private static final int INDEXED = 3;

  /** Rows and columns where Adam7's passes begin, and their steps. */
  private static final int[][] PASSES = {
    {0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4}, {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}
  };

  /** Bytes a byte of deflated data can stand for at most: 258 for two bits. */
  static final int DEFLATE_RATIO = 1032;

  private final int width;
  private final int height;
  private final int bitDepth;
  private final int colourType;
  private final boolean interlaced;
  private int[] palette = {};

  private Png(byte[] bytes) throws IOException {
    ByteBuffer header = ByteBuffer.wrap(bytes);
    if (bytes.length < 33 || header.getInt(12) != IHDR || header.getInt(8) != 13) {
      throw new IOException("it has no header");
    }
    width = header.getInt(16);
    height = header.getInt(20);
    bitDepth = bytes[24];
    colourType = bytes[25];
    interlaced = bytes[28] != 0;
    channels(); // refuses a type that does not exist
    if (Integer.bitCount(bitDepth) != 1 || bitDepth > 16) {
      throw new IOException("its samples have " + bitDepth + " bits");
    }
  }

  static boolean matches(byte[] bytes) {
    return bytes.length >= 8 && ByteBuffer.wrap(bytes).getLong() == SIGNATURE;
  }

  static Picture decode(byte[] bytes, PictureReader limits) throws IOException {
    Png png = new Png(bytes);
    limits.requireSize(png.width, png.height);
    try (Data data = png.readChunks(bytes)) {
      return png.picture(data);
    }
  }

  private int channels() throws IOException {
    return switch (colourType) {
      case GREY, INDEXED -> 1;
      case 2 -> 3;
      case 4 -> 2;
      case 6 -> 4;
      default -> throw new IOException("its colour type is " + colourType);
    };
  }

  /** Finds the palette and the data; everything else is passed over. */
  private Data readChunks(byte[] bytes) throws IOException {
    ByteBuffer chunks = ByteBuffer.wrap(bytes);
    Data data = new Data(bytes);
    int i = 33;
    while (i + 12 <= bytes.length) {
      int length = chunks.getInt(i);
      int type = chunks.getInt(i + 4);
      // A last chunk of data that is cut may hold all the same: its end is not needed.
      int held = length < 0 ? -1 : Math.min(length, bytes.length - i - 8);
      if (held < 0 || (held < length && type != IDAT)) {
        throw new IOException("a chunk at byte " + i + " ends beyond the file's end");
      }
      if (type == IEND) {
        break;
      } else if (type == PLTE && colourType == INDEXED && palette.length == 0) {
        palette = colours(bytes, i + 8, length);
      } else if (type == TRNS && colourType == INDEXED) {
        // A level or colour marked as transparent adds no channel, as in Pillow.
        for (int c = 0; c < Math.min(length, palette.length); c++) {
          palette[c] = (palette[c] & 0xffffff) | bytes[i + 8 + c] << 24;
        }
      } else if (type == IDAT) {
        data.add(i + 8, held);
      }
      i += 12 + held;
    }
    if (colourType == INDEXED && palette.length == 0) {
      throw new IOException("it has no palette");
    }
    PictureReader.requireHeld(width, height, raw(), data.length * DEFLATE_RATIO);
    return data;
  }

  private static int[] colours(byte[] bytes, int from, int length) throws IOException {
    if (length % 3 != 0 || length == 0 || length > 3 * 256) {
      throw new IOException("its palette has " + length + " bytes");
    }
    int[] colours = new int[length / 3];
    for (int c = 0, i = from; c < colours.length; c++, i += 3) {
      colours[c] =
          0xff000000 | (bytes[i] & 0xff) << 16 | (bytes[i + 1] & 0xff) << 8 | (bytes[i + 2] & 0xff);
    }
    return colours;
  }

  /** The number of bytes that the data inflate to: filter types and samples of all rows. */
  private long raw() throws IOException {
    if (!interlaced) {
      return rows(width, height);
    }
    long sum = 0;
    for (int[] pass : PASSES) {
      int columns = Math.max(0, (width - pass[1] + pass[3] - 1) / pass[3]);
      int rows = Math.max(0, (height - pass[0] + pass[2] - 1) / pass[2]);
      sum += columns == 0 ? 0 : rows(columns, rows);
    }
    return sum;
  }

  private long rows(int columns, int rows) throws IOException {
    return rows * (1 + ((long) columns * bitDepth * channels() + 7) / 8);
  }

  private PixelFormat mode() {
    return switch (colourType) {
      case GREY ->
          bitDepth == 1 ? PixelFormat.BITS : bitDepth == 16 ? PixelFormat.GREY16 : PixelFormat.GREY;
      case INDEXED -> PixelFormat.PALETTE;
      case 2 -> PixelFormat.RGB;
      case 4 -> PixelFormat.GREY_ALPHA;
      default -> PixelFormat.RGBA;
    };
  }

  private Picture picture(Data data) throws IOException {
    PixelFormat mode = mode();
    int pixel = mode.bytesPerPixel();
    byte[] samples = new byte[Math.multiplyExact(width * height, pixel)];
    int[][] passes = interlaced ? PASSES : new int[][] {{0, 0, 1, 1}};
    for (int[] pass : passes) {
      int columns = Math.max(0, (width - pass[1] + pass[3] - 1) / pass[3]);
      if (columns > 0) {
        int stride = (int) (rows(columns, 1) - 1);
        byte[] above = new byte[stride];
        byte[] row = new byte[stride];
        for (int y = pass[0]; y < height; y += pass[2]) {
          int filter = data.filter(y);
          data.read(row, y);
          unfilter(filter, row, above);
          unpack(row, columns, samples, (y * width + pass[1]) * pixel, pass[3] * pixel);
          byte[] swapped = above;
          above = row;
          row = swapped;
        }
      }
    }
    return mode == PixelFormat.PALETTE
        ? Picture.wrapIndexed(width, height, samples, palette)
        : Picture.wrap(mode, width, height, samples);
  }

  /** Undoes a filter (section 9) in place. */
  private void unfilter(int filter, byte[] row, byte[] above) throws IOException {
    int step = Math.max(1, channels() * bitDepth / 8);
    switch (filter) {
      case 0 -> {}
      case 1 -> {
        for (int i = step; i < row.length; i++) {
          row[i] += row[i - step];
        }
      }
      case 2 -> {
        for (int i = 0; i < row.length; i++) {
          row[i] += above[i];
        }
      }
      case 3 -> {
        for (int i = 0; i < row.length; i++) {
          int left = i < step ? 0 : row[i - step] & 0xff;
          row[i] += (byte) ((left + (above[i] & 0xff)) >> 1);
        }
      }
      case 4 -> {
        for (int i = 0; i < row.length; i++) {
          int left = i < step ? 0 : row[i - step] & 0xff;
          int corner = i < step ? 0 : above[i - step] & 0xff;
          row[i] += (byte) paeth(left, above[i] & 0xff, corner);
        }
      }
      default -> throw new IOException("a row has the filter " + filter);
    }
  }

  /** The neighbour nearest to what a plane through all three would have here. */
  private static int paeth(int left, int above, int corner) {
    int byLeft = Math.abs(above - corner);
    int byAbove = Math.abs(left - corner);
    int byCorner = Math.abs(left + above - 2 * corner);
    if (byLeft <= byAbove && byLeft <= byCorner) {
      return left;
    }
    return byAbove <= byCorner ? above : corner;
  }

  /** Writes a row's pixels as samples of the picture's mode, one pixel every so many bytes. */
  private void unpack(byte[] row, int columns, byte[] samples, int from, int step) {
    if (bitDepth < 8) {
      int most = (1 << bitDepth) - 1;
      int factor = colourType == GREY ? 255 / most : 1;
      for (int x = 0, out = from; x < columns; x++, out += step) {
        int bit = x * bitDepth;
        int level = row[bit >> 3] >> (8 - bitDepth - (bit & 7)) & most;
        samples[out] = (byte) (level * factor);
      }
      return;
    }
    int bytes = bitDepth / 8;
    int channels = row.length / columns / bytes;
    if (bytes == 1 && step == channels) {
      System.arraycopy(row, 0, samples, from, row.length);
      return;
    }
    for (int x = 0, in = 0, out = from; x < columns; x++, out += step) {
      for (int c = 0; c < channels; c++, in += bytes) {
        samples[out + c] = row[in]; // of 16 bits the high byte
      }
    }
    if (colourType == GREY && bytes == 2) {
      for (int x = 0, out = from; x < columns; x++, out += step) {
        samples[out] = row[2 * x + 1];
        samples[out + 1] = row[2 * x];
      }
    }
  }

  /** The deflated bytes of all data chunks. */
  private static final class Data implements AutoCloseable {

    private final byte[] file;
    private final Inflater inflater = new Inflater();
    private final byte[] inflated = new byte[1 << 16];
    private int[] chunks = new int[32]; // where each begins and its length
    private int count;
    private long length;
    private int next;
    private int position;
    private int end;

    Data(byte[] file) {
      this.file = file;
    }

    void add(int from, int bytes) {
      if (count == chunks.length) {
        chunks = Arrays.copyOf(chunks, 2 * count);
      }
      chunks[count++] = from;
      chunks[count++] = bytes;
      length += bytes;
    }

    /** The byte in front of a row. */
    int filter(int row) throws IOException {
      if (position == end) {
        inflate(row);
      }
      return inflated[position++];
    }

    void read(byte[] target, int row) throws IOException {
      int done = 0;
      while (done < target.length) {
        if (position == end) {
          inflate(row);
        }
        int part = Math.min(end - position, target.length - done);
        System.arraycopy(inflated, position, target, done, part);
        position += part;
        done += part;
      }
    }

    private void inflate(int row) throws IOException {
      try {
        position = 0;
        end = inflater.inflate(inflated);
        while (end == 0) {
          if (next == count || inflater.finished() || inflater.needsDictionary()) {
            throw new IOException("its data end in row " + row);
          }
          inflater.setInput(file, chunks[next], chunks[next + 1]);
          next += 2;
          end = inflater.inflate(inflated);
        }
      } catch (DataFormatException e) {
        throw new IOException("its data are damaged in row " + row + ": " + e.getMessage(), e);
      }
    }

    @Override
    public void close() {
      inflater.end();
    }
  }
}
