package org.zeroseg.core.image;

import java.io.IOException;

/** Lempel, Ziv and Welch's codes of growing length, as GIF and TIFF write them. */
final class Lzw {

  private static final int CODES = 4096;

  /** Bytes that a byte of codes can stand for at most: a table's worth for 12 bits. */
  static final int RATIO = CODES * 8 / 12;

  private final boolean tiff;
  private final int clear;
  private final int[] prefix = new int[CODES];
  private final byte[] first = new byte[CODES];
  private final byte[] last = new byte[CODES];
  private final int[] length = new int[CODES];

  /**
   * @param literalBits the bits of what codes stand for, 1 to 8
   * @param tiff whether codes begin with their highest bit and grow one code early
   */
  private Lzw(int literalBits, boolean tiff) {
    this.tiff = tiff;
    clear = 1 << literalBits;
    for (int code = 0; code < clear; code++) {
      first[code] = (byte) code;
      last[code] = (byte) code;
      length[code] = 1;
    }
  }

  /**
   * Decodes until an array is full.
   *
   * @param in where codes lie
   * @param from where they begin
   * @param end where they end
   * @param out what to fill, from its beginning to {@code size}
   * @throws IOException if the codes end before
   */
  static void decode(
      byte[] in, int from, int end, int literalBits, boolean tiff, byte[] out, int size)
      throws IOException {
    new Lzw(literalBits, tiff).decode(in, from, end, out, size);
  }

  private void decode(byte[] in, int from, int end, byte[] out, int size) throws IOException {
    int fewest = Integer.numberOfTrailingZeros(clear) + 1;
    int bits = fewest;
    int next = clear + 2;
    int before = -1;
    int buffer = 0;
    int buffered = 0;
    int position = from;
    int done = 0;
    while (done < size) {
      while (buffered < bits && position < end) {
        int value = in[position++] & 0xff;
        buffer = tiff ? buffer << 8 | value : buffer | value << buffered;
        buffered += 8;
      }
      int code = clear + 1;
      if (buffered >= bits) {
        int mask = (1 << bits) - 1;
        code = (tiff ? buffer >>> (buffered - bits) : buffer) & mask;
        buffer = tiff ? buffer : buffer >>> bits;
        buffered -= bits;
      }
      if (code == clear + 1) {
        throw new IOException("it ends after " + done + " of " + size + " bytes of pixels");
      }
      if (code == clear) {
        next = clear + 2;
        bits = fewest;
        before = -1;
        continue;
      }
      if (before < 0 ? code > clear : code > next || (code == next && next == CODES)) {
        throw new IOException("a code stands for nothing after " + done + " bytes of pixels");
      }
      if (before >= 0 && next < CODES) {
        prefix[next] = before;
        first[next] = first[before];
        last[next] = first[code == next ? before : code];
        length[next] = length[before] + 1;
        next++;
        if (next + (tiff ? 1 : 0) == 1 << bits && bits < 12) {
          bits++;
        }
      }
      int at = code;
      int stop = done + length[code];
      for (int i = stop - 1; i >= done; i--) {
        if (i < size) {
          out[i] = last[at];
        }
        at = prefix[at];
      }
      done = stop;
      before = code;
    }
  }
}
