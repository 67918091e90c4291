package org.zeroseg.core.mask;

/** Run lengths as COCO's compressed text: cocoapi, {@code maskApi.c}, rleToString, rleFrString. */
final class RleText {

  private RleText() {}

  /** The characters of a text, which must all be digits of run lengths. */
  static byte[] ascii(String text) {
    byte[] ascii = new byte[text.length()];
    for (int i = 0; i < ascii.length; i++) {
      check(text.charAt(i), i);
      ascii[i] = (byte) text.charAt(i);
    }
    return ascii;
  }

  static int[] parse(byte[] ascii) {
    int[] counts = new int[runs(ascii)];
    int size = 0;
    for (int at = 0; at < ascii.length; ) {
      long value = 0;
      boolean more = true;
      for (int shift = 0; more; shift += 5, at++) {
        if (at == ascii.length) {
          throw new IllegalArgumentException("Run lengths end within run " + size);
        }
        check((char) (ascii[at] & 0xff), at);
        int bits = ascii[at] - 48;
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
    return counts;
  }

  private static void check(char digit, int at) {
    if (digit < 48 || digit > 48 + 63) {
      throw new IllegalArgumentException(
          "Run lengths have the character '" + digit + "' at position " + at);
    }
  }

  /** How many characters say that theirs are the last five bits of a number. */
  private static int runs(byte[] ascii) {
    int runs = 0;
    for (byte digit : ascii) {
      runs += ((digit - 48) & 32) == 0 ? 1 : 0;
    }
    return runs;
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
