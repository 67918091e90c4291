package org.zeroseg.core.train;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Makes batches ahead in background threads and hands them out in the order of their steps. */
final class Prefetch<B> implements AutoCloseable {

  private final Batches<B> batches;
  private final ExecutorService threads;
  private final Queue<Future<B>> ahead = new ArrayDeque<>();
  private final long end;
  private long next;

  Prefetch(Batches<B> batches, long start, long end, int threads) {
    this.batches = batches;
    this.next = start;
    this.end = end;
    this.threads =
        Executors.newFixedThreadPool(
            threads,
            work -> {
              Thread thread = new Thread(work, "zeroseg-batches");
              thread.setDaemon(true);
              return thread;
            });
    for (int i = 0; i < 2 * threads; i++) {
      submit();
    }
  }

  private void submit() {
    if (next < end) {
      long step = next++;
      ahead.add(threads.submit(() -> batches.batch(step)));
    }
  }

  B take() throws InterruptedException {
    submit();
    try {
      return ahead.remove().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("A batch could not be made", e.getCause());
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
