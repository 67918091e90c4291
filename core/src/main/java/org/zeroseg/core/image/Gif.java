package org.zeroseg.core.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The first frame of a GIF file (version 89a), on the file's screen. Decoded here because the
 * platform's decoder gives wrong pixels without a word where passes are empty, blocks short, clear
 * codes doubled or data missing.
 */
final class Gif {

  private static final int TABLE = 0x80; // a flag, the low three bits beside it tell the length
  private static final int INTERLACED = 0x40;
  private static final int EXTENSION = 0x21;
  private static final int GRAPHIC_CONTROL = 0xf9;
  private static final int FRAME = 0x2c;
  private static final int TRAILER = 0x3b;

  /** A screen with a smaller frame may have as many pixels whatever the file holds. */
  private static final int SMALL_SCREEN = 1 << 24;

  private final byte[] bytes;
  private int position;

  private Gif(byte[] bytes) {
    this.bytes = bytes;
  }

  static boolean matches(byte[] bytes) {
    return bytes.length >= 3 && bytes[0] == 'G' && bytes[1] == 'I' && bytes[2] == 'F';
  }

  static Picture decode(byte[] bytes, PictureReader limits) throws IOException {
    try {
      return new Gif(bytes).picture(limits);
    } catch (IndexOutOfBoundsException e) {
      throw new IOException("it ends within its blocks", e);
    }
  }

  private Picture picture(PictureReader limits) throws IOException {
    ByteBuffer gif = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    position = 13;
    int[] palette = palette(bytes[10]);
    int transparent = skipToFrame();
    int left = gif.getShort(position) & 0xffff;
    int top = gif.getShort(position + 2) & 0xffff;
    int frameWidth = gif.getShort(position + 4) & 0xffff;
    int frameHeight = gif.getShort(position + 6) & 0xffff;
    byte flags = bytes[position + 8];
    position += 9;
    if ((flags & TABLE) != 0) {
      palette = palette(flags);
    }
    limits.requireSize(frameWidth, frameHeight);
    // A frame that reaches beyond the screen makes it larger, as in Pillow.
    int width = Math.max(gif.getShort(6) & 0xffff, left + frameWidth);
    int height = Math.max(gif.getShort(8) & 0xffff, top + frameHeight);
    limits.requireSize(width, height);
    long pixels = (long) frameWidth * frameHeight;
    long held = Lzw.RATIO * (long) (bytes.length - position);
    PictureReader.requireHeld(frameWidth, frameHeight, pixels, held);
    PictureReader.requireHeld(width, height, (long) width * height, Math.max(SMALL_SCREEN, pixels));

    byte[] rows = indices((int) pixels);
    byte[] screen = rows;
    boolean interlaced = (flags & INTERLACED) != 0;
    if (interlaced || width != frameWidth || height != frameHeight) {
      screen = new byte[width * height];
      Arrays.fill(screen, (byte) Math.max(transparent, 0));
      int[] order = order(frameHeight, interlaced);
      for (int y = 0; y < frameHeight; y++) {
        int to = (top + order[y]) * width + left;
        System.arraycopy(rows, y * frameWidth, screen, to, frameWidth);
      }
    }
    if (transparent >= 0 && transparent < palette.length) {
      palette[transparent] &= 0xffffff;
    }
    return Picture.wrapIndexed(width, height, screen, palette);
  }

  /** The colours at the position, if the flags tell of a table, or else all greys. */
  private int[] palette(byte flags) {
    boolean stored = (flags & TABLE) != 0;
    int[] palette = new int[stored ? 2 << (flags & 7) : 256];
    for (int i = 0; i < palette.length; i++) {
      int colour = i << 16 | i << 8 | i;
      if (stored) {
        colour =
            (bytes[position] & 0xff) << 16
                | (bytes[position + 1] & 0xff) << 8
                | (bytes[position + 2] & 0xff);
        position += 3;
      }
      palette[i] = 0xff000000 | colour;
    }
    return palette;
  }

  /** Reads the blocks before the first frame; the transparent colour, or -1. */
  private int skipToFrame() throws IOException {
    int transparent = -1;
    while (position < bytes.length) {
      int block = bytes[position++] & 0xff;
      if (block == FRAME) {
        return transparent;
      } else if (block == TRAILER) {
        break;
      } else if (block == EXTENSION) {
        int label = bytes[position++] & 0xff;
        if (label == GRAPHIC_CONTROL && bytes[position] >= 4) {
          transparent = (bytes[position + 1] & 1) != 0 ? bytes[position + 4] & 0xff : -1;
        }
        while (bytes[position] != 0) { // sub-blocks, each after its length
          position += 1 + (bytes[position] & 0xff);
        }
        position++;
      }
      // Pillow passes over any other byte, too.
    }
    throw new IOException("it has no frame");
  }

  /** Where the rows of a frame belong, in the order in which they are stored. */
  private static int[] order(int height, boolean interlaced) {
    int[] order = new int[height];
    int i = 0;
    int[][] passes =
        interlaced ? new int[][] {{0, 8}, {4, 8}, {2, 4}, {1, 2}} : new int[][] {{0, 1}};
    for (int[] pass : passes) {
      for (int y = pass[0]; y < height; y += pass[1]) {
        order[i++] = y;
      }
    }
    return order;
  }

  /** The variable-length codes of the sub-blocks at the position (Appendix F), as pixels. */
  private byte[] indices(int pixels) throws IOException {
    int literalBits = bytes[position++];
    if (literalBits < 1 || literalBits > 8) {
      throw new IOException("its codes begin with " + literalBits + " bits");
    }
    // The sub-blocks, each after its length, joined.
    byte[] codes = new byte[bytes.length - position];
    int length = 0;
    while (position < bytes.length && bytes[position] != 0) {
      int block = Math.min(bytes[position] & 0xff, bytes.length - position - 1);
      System.arraycopy(bytes, position + 1, codes, length, block);
      length += block;
      position += 1 + block;
    }
    byte[] out = new byte[pixels];
    Lzw.decode(codes, 0, length, literalBits, false, out, pixels);
    return out;
  }
}
