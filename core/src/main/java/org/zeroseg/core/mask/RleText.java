package org.zeroseg.core.mask;

import java.util.Arrays;

/** Run lengths as COCO's compressed text: cocoapi, {@code maskApi.c}, rleToString, rleFrString. */
final class RleText {

  private RleText() {}

  static int[] parse(String text) {
    int[] counts = new int[text.length()];
    int size = 0;
    for (int at = 0; at < text.length(); ) {
      long value = 0;
      boolean more = true;
      for (int shift = 0; more; shift += 5, at++) {
        if (at == text.length()) {
          throw new IllegalArgumentException("Run lengths end within run " + size);
        }
        int bits = text.charAt(at) - 48;
        if (bits < 0 || bits > 63) {
          throw new IllegalArgumentException(
              "Run lengths have the character '" + text.charAt(at) + "' at position " + at);
        }
        // Seven groups hold every difference of two ints; the bound keeps the shift within a long.
        if (shift > 30) {
          throw new IllegalArgumentException("Run " + size + " has more than seven characters");
        }
        value |= (long) (bits & 31) << shift;
        more = (bits & 32) != 0;
        if (!more && (bits & 16) != 0) {
          value |= -1L << (shift + 5);
        }
      }
      if (size > 2) {
        value += counts[size - 2];
      }
      if (value < 0 || value > Integer.MAX_VALUE) {
        throw new IllegalArgumentException("Run " + size + " has the length " + value);
      }
      counts[size++] = (int) value;
    }
    return Arrays.copyOf(counts, size);
  }

  static String of(int[] counts) {
    StringBuilder text = new StringBuilder(2 * counts.length);
    for (int i = 0; i < counts.length; i++) {
      // The third run, too, is absolute, in the reference's encoder as in its decoder.
      int value = i > 2 ? counts[i] - counts[i - 2] : counts[i];
      boolean more = true;
      while (more) {
        int bits = value & 31;
        value >>= 5;
        more = (bits & 16) != 0 ? value != -1 : value != 0;
        text.append((char) (48 + bits + (more ? 32 : 0)));
      }
    }
    return text.toString();
  }
}
