package org.zeroseg.zsi;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * How many boxes of a picture are learnt from (mmdetection's RandomSampler).
 *
 * @param count of all boxes, at most
 * @param positives of those with an object, at most
 */
record Sampling(int count, int positives) {

  static final Sampling PROPOSALS = new Sampling(256, 128);

  /** Every box that is not left out. */
  static final Sampling ALL = new Sampling(Integer.MAX_VALUE, Integer.MAX_VALUE);

  /**
   * The chosen boxes.
   *
   * @param positives indices of those with an object, rising
   * @param negatives indices of those in the background, rising
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Chosen(int[] positives, int[] negatives) {}

  /** Chooses among boxes whose objects are known: 0 for background, from 1 for an object. */
  Chosen draw(int[] objects, RandomGenerator random) {
    int[] with = IntStream.range(0, objects.length).filter(i -> objects[i] > 0).toArray();
    int[] without = IntStream.range(0, objects.length).filter(i -> objects[i] == 0).toArray();
    int[] chosen = some(with, positives, random);
    return new Chosen(chosen, some(without, count - chosen.length, random));
  }

  /** Without replacement, in the order of the indices. */
  private static int[] some(int[] indices, int count, RandomGenerator random) {
    if (indices.length <= count) {
      return indices;
    }
    for (int i = 0; i < count; i++) {
      int other = random.nextInt(i, indices.length);
      int moved = indices[i];
      indices[i] = indices[other];
      indices[other] = moved;
    }
    int[] chosen = Arrays.copyOf(indices, count);
    Arrays.sort(chosen);
    return chosen;
  }
}
