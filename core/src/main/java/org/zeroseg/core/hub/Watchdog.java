package org.zeroseg.core.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Reads the body of an answer and gives it up when no bytes come for too long, or so few that it
 * would never end. The client's own time limit ends where the body begins.
 */
final class Watchdog implements AutoCloseable {

  private static final ScheduledExecutorService TIMER =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "zeroseg-download-watchdog");
            thread.setDaemon(true);
            return thread;
          });

  /** Bytes a second; a large model would take weeks. */
  static final int SLOWEST = 1000;

  private final InputStream body;
  private final Duration patience;
  private final ScheduledFuture<?> watch;
  private volatile boolean gaveUp;

  // What is done with bytes between two reads does not count as waiting.
  private long waitedBefore; // nanoseconds in reads since the window began
  private boolean reading;
  private long readSince;
  private long bytes; // that came since the window began

  Watchdog(InputStream body, Duration patience) {
    this.body = body;
    this.patience = patience;
    long interval = Math.max(1, patience.toMillis() / 4);
    this.watch =
        TIMER.scheduleWithFixedDelay(this::look, interval, interval, TimeUnit.MILLISECONDS);
  }

  private void look() {
    if (tooSlow()) {
      gaveUp = true;
      try {
        body.close(); // wakes the reader
      } catch (IOException e) {
        // the reader is told in any case
      }
    }
  }

  private synchronized boolean tooSlow() {
    long waiting = reading ? System.nanoTime() - readSince : 0;
    if (waiting > patience.toNanos()) {
      return true;
    }
    if (waitedBefore + waiting < patience.toNanos()) {
      return false;
    }
    boolean few = bytes < SLOWEST * Math.max(1, patience.toSeconds());
    waitedBefore = -waiting; // what is under way belongs to the next window no more
    bytes = 0;
    return few;
  }

  private synchronized void begin() {
    reading = true;
    readSince = System.nanoTime();
  }

  private synchronized void end(int count) {
    waitedBefore += System.nanoTime() - readSince;
    reading = false;
    bytes += Math.max(0, count);
  }

  /** As {@link InputStream#read(byte[])}. */
  int read(byte[] chunk) throws IOException {
    begin();
    int count = 0;
    try {
      count = body.read(chunk);
    } catch (IOException e) {
      throw gaveUp ? tooLong(e) : e;
    } finally {
      end(count);
    }
    if (gaveUp) {
      throw tooLong(null);
    }
    return count;
  }

  private IOException tooLong(IOException cause) {
    return new IOException(
        "no bytes, or fewer than %d a second, came for %d seconds"
            .formatted(SLOWEST, patience.toSeconds()),
        cause);
  }

  @Override
  public void close() {
    watch.cancel(false);
  }
}
