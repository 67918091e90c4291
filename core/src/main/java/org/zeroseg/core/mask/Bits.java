package org.zeroseg.core.mask;

/** Ranges of bits in rows of words. */
final class Bits {

  private Bits() {}

  /**
   * Sets the bits {@code from} (inclusive) to {@code to} (exclusive) of the row at word {@code
   * row}.
   */
  static void set(long[] words, int row, int from, int to) {
    if (from >= to) {
      return;
    }
    int first = row + (from >> 6);
    int last = row + ((to - 1) >> 6);
    long head = -1L << from;
    long tail = -1L >>> -to;
    if (first == last) {
      words[first] |= head & tail;
      return;
    }
    words[first] |= head;
    for (int i = first + 1; i < last; i++) {
      words[i] = -1L;
    }
    words[last] |= tail;
  }
}
