package org.zeroseg.core.refine;

import java.util.Arrays;

/** Numbers distinct long keys in the order in which they come. */
final class LongIndex {

  private long[] keys = new long[1024];
  private int size;
  private int[] slots = new int[4096];

  /** The number of a key, a new one if it has none. */
  int add(long key) {
    int slot = slot(key);
    if (slots[slot] > 0) {
      return slots[slot] - 1;
    }
    if (size == keys.length) {
      keys = Arrays.copyOf(keys, 2 * size);
    }
    keys[size++] = key;
    slots[slot] = size;
    if (size > slots.length / 2) {
      slots = new int[4 * slots.length];
      for (int i = 0; i < size; i++) {
        slots[slot(keys[i])] = i + 1;
      }
    }
    return size - 1;
  }

  /** The number of a key, or {@code absent}. */
  int find(long key, int absent) {
    int number = slots[slot(key)];
    return number > 0 ? number - 1 : absent;
  }

  /** All keys by number. */
  long[] keys() {
    return Arrays.copyOf(keys, size);
  }

  private int slot(long key) {
    long hash = key * 0x9E3779B97F4A7C15L;
    int slot = (int) (hash >>> 32) & slots.length - 1;
    while (slots[slot] > 0 && keys[slots[slot] - 1] != key) {
      slot = slot + 1 & slots.length - 1;
    }
    return slot;
  }
}
