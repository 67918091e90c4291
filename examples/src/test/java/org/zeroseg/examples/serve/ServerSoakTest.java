package org.zeroseg.examples.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.Soak;
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
    Soak.assumeMemoryIsTold();
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
    try (Zutis zutis = DemoModels.zutis(Zutis.Answer.BOTH)) {
      Limits limits = new Limits(2, CLIENTS, 200_000, 100_000, 8, Duration.ofMinutes(2));
      start(zutis, limits, OPEN, TaskPictures.IN_TASKS);
      for (int i = 0; i < PICTURES; i++) {
        pictures.add(Picture.of(world.scene(i).image()).toPng());
        expected.add(ask(pictures.get(i)));
      }
      return Soak.run(
          CLIENTS,
          call -> {
            int i = call % PICTURES;
            assertEquals(expected.get(i), ask(pictures.get(i)));
          },
          until);
    }
  }

  private JsonObject ask(byte[] picture) throws Exception {
    HttpResponse<byte[]> response = postForm("/segment", picture, "words", WORDS);
    assertEquals(200, response.statusCode(), text(response));
    JsonObject answer = json(response);
    answer.remove("seconds");
    return answer;
  }
}
