package org.zeroseg.examples.everyday;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.examples.everyday.Everyday.Variety;
import org.zeroseg.examples.scenes.LabelledScene;

class EverydayTest {

  @TempDir static Path folder;

  private static CutOuts pictures;

  @BeforeAll
  static void draw() throws IOException {
    Drawn drawn = Drawn.in(folder);
    pictures = CutOuts.read(drawn.list(), drawn.packages(), Part.TRAIN, false);
  }

  @Test
  void scenesDoNotDependOnOrderOrThread() {
    Everyday world = new Everyday(7, 64, 1, 6, Variety.STRONG, pictures);
    List<LabelledScene> parallel =
        IntStream.range(0, 40).parallel().mapToObj(world::scene).toList();
    for (int i = 39; i >= 0; i--) {
      LabelledScene again = world.scene(i);
      assertArrayEquals(again.rgb(), parallel.get(i).rgb());
      assertArrayEquals(again.instances(), parallel.get(i).instances());
      assertEquals(again.caption(), parallel.get(i).caption());
    }
    LabelledScene other = new Everyday(8, 64, 1, 6, Variety.STRONG, pictures).scene(0);
    assertFalse(Arrays.equals(other.rgb(), parallel.get(0).rgb()));
  }

  @Test
  void captionsNameWhatIsToBeSeen() {
    Everyday world = new Everyday(3, 96, 1, 6, Variety.NATURAL, pictures);
    Set<Integer> counts = new HashSet<>();
    for (int i = 0; i < 60; i++) {
      LabelledScene scene = world.scene(i);
      counts.add(scene.ids().size());
      for (int id = 1; id <= 3; id++) {
        String stem = List.of("apple", "bus", "cherr").get(id - 1);
        assertEquals(scene.ids().contains(id), scene.caption().contains(stem), scene.caption());
      }
      for (int object = 0; object < scene.ids().size(); object++) {
        assertTrue(scene.mask(object).area() > 0, "object " + object + " of scene " + i);
      }
    }
    assertTrue(counts.containsAll(List.of(1, 2, 3)), counts.toString());
  }

  /** The drawings are of one bright colour each, which no ground has. */
  @Test
  void masksAreWhereThingsAre() {
    Everyday world = new Everyday(3, 96, 1, 1, Variety.NATURAL, pictures);
    for (int i = 0; i < 20; i++) {
      LabelledScene scene = world.alone(i, 1); // red
      assertEquals(List.of(1), scene.ids());
      int[] labels = scene.labels();
      int[] rgb = scene.rgb();
      int wrong = 0;
      for (int pixel = 0; pixel < rgb.length; pixel++) {
        int red = rgb[pixel] >> 16 & 0xff;
        int green = rgb[pixel] >> 8 & 0xff;
        int blue = rgb[pixel] & 0xff;
        boolean apple = red > 2.2 * Math.max(green, blue);
        wrong += apple != (labels[pixel] == 1) ? 1 : 0;
      }
      assertTrue(wrong < 0.03 * rgb.length, wrong + " pixels of scene " + i);
    }
  }

  @Test
  void sizesOutOfRangeAreNamed() {
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> new Everyday(1, 32, 1, 2, Variety.NATURAL, pictures))
            .getMessage()
            .contains("32"));
    assertThrows(
        IllegalArgumentException.class, () -> new Everyday(1, 64, 2, 1, Variety.NATURAL, pictures));
  }
}
