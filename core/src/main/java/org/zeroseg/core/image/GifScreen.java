package org.zeroseg.core.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Where the first frame of a GIF file lies on the file's screen, which the decoder leaves out.
 *
 * @param width of the screen
 * @param height of the screen
 * @param left column of the frame
 * @param top row of the frame
 * @param background the colour of the rest: the transparent one, or else the first
 */
record GifScreen(int width, int height, int left, int top, int background) {

  private static final int TABLE = 0x80; // a flag, the low three bits beside it tell the length
  private static final int EXTENSION = 0x21;
  private static final int GRAPHIC_CONTROL = 0xf9;
  private static final int FRAME = 0x2c;

  static boolean matches(byte[] bytes) {
    return bytes.length >= 13 && bytes[0] == 'G' && bytes[1] == 'I' && bytes[2] == 'F';
  }

  /** Reads the blocks up to the first frame, of the given size; the decoder has found it sound. */
  static GifScreen parse(byte[] bytes, int frameWidth, int frameHeight) {
    ByteBuffer gif = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int background = 0;
    int i = 13 + table(bytes[10]);
    while (i + 10 <= bytes.length && (bytes[i] & 0xff) == EXTENSION) {
      boolean transparent = (bytes[i + 1] & 0xff) == GRAPHIC_CONTROL && (bytes[i + 3] & 1) != 0;
      if (transparent) {
        background = bytes[i + 6] & 0xff;
      }
      i += 2;
      while (i < bytes.length && bytes[i] != 0) { // sub-blocks, each behind its length
        i += 1 + (bytes[i] & 0xff);
      }
      i++;
    }
    boolean frame = i + 10 <= bytes.length && (bytes[i] & 0xff) == FRAME;
    int left = frame ? gif.getShort(i + 1) & 0xffff : 0;
    int top = frame ? gif.getShort(i + 3) & 0xffff : 0;
    // A frame that reaches beyond the screen makes it larger, as in Pillow.
    return new GifScreen(
        Math.max(gif.getShort(6) & 0xffff, left + frameWidth),
        Math.max(gif.getShort(8) & 0xffff, top + frameHeight),
        left,
        top,
        background);
  }

  /** The length of a colour table. */
  private static int table(byte flags) {
    return (flags & TABLE) == 0 ? 0 : 3 * (2 << (flags & 7));
  }

  /** The whole screen. */
  Picture show(Picture frame) {
    if (frame.mode() != Mode.PALETTE || (frame.width() == width && frame.height() == height)) {
      return frame;
    }
    byte[] screen = new byte[Math.multiplyExact(width, height)];
    Arrays.fill(screen, (byte) Math.min(background, frame.palette().length - 1));
    for (int y = 0; y < frame.height(); y++) {
      System.arraycopy(
          frame.raw(), y * frame.width(), screen, (top + y) * width + left, frame.width());
    }
    return Picture.wrapIndexed(width, height, screen, frame.palette());
  }
}
