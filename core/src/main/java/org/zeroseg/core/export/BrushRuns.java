package org.zeroseg.core.export;

import java.util.Arrays;
import org.zeroseg.core.mask.Mask;

/**
 * Label Studio's run lengths of a brush: a stream of bits, highest first. 32 bits count the values,
 * four to a pixel (red, green, blue, alpha); 5 give the bits of a value less one; four times 4 the
 * bits, less one, that a run's length may have. Then come runs: 1, two bits for which of the four
 * lengths follows, the length less one, and the value, 255 in the mask and 0 beside it.
 */
final class BrushRuns {

  private static final int[] LENGTHS = {4, 8, 12, 16};
  private static final int CHANNELS = 4;

  private byte[] bytes = new byte[64];
  private long bits;

  private BrushRuns() {}

  /**
   * Encodes a mask.
   *
   * @throws IllegalArgumentException if it has 2^30 pixels or more
   */
  static byte[] of(Mask mask) {
    long values = CHANNELS * (long) mask.width() * mask.height();
    if (values >= 1L << 32) {
      throw new IllegalArgumentException(
          mask + " has more pixels than a brush of Label Studio can have");
    }
    BrushRuns runs = new BrushRuns();
    runs.write(values, 32);
    runs.write(7, 5);
    for (int length : LENGTHS) {
      runs.write(length - 1, 4);
    }
    // By rows: those of the mask lying on its side are by columns.
    int[] counts = mask.transpose().rle().counts();
    for (int i = 0; i < counts.length; i++) {
      runs.run(CHANNELS * (long) counts[i], i % 2 == 0 ? 0 : 255);
    }
    return Arrays.copyOf(runs.bytes, (int) ((runs.bits + 7) / 8));
  }

  private void run(long length, int value) {
    for (long left = length; left > 0; ) {
      long part = Math.min(left, 1 << 16);
      int kind = 0;
      while (part > 1L << LENGTHS[kind]) {
        kind++;
      }
      write(1, 1);
      write(kind, 2);
      write(part - 1, LENGTHS[kind]);
      write(value, 8);
      left -= part;
    }
  }

  private void write(long value, int count) {
    for (int i = count - 1; i >= 0; i--) {
      if (bits / 8 == bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * bytes.length);
      }
      bytes[(int) (bits / 8)] |= (byte) ((value >> i & 1) << (7 - bits % 8));
      bits++;
    }
  }
}
