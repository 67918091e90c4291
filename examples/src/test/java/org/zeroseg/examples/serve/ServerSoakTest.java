package org.zeroseg.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zutis.Zutis;

/** Eight clients at once: each picture is answered, as alone, and memory stays flat. */
class ServerSoakTest extends ServerTest {

  private static final int CLIENTS = 8;
  private static final int PICTURES = 10;
  private static final String WORDS = "red star, striped ring, blue circle";

  @Test
  void aFewPicturesOfEightClientsAreAnsweredAsAlone() throws Exception {
    run(24);
  }

  @Test
  @Tag("soak")
  void fiveHundredPicturesOfEightClientsKeepMemoryFlat() throws Exception {
    Path status = Path.of("/proc/self/status");
    assumeTrue(Files.exists(status), "resident memory is read from " + status);
    // Until then code is compiled, and each thread meets every size for the first time.
    long[] resident = run(300, 550, 800);
    System.out.println(
        "Resident kB after 300, 550, 800 pictures over HTTP: " + Arrays.toString(resident));
    assertTrue(
        resident[2] - resident[0] < 0.03 * resident[0],
        "resident memory went from " + resident[0] + " kB to " + resident[2] + " kB");
  }

  /** Resident memory in kB after each of these numbers of pictures. */
  private long[] run(int... until) throws Exception {
    ShapeWorld world = new ShapeWorld(7, 96, 1, 4, Split.ALL);
    List<byte[]> pictures = new ArrayList<>();
    List<JsonObject> expected = new ArrayList<>();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try (Zutis zutis = DemoModels.zutis(Zutis.Answer.BOTH)) {
      Limits limits = new Limits(2, CLIENTS, 200_000, 100_000, 8, Duration.ofMinutes(2));
      start(zutis, limits, OPEN, TaskPictures.IN_TASKS);
      for (int i = 0; i < PICTURES; i++) {
        pictures.add(Picture.of(world.scene(i).image()).toPng());
        expected.add(ask(pictures.get(i)));
      }
      AtomicInteger next = new AtomicInteger();
      long[] resident = new long[until.length];
      for (int phase = 0; phase < until.length; phase++) {
        int end = until[phase];
        List<Future<?>> running = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
          running.add(
              clients.submit(
                  () -> {
                    for (int call = next.getAndIncrement();
                        call < end;
                        call = next.getAndIncrement()) {
                      int i = call % PICTURES;
                      assertEquals(expected.get(i), ask(pictures.get(i)));
                    }
                    return null;
                  }));
        }
        for (Future<?> client : running) {
          client.get();
        }
        next.set(end);
        resident[phase] = resident();
      }
      String metrics = text(get("/metrics"));
      int asked = until[until.length - 1] + PICTURES;
      assertTrue(metrics.contains("route=\"/segment\",status=\"200\"} " + asked + "\n"), metrics);
      assertTrue(metrics.contains("zeroseg_taken 0\n"), metrics);
      stop();
      return resident;
    } finally {
      clients.shutdownNow();
    }
  }

  private JsonObject ask(byte[] picture) throws Exception {
    HttpResponse<byte[]> response = postForm("/segment", picture, "words", WORDS);
    assertEquals(200, response.statusCode(), text(response));
    JsonObject answer = json(response);
    answer.remove("seconds");
    return answer;
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
