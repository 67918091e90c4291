package org.zeroseg.examples;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Many calls from several threads, and the memory of the process in between. */
public final class Soak {

  private static final Path STATUS = Path.of("/proc/self/status");

  private Soak() {}

  /** A call by its number, from 0. */
  @FunctionalInterface
  public interface Call {
    void run(int number) throws Exception;
  }

  /** Leaves the test out where the system does not tell how much memory is in use. */
  public static void assumeMemoryIsTold() {
    assumeTrue(Files.exists(STATUS), "resident memory is read from " + STATUS);
  }

  /** Resident memory in kB after each of these numbers of calls; 0 where it is not told. */
  public static long[] run(int threads, Call call, int... until) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      AtomicInteger next = new AtomicInteger();
      long[] resident = new long[until.length];
      for (int phase = 0; phase < until.length; phase++) {
        int end = until[phase];
        List<Future<?>> running = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
          running.add(
              pool.submit(
                  () -> {
                    for (int i = next.getAndIncrement(); i < end; i = next.getAndIncrement()) {
                      call.run(i);
                    }
                    return null;
                  }));
        }
        for (Future<?> thread : running) {
          thread.get();
        }
        next.set(end);
        resident[phase] = resident();
      }
      return resident;
    } finally {
      pool.shutdownNow();
    }
  }

  private static long resident() throws IOException {
    if (!Files.exists(STATUS)) {
      return 0;
    }
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
