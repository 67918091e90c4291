package org.zeroseg.clip.text;

import java.nio.charset.StandardCharsets;

/**
 * The alphabet of byte-level vocabularies: one visible character for each byte, so that any text is
 * a string over 256 letters. Bytes that print stand for themselves; the other 68 become the
 * characters from U+0100 on. Letter number n is the n-th in this order, not byte n.
 */
final class ByteLevel {

  /** How many letters there are. */
  static final int LETTERS = 256;

  private static final int[] LETTER_OF_BYTE = new int[LETTERS];
  private static final char[] CHARACTER_OF_LETTER = new char[LETTERS];
  private static final byte[] BYTE_OF_LETTER = new byte[LETTERS];

  static {
    int letter = 0;
    for (boolean printable : new boolean[] {true, false}) {
      int replacement = LETTERS;
      for (int value = 0; value < LETTERS; value++) {
        if (prints(value) == printable) {
          LETTER_OF_BYTE[value] = letter;
          BYTE_OF_LETTER[letter] = (byte) value;
          CHARACTER_OF_LETTER[letter++] = (char) (printable ? value : replacement++);
        }
      }
    }
  }

  private ByteLevel() {}

  private static boolean prints(int value) {
    return (value >= '!' && value <= '~') || (value >= 0xa1 && value <= 0xff && value != 0xad);
  }

  /** The letters of a text's UTF-8 bytes. */
  static int[] letters(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] letters = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      letters[i] = LETTER_OF_BYTE[bytes[i] & 0xff];
    }
    return letters;
  }

  /** The character that stands for a letter in vocabulary files. */
  static char character(int letter) {
    return CHARACTER_OF_LETTER[letter];
  }

  /** The byte that a letter stands for. */
  static byte value(int letter) {
    return BYTE_OF_LETTER[letter];
  }
}
