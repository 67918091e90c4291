package org.zeroseg.core.train;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Deals the samples of a data set out to batches, each once an epoch, in an order that is drawn
 * anew for every epoch. What a step gets depends on its number and the seed alone. Thread-safe.
 *
 * @param samples of the data set, at least one
 * @param batch samples of a step
 * @param last what becomes of the rest at the end of an epoch
 * @param seed of all orders
 */
public record Epochs(int samples, int batch, Last last, long seed) {

  /** What becomes of the last batch of an epoch if it is smaller than the others. */
  public enum Last {
    /** It is used. */
    KEPT,
    /** It is left out if it is of one sample, whose statistics a batch norm cannot take. */
    DROPPED_IF_ONE,
    /** It is left out. */
    DROPPED
  }

  /** Checks the numbers. */
  public Epochs {
    if (samples < 1 || batch < 1) {
      throw new IllegalArgumentException(samples + " samples in batches of " + batch);
    }
    if (steps(samples, batch, last) == 0) {
      throw new IllegalArgumentException(
          "%d samples make no batch of %d, and the rest of an epoch is %s"
              .formatted(samples, batch, last));
    }
  }

  private static int steps(int samples, int batch, Last last) {
    int rest = samples % batch;
    boolean kept =
        switch (last) {
          case KEPT -> rest > 0;
          case DROPPED_IF_ONE -> rest > 1 || (rest == 1 && batch == 1);
          case DROPPED -> false;
        };
    return samples / batch + (kept ? 1 : 0);
  }

  /**
   * Steps of an epoch.
   *
   * @return at least 1
   */
  public int steps() {
    return steps(samples, batch, last);
  }

  /**
   * The samples of a step.
   *
   * @param step updates made before
   * @return their numbers, from 0
   */
  public int[] batch(long step) {
    int[] order = order(step / steps());
    int from = Math.toIntExact(step % steps()) * batch;
    return Arrays.copyOfRange(order, from, Math.min(from + batch, samples));
  }

  /** A permutation (Fisher and Yates). */
  private int[] order(long epoch) {
    SplittableRandom random =
        new SplittableRandom(new SplittableRandom(seed).nextLong() ^ mixed(epoch));
    int[] order = new int[samples];
    for (int i = 0; i < samples; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }

  /** So that neighbouring seeds and epochs have nothing in common. */
  private static long mixed(long epoch) {
    return new SplittableRandom(epoch).nextLong();
  }
}
