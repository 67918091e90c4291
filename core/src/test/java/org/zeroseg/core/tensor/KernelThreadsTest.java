package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The loaded kernels are shared by all threads; what calls make must neither mix nor stay. */
class KernelThreadsTest {

  private static final int SHAPES = 8;
  private static final Path STATUS = Path.of("/proc/self/status");

  @Test
  void fourThreadsGetTheResultsOfOneBitForBit() throws Exception {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      run(manager, 500);
    }
  }

  @Test
  @Tag("soak")
  void tensOfThousandsOfCallsLeaveMemoryAsItIs() throws Exception {
    assumeTrue(Files.exists(STATUS), "resident memory is read from " + STATUS);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      // The allocators fill up over the first rounds, and take and give back a few per cent from
      // round to round; a leak only takes.
      rounds(manager, 4);
      long first = Math.max(residentAfterRound(manager), residentAfterRound(manager));
      rounds(manager, 8);
      long last = Math.min(residentAfterRound(manager), residentAfterRound(manager));
      assertTrue(last < 1.02 * first, "resident memory went from " + first + " kB to " + last);
    }
  }

  private static void rounds(NDManager manager, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      residentAfterRound(manager);
    }
  }

  /** As many calls from each of four threads, of several kernels and shapes. */
  private static void run(NDManager manager, int calls) throws Exception {
    List<float[]> expected = new ArrayList<>();
    for (int shape = 0; shape < SHAPES; shape++) {
      expected.add(call(manager, shape));
    }
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        int first = thread;
        tasks.add(
            () -> {
              int different = 0;
              for (int i = 0; i < calls; i++) {
                int shape = (first + i) % SHAPES;
                different += Arrays.equals(expected.get(shape), call(manager, shape)) ? 0 : 1;
              }
              return different;
            });
      }
      for (Future<Integer> different : threads.invokeAll(tasks)) {
        assertEquals(0, different.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static float[] call(NDManager manager, int shape) {
    try (NDManager call = manager.newSubManager()) {
      int tokens = 3 + shape;
      float[] values = new float[2 * tokens * 16];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) Math.sin(i * 0.37 + shape);
      }
      NDArray x = call.create(values, new Shape(1, 2, tokens, 16));
      NDArray y =
          switch (shape % 4) {
            case 0 -> Kernels.core().call("attention", x, x, x);
            case 1 -> {
              NDArray mask = call.zeros(new Shape(tokens, tokens));
              yield Kernels.core().call("masked_attention", x, x, x, mask);
            }
            case 2 -> Interpolation.resize(x, 5, 7, Interpolation.Mode.BICUBIC);
            default -> Kernels.core().call("quick_gelu", x);
          };
      return y.toFloatArray();
    }
  }

  /** In kilobytes after 10,000 calls, once garbage that only waits for its collection is gone. */
  private static long residentAfterRound(NDManager manager) throws Exception {
    run(manager, 2_500);
    System.gc();
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }
}
