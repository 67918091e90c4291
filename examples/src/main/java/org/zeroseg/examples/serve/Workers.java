package org.zeroseg.examples.serve;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Looks at so many pictures at once, and lets so many requests wait. A request has its place before
 * its body is read, so that bodies in memory are bounded, too.
 */
final class Workers {

  private final Semaphore places;
  private final int all;
  private final ThreadPoolExecutor threads;
  private final long patience;

  Workers(Limits limits) {
    all = limits.places();
    places = new Semaphore(all);
    patience = limits.patience().toNanos();
    AtomicInteger count = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            limits.concurrency(),
            limits.concurrency(),
            1,
            TimeUnit.MINUTES,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "zeroseg-worker-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Requests that have a place. */
  int taken() {
    return all - places.availablePermits();
  }

  /** Requests that are being looked at. */
  int running() {
    return threads.getActiveCount();
  }

  /** A place, or a refusal if there is none. */
  Place enter() {
    if (!places.tryAcquire()) {
      throw new Refusal(
          429, "server", "a later try: the server is busy", all + " requests before this one");
    }
    return new Place();
  }

  /** Waits for what runs; nothing is taken on after. */
  void stop(Duration longest) throws InterruptedException {
    threads.shutdown();
    threads.awaitTermination(longest.toNanos(), TimeUnit.NANOSECONDS);
  }

  private enum State {
    NEW,
    RUNNING,
    GIVEN_UP
  }

  /** A request's place from when it comes until its work is done. */
  final class Place implements AutoCloseable {

    private final long end = System.nanoTime() + patience;
    private final AtomicReference<State> state = new AtomicReference<>(State.NEW);

    /** Refuses to go on past the time that a request has. */
    void requireTime() {
      if (System.nanoTime() - end > 0) {
        throw new Refusal(408, "body", "the whole request in time", "a part of it");
      }
    }

    /** Runs in a worker's thread, when one is free. */
    <T> T run(Callable<T> work) throws Exception {
      FutureTask<T> task =
          new FutureTask<>(
              () -> {
                if (!state.compareAndSet(State.NEW, State.RUNNING)) {
                  return null;
                }
                try {
                  return work.call();
                } finally {
                  places.release();
                }
              });
      threads.execute(task);
      try {
        return task.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        // What runs cannot be stopped, and keeps its place until it is done.
        String longest = "an answer within " + TimeUnit.NANOSECONDS.toSeconds(patience) + " s";
        throw state.compareAndSet(State.NEW, State.GIVEN_UP)
            ? new Refusal(503, "server", longest, "a queue that is too long for that")
            : new Refusal(504, "server", longest, "a picture that takes longer");
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Error error) {
          throw error;
        }
        throw (Exception) e.getCause();
      }
    }

    @Override
    public void close() {
      if (state.getAndSet(State.GIVEN_UP) != State.RUNNING) {
        places.release();
      }
    }
  }
}
