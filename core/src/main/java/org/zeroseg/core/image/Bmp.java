package org.zeroseg.core.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * BMP files. Claims of the header are checked before the platform's decoder believes them; run
 * lengths are decoded here, because it fills up what they lack.
 */
final class Bmp {

  private static final int FILE_HEADER = 14;
  private static final int CORE_HEADER = 12;
  private static final int INFO_HEADER = 40;
  private static final int V5_HEADER = 124;

  private static final int RGB = 0;
  private static final int RLE8 = 1;
  private static final int RLE4 = 2;
  private static final int MASKS = 3;

  private final ByteBuffer bmp;
  private final int header;
  private final int offset;
  private final int width;
  private final int height; // negative where the first row is the top
  private final int bits;
  private final int compression;

  private Bmp(ByteBuffer bmp) throws IOException {
    this.bmp = bmp;
    offset = bmp.getInt(10);
    header = bmp.getInt(14);
    if (header != CORE_HEADER && (header < INFO_HEADER || header > V5_HEADER)) {
      throw new IOException("its header has " + header + " bytes");
    }
    boolean core = header == CORE_HEADER;
    width = core ? bmp.getShort(18) & 0xffff : bmp.getInt(18);
    height = core ? bmp.getShort(20) & 0xffff : bmp.getInt(22);
    bits = bmp.getShort(core ? 24 : 28);
    compression = core ? RGB : bmp.getInt(30);
    if (offset < FILE_HEADER + header || offset > bmp.limit()) {
      throw new IOException("its pixels begin at byte " + Integer.toUnsignedLong(offset));
    }
    if (!List.of(1, 4, 8, 16, 24, 32).contains(bits)) {
      throw new IOException("its pixels have " + bits + " bits");
    }
    if (compression < RGB || compression > MASKS) {
      throw new RefusedException(
          " is a BMP of compression " + compression + ", which is not read here: save it as PNG");
    }
  }

  static boolean matches(byte[] bytes) {
    return bytes.length >= 2 && bytes[0] == 'B' && bytes[1] == 'M';
  }

  static Picture decode(byte[] bytes, PictureReader limits) throws IOException {
    try {
      Bmp bmp = new Bmp(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
      limits.requireSize(bmp.width, Math.abs(bmp.height));
      return bmp.picture(bytes.clone());
    } catch (IndexOutOfBoundsException e) {
      throw new IOException("it ends within its header", e);
    }
  }

  private Picture picture(byte[] bytes) throws IOException {
    int rows = Math.abs(height);
    long held = bytes.length - (long) offset;
    if (compression == RLE8 || compression == RLE4) {
      // Two bytes stand for up to 255 pixels.
      PictureReader.requireHeld(width, rows, (long) width * rows, held * 128);
      return runs();
    }
    long stride = ((long) width * bits + 31) / 32 * 4;
    PictureReader.requireHeld(width, rows, stride * rows, held);
    if (header != CORE_HEADER) {
      ByteBuffer copy = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      copy.putInt(34, 0); // the size of the pixels, which the decoder would allocate
      int colours = copy.getInt(46);
      if (colours < 0 || bits > 8 || colours > 1 << bits) {
        copy.putInt(46, 0);
      }
      if (header >= 108) {
        copy.putInt(70, 0x73524742); // plain sRGB: no profile is read
      }
    }
    return Rasters.picture(PlatformDecoder.image("bmp", bytes));
  }

  /** The run lengths of a picture with 4 or 8 bits a pixel. */
  private Picture runs() throws IOException {
    int perByte = compression == RLE4 ? 2 : 1;
    if (bits != 8 / perByte || height < 0) {
      throw new IOException("its run lengths have " + bits + " bits a pixel");
    }
    byte[] indices = new byte[width * height];
    int position = offset;
    int x = 0;
    int y = 0; // from below
    boolean ended = false;
    while (!ended && y < height) {
      int count = bmp.get(position) & 0xff;
      int value = bmp.get(position + 1) & 0xff;
      position += 2;
      if (count > 0) {
        for (int i = 0; i < count; i++) {
          put(indices, x++, y, perByte == 1 ? value : i % 2 == 0 ? value >> 4 : value & 0xf);
        }
      } else if (value > 2) {
        for (int i = 0; i < value; i++) {
          int pair = bmp.get(position + i / perByte) & 0xff;
          put(indices, x++, y, perByte == 1 ? pair : i % 2 == 0 ? pair >> 4 : pair & 0xf);
        }
        int length = (value + perByte - 1) / perByte;
        position += length + (length & 1);
      } else if (value == 2) {
        x += bmp.get(position) & 0xff;
        y += bmp.get(position + 1) & 0xff;
        position += 2;
      } else {
        ended = value == 1;
        y++;
        x = 0;
      }
    }
    if (y < height) {
      throw new IOException("it ends after " + y + " of " + height + " rows");
    }
    return Picture.wrapIndexed(width, height, indices, palette());
  }

  private void put(byte[] indices, int x, int y, int value) {
    if (x < width && y < height) {
      indices[(height - 1 - y) * width + x] = (byte) value;
    }
  }

  private int[] palette() throws IOException {
    int start = FILE_HEADER + header;
    int[] palette = new int[Math.min(1 << bits, (offset - start) / 4)];
    if (palette.length == 0) {
      throw new IOException("it has no palette");
    }
    for (int i = 0; i < palette.length; i++) {
      palette[i] = 0xff000000 | bmp.getInt(start + 4 * i);
    }
    return palette;
  }
}
