package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a training end in order when the process is told to end, by Ctrl-C say: its thread is
 * interrupted and has a while to write what it has.
 */
final class Interruption {

  private static final long SECONDS = 60;

  private Interruption() {}

  @FunctionalInterface
  interface Work {
    void run() throws IOException;
  }

  /** Runs in this thread. */
  static void orderly(Work work) throws IOException {
    Thread worker = Thread.currentThread();
    CountDownLatch done = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              System.err.println("zeroseg: stopping; the same command goes on from here");
              worker.interrupt();
              try {
                done.await(SECONDS, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      work.run();
    } finally {
      done.countDown();
      removeUnlessEnding(hook);
    }
  }

  private static void removeUnlessEnding(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending: the hook runs, and waits no longer.
      return;
    }
  }
}
