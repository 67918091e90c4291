package org.zeroseg.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReadAheadTest {

  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  @Test
  void thingsComeInTheirOrderWhateverTheThreadsDo() throws IOException {
    for (int threads : new int[] {1, 4}) {
      List<Integer> read = new ArrayList<>();
      try (ReadAhead<Integer, Integer> ahead =
          ReadAhead.of(
              numbers(200).iterator(),
              threads,
              7,
              n -> {
                if (n % 3 == 0) {
                  LockSupport.parkNanos(100_000);
                }
                return n * n;
              })) {
        while (ahead.hasNext()) {
          ReadAhead.Item<Integer, Integer> item = ahead.next();
          assertEquals(item.thing() * item.thing(), item.get());
          read.add(item.thing());
        }
      }
      assertEquals(numbers(200), read);
    }
  }

  @Test
  void theNextIsReadWhileTheCallerWorks() throws Exception {
    CountDownLatch second = new CountDownLatch(1);
    try (ReadAhead<Integer, Integer> ahead =
        ReadAhead.of(
            numbers(3).iterator(),
            1,
            1,
            n -> {
              if (n == 1) {
                second.countDown();
              }
              return n;
            })) {
      ahead.next().get();
      second.await();
      assertTrue(ahead.hasNext());
    }
  }

  @Test
  void noMoreIsReadThanAskedFor() throws IOException {
    AtomicInteger read = new AtomicInteger();
    AtomicInteger asked = new AtomicInteger();
    try (ReadAhead<Integer, Integer> ahead =
        ReadAhead.of(
            numbers(50).stream().peek(n -> asked.incrementAndGet()).iterator(),
            2,
            3,
            n -> read.incrementAndGet())) {
      for (int i = 1; i <= 20; i++) {
        ahead.next().get();
        assertTrue(read.get() <= i + 3, "read " + read + " at " + i);
        // An iterator over a stream looks one further.
        assertTrue(asked.get() <= i + 4, "asked for " + asked + " at " + i);
      }
    }
    assertTrue(read.get() <= 23);
  }

  @Test
  void failuresStayWithTheirThing() throws IOException {
    try (ReadAhead<Integer, Integer> ahead =
        ReadAhead.of(
            numbers(9).iterator(),
            2,
            4,
            n -> {
              switch (n) {
                case 2 -> throw new IOException("two");
                case 5 -> throw new IllegalArgumentException("five");
                case 7 -> throw new AssertionError("seven");
                default -> {
                  return n;
                }
              }
            })) {
      for (int i = 0; i < 9; i++) {
        ReadAhead.Item<Integer, Integer> item = ahead.next();
        switch (i) {
          case 2 -> assertEquals("two", assertThrows(IOException.class, item::get).getMessage());
          case 5 -> assertThrows(IllegalArgumentException.class, item::get);
          case 7 -> assertThrows(AssertionError.class, item::get);
          default -> assertEquals(i, item.get());
        }
      }
      assertFalse(ahead.hasNext());
    }
  }

  @Test
  void whatLacksMemoryBesideOthersIsReadAloneAndOthersAgain() throws IOException {
    Set<Integer> held = ConcurrentHashMap.newKeySet();
    Thread caller = Thread.currentThread();
    List<Integer> byCaller = new ArrayList<>();
    try (ReadAhead<Integer, Integer> ahead =
        ReadAhead.of(
            numbers(8).iterator(),
            2,
            3,
            n -> {
              if (Thread.currentThread() == caller) {
                byCaller.add(n);
              } else if (n == 4) {
                throw new IOException("does not fit", new OutOfMemoryError("Java heap space"));
              }
              held.add(n);
              return n;
            })) {
      for (int i = 0; i < 8; i++) {
        assertEquals(i, ahead.next().get());
      }
    }
    assertTrue(byCaller.contains(4), byCaller::toString);
    assertEquals(Set.copyOf(numbers(8)), held);
  }

  @Test
  void aSingleThingIsReadByTheCallersThread() throws IOException {
    try (ReadAhead<Integer, Thread> ahead =
        ReadAhead.of(List.of(1).iterator(), 1, 2, n -> Thread.currentThread())) {
      assertSame(Thread.currentThread(), ahead.next().get());
    }
    try (ReadAhead<Integer, Thread> ahead =
        ReadAhead.of(List.of(1, 2).iterator(), 1, 2, n -> Thread.currentThread())) {
      assertNotSame(Thread.currentThread(), ahead.next().get());
    }
  }

  @Test
  void closingWaitsForWhatIsBeingReadAndReadsNoMore() throws Exception {
    AtomicInteger ended = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(1);
    try (ReadAhead<Integer, Integer> ahead =
        ReadAhead.of(
            numbers(100).iterator(),
            1,
            10,
            n -> {
              if (n == 1) {
                begun.countDown();
                try {
                  Thread.sleep(60_000);
                } catch (InterruptedException e) {
                  throw new IOException(e);
                } finally {
                  ended.incrementAndGet();
                }
              }
              return n;
            })) {
      ahead.next().get();
      begun.await();
    }
    assertEquals(1, ended.get());
  }

  @Test
  void anInterruptedCallerStopsWaitingAndStaysInterrupted() {
    try (ReadAhead<Integer, Integer> ahead =
        ReadAhead.of(
            numbers(2).iterator(),
            1,
            1,
            n -> {
              try {
                Thread.sleep(60_000);
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
              return n;
            })) {
      ReadAhead.Item<Integer, Integer> item = ahead.next();
      Thread.currentThread().interrupt();
      assertThrows(InterruptedIOException.class, item::get);
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void noThreadsOrNothingAheadAreRefused() {
    for (int[] numbers : new int[][] {{0, 1}, {1, 0}}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> ReadAhead.of(numbers(2).iterator(), numbers[0], numbers[1], n -> n));
    }
  }
}
