package org.zeroseg.core.checkpoint;

/**
 * How much memory may still be taken by what a pickle makes: some for any, and a byte for each of
 * its own. Costs are what a virtual machine of 64 bits takes, about.
 */
final class Allowance {

  /** For each value that a container, the stack or the memo holds, with room to grow. */
  static final int SLOT = 12;

  static final int NUMBER = 24;
  static final int TEXT = 48;
  static final int DICTIONARY = 24;
  static final int ENTRY = 72;
  static final int SEQUENCE = 56;
  static final int INSTANCE = 64;
  static final int VIEW = 96;
  static final int TENSOR = 400;

  private static final long FREE = 32L << 20;

  private long left = FREE;

  void earn(long bytes) {
    left += bytes;
  }

  /** Called before the memory is taken. */
  void spend(long bytes) {
    left -= bytes;
    if (left < 0) {
      throw new CheckpointException(
          "its pickle makes values of over "
              + (FREE >> 20)
              + " MB more than it is long; it may be hostile");
    }
  }
}
