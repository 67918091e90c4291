package org.zeroseg.core.train;

/**
 * Training data. A batch is a pure function of the number of its step (and of a seed that the
 * implementation holds): so batches can be made ahead in background threads, and a run that is
 * resumed sees the same data as one that never stopped.
 *
 * @param <B> plain Java values; arrays of the engine are made in {@link Objective#loss}
 */
@FunctionalInterface
public interface Batches<B> {

  /**
   * One batch; called from several threads at once.
   *
   * @param step 0 for the first update
   * @return the batch
   */
  B batch(long step);
}
