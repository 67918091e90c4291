package org.zeroseg.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.modality.cv.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.examples.demo.DemoModels;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** Many calls from several threads: the same bits as from one, and flat memory. */
class SoakTest {

  private static final int PICTURES = 8;
  private static final int THREADS = 4;

  @Test
  void aFewCallsFromFourThreadsEqualThoseOfOne() throws Exception {
    run(80);
  }

  @Test
  @Tag("soak")
  void twentyThousandCallsFromFourThreadsKeepMemoryFlat() throws Exception {
    Path status = Path.of("/proc/self/status");
    assumeTrue(Files.exists(status), "resident memory is read from " + status);
    long[] resident = run(2_000, 4_000, 8_000, 12_000, 16_000, 20_000);
    System.out.println(
        "Resident kB after 2, 4, 8, 12, 16, 20 thousand calls: " + Arrays.toString(resident));
    long first = resident[0];
    long last = resident[resident.length - 1];
    assertTrue(
        Math.abs(last - first) < 0.02 * first,
        "resident memory went from " + first + " kB to " + last + " kB");
  }

  /** Resident memory in kB after each of these numbers of calls. */
  private static long[] run(int... until) throws Exception {
    ShapeWorld world = new ShapeWorld(7, 64, 1, 4, Split.ALL);
    Vocabulary vocabulary =
        DemoModels.withBackground(Vocabulary.of("red star", "striped ring", "blue circle"));
    List<Image> images = new ArrayList<>();
    List<int[]> expected = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (Clip clip = DemoModels.clip();
        Segmenter segmenter = DemoModels.maskClip(clip)) {
      for (int i = 0; i < PICTURES; i++) {
        images.add(world.scene(i).image());
        expected.add(segmenter.segment(images.get(i), vocabulary).labels());
      }
      AtomicInteger next = new AtomicInteger();
      long[] resident = new long[until.length];
      for (int phase = 0; phase < until.length; phase++) {
        int end = until[phase];
        List<Future<?>> running = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
          running.add(
              threads.submit(
                  () -> {
                    for (int call = next.getAndIncrement();
                        call < end;
                        call = next.getAndIncrement()) {
                      int i = call % PICTURES;
                      int[] labels = segmenter.segment(images.get(i), vocabulary).labels();
                      assertArrayEquals(expected.get(i), labels);
                    }
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
      threads.shutdownNow();
    }
  }

  private static long resident() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
