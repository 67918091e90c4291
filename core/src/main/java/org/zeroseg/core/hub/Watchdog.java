package org.zeroseg.core.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Reads the body of an answer and gives it up when no bytes come for too long. The client's own
 * time limit ends where the body begins.
 */
final class Watchdog implements AutoCloseable {

  private static final ScheduledExecutorService TIMER =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "zeroseg-download-watchdog");
            thread.setDaemon(true);
            return thread;
          });

  private final InputStream body;
  private final Duration patience;
  private final ScheduledFuture<?> watch;
  private volatile long lastBytes = System.nanoTime();
  private volatile boolean gaveUp;

  Watchdog(InputStream body, Duration patience) {
    this.body = body;
    this.patience = patience;
    long interval = Math.max(1, patience.toMillis() / 4);
    this.watch =
        TIMER.scheduleWithFixedDelay(this::look, interval, interval, TimeUnit.MILLISECONDS);
  }

  private void look() {
    if (System.nanoTime() - lastBytes > patience.toNanos()) {
      gaveUp = true;
      try {
        body.close(); // wakes the reader
      } catch (IOException e) {
        // the reader is told in any case
      }
    }
  }

  /** As {@link InputStream#read(byte[])}. */
  int read(byte[] chunk) throws IOException {
    lastBytes = System.nanoTime(); // what was done with the last bytes does not count
    int count;
    try {
      count = body.read(chunk);
    } catch (IOException e) {
      throw gaveUp ? tooLong(e) : e;
    }
    if (gaveUp) {
      throw tooLong(null);
    }
    return count;
  }

  private IOException tooLong(IOException cause) {
    return new IOException("no bytes came for " + patience.toSeconds() + " seconds", cause);
  }

  @Override
  public void close() {
    watch.cancel(false);
  }
}
