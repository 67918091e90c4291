package org.zeroseg.core.file;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Reads the things that come next, such as pictures, in background threads while the caller works
 * on the present one. Things come in their order, each with what was read or with its own failure,
 * and no more than a given number of them is in memory.
 *
 * <pre>{@code
 * Vocabulary words = Vocabulary.of("cat", "sofa");
 * List<Path> files = List.of(Path.of("1.jpg"), Path.of("2.jpg"));
 * try (ReadAhead<Path, Picture> pictures =
 *     ReadAhead.of(files.iterator(), 1, 2, Picture::read)) {
 *   while (pictures.hasNext()) {
 *     ReadAhead.Item<Path, Picture> item = pictures.next();
 *     segmenter.segment(item.get(), words);
 *   }
 * }
 * }</pre>
 *
 * <p>For one thread. A single thing is read by the caller's own.
 *
 * @param <T> what is read
 * @param <R> what it becomes
 */
public final class ReadAhead<T, R> implements AutoCloseable {

  private static final long PATIENCE_SECONDS = 60;

  private final Iterator<? extends T> things;
  private final int threads;
  private final int most;
  private final Reader<? super T, ? extends R> reader;
  private final Queue<Item<T, R>> ahead = new ArrayDeque<>();
  private ExecutorService pool;

  /**
   * Makes something of a thing.
   *
   * @param <T> the thing
   * @param <R> what it becomes
   */
  @FunctionalInterface
  public interface Reader<T, R> {

    /**
     * Reads, on any thread.
     *
     * @param thing what to read
     * @return what it becomes
     * @throws IOException if it cannot be read
     */
    R read(T thing) throws IOException;
  }

  private ReadAhead(
      Iterator<? extends T> things, int threads, int most, Reader<? super T, ? extends R> reader) {
    this.things = things;
    this.threads = threads;
    this.most = most;
    this.reader = reader;
  }

  /**
   * Reads things in their order.
   *
   * @param things what to read; asked by the caller's thread only, and not further than needed
   * @param threads how many read at once, at least 1
   * @param most how many things are read or being read besides the present one, at least 1
   * @param reader reads one
   * @param <T> what is read
   * @param <R> what it becomes
   * @return an open reader; nothing is read yet
   * @throws IllegalArgumentException if a number is not positive
   */
  public static <T, R> ReadAhead<T, R> of(
      Iterator<? extends T> things, int threads, int most, Reader<? super T, ? extends R> reader) {
    if (threads < 1 || most < 1) {
      throw new IllegalArgumentException(threads + " threads reading " + most + " things ahead");
    }
    return new ReadAhead<>(things, threads, most, reader);
  }

  /**
   * Whether there is a thing after the present one.
   *
   * @return true if {@link #next} has one
   */
  public boolean hasNext() {
    return !ahead.isEmpty() || things.hasNext();
  }

  /**
   * Goes on to the next thing and has those after it read.
   *
   * @return the thing, which may still be being read
   * @throws NoSuchElementException if there is none
   */
  public Item<T, R> next() {
    Item<T, R> present = ahead.isEmpty() ? new Item<>(this, things.next()) : ahead.remove();
    if (pool == null && things.hasNext()) {
      pool = Executors.newFixedThreadPool(threads, ReadAhead::daemon);
      present.submit();
    }
    while (ahead.size() < most && things.hasNext()) {
      Item<T, R> item = new Item<>(this, things.next());
      item.submit();
      ahead.add(item);
    }
    return present;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "zeroseg-read-ahead");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * A thing and what was read.
   *
   * @param <T> the thing
   * @param <R> what it becomes
   */
  public static final class Item<T, R> {

    private final ReadAhead<T, R> owner;
    private final T thing;
    private Future<R> result;

    private Item(ReadAhead<T, R> owner, T thing) {
      this.owner = owner;
      this.thing = thing;
    }

    private void submit() {
      Reader<? super T, ? extends R> reader = owner.reader;
      T what = thing;
      result = owner.pool.submit(() -> reader.read(what));
    }

    /**
     * The thing.
     *
     * @return what is read
     */
    public T thing() {
      return thing;
    }

    /**
     * Waits until it is read. Where memory did not suffice, it is read once more with nothing else
     * read ahead. To be called once.
     *
     * @return what it became
     * @throws IOException if it cannot be read
     * @throws InterruptedIOException if the thread was interrupted
     */
    public R get() throws IOException {
      if (result == null) {
        return owner.reader.read(thing);
      }
      try {
        R read = result.get();
        result = null;
        return read;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw (InterruptedIOException)
            new InterruptedIOException("interrupted while reading " + thing).initCause(e);
      } catch (ExecutionException e) {
        if (!lacksMemory(e.getCause())) {
          throw failure(e.getCause());
        }
      }
      owner.drop();
      return owner.reader.read(thing);
    }

    private static IOException failure(Throwable cause) {
      if (cause instanceof IOException failure) {
        return failure;
      } else if (cause instanceof RuntimeException failure) {
        throw failure;
      } else if (cause instanceof Error failure) {
        throw failure;
      }
      throw new IllegalStateException(cause);
    }

    private static boolean lacksMemory(Throwable failure) {
      return failure instanceof OutOfMemoryError
          || (failure.getCause() != null && lacksMemory(failure.getCause()));
    }
  }

  /** Forgets what was read ahead: the caller reads it when its turn comes. */
  private void drop() {
    stop();
    for (Item<T, R> item : ahead) {
      item.result = null;
    }
  }

  private void stop() {
    if (pool != null) {
      pool.shutdownNow();
      try {
        // A file system that does not answer holds up nobody for ever.
        pool.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      pool = null;
    }
  }

  /** Stops reading, and waits for what is being read. */
  @Override
  public void close() {
    ahead.clear();
    stop();
  }
}
