package org.zeroseg.examples.shapeworld;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class ShapeWorldTest {

  private static final ShapeWorld WORLD = new ShapeWorld(7, 96, 1, 6, Split.ALL);

  /** Recorded once; a change here changes every demo model's data. */
  @Test
  void sameScenesOnEveryPlatform() {
    Map<Integer, Long> recorded = Map.of(64, 2269607449L, 96, 3598753617L, 512, 2668626681L);
    recorded.forEach(
        (size, hash) -> {
          ShapeWorld world = new ShapeWorld(2024, size, 1, 6, Split.ALL);
          CRC32 crc = new CRC32();
          for (int i = 0; i < 12; i++) {
            add(crc, world.scene(i));
          }
          add(crc, world.scene(3, new Category(Look.DOTTED, Shape.RING)));
          assertEquals(hash, crc.getValue(), "side " + size);
        });
  }

  private static void add(CRC32 crc, Scene scene) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * scene.size() * scene.size());
    bytes.asIntBuffer().put(scene.rgb()).put(scene.instances());
    crc.update(bytes.array());
    crc.update((scene.caption() + scene.objects()).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void scenesDoNotDependOnOrderOrThread() {
    List<Scene> parallel =
        IntStream.range(0, 60).parallel().mapToObj(WORLD::scene).collect(Collectors.toList());
    for (int i = 59; i >= 0; i--) {
      Scene again = WORLD.scene(i);
      assertArrayEquals(again.rgb(), parallel.get(i).rgb());
      assertArrayEquals(again.instances(), parallel.get(i).instances());
      assertEquals(again.caption(), parallel.get(i).caption());
    }
  }

  @Test
  void otherSeedsAndIndicesShowOtherScenes() {
    ShapeWorld other = new ShapeWorld(8, 96, 1, 6, Split.ALL);
    for (int i = 0; i < 50; i++) {
      assertFalse(Arrays.equals(WORLD.scene(i).rgb(), WORLD.scene(i + 1).rgb()));
      for (int j = 0; j < 50; j++) {
        assertFalse(Arrays.equals(WORLD.scene(i).rgb(), other.scene(j).rgb()));
      }
    }
  }

  @Test
  void everyWordIsSeenAndSixteenCombinationsAreNot() {
    List<Category> seen = Split.SEEN.categories();
    assertEquals(48, seen.size());
    assertEquals(16, Split.UNSEEN.categories().size());
    assertEquals(64, Split.ALL.categories().size());
    for (Look look : Look.values()) {
      assertEquals(6, seen.stream().filter(category -> category.look() == look).count());
    }
    for (Shape shape : Shape.values()) {
      assertEquals(6, seen.stream().filter(category -> category.shape() == shape).count());
    }
    for (int i = 0; i < 64; i++) {
      assertEquals(i + 1, Category.all().get(i).id());
    }
  }

  @Test
  void aWorldShowsAllOfItsSplitAndNothingElse() {
    for (Split split : Split.values()) {
      ShapeWorld world = new ShapeWorld(5, 64, 1, 3, split);
      List<Category> shown =
          IntStream.range(0, 1000)
              .boxed()
              .flatMap(i -> world.scene(i).objects().stream())
              .distinct()
              .toList();
      assertEquals(
          split.categories().stream().collect(Collectors.toSet()),
          shown.stream().collect(Collectors.toSet()));
    }
  }

  @Test
  void everyObjectIsVisibleAndEveryPixelHasItsCategory() {
    int[] counts = new int[7];
    EnumSet<Background> backgrounds = EnumSet.noneOf(Background.class);
    for (int i = 0; i < 300; i++) {
      Scene scene = WORLD.scene(i);
      counts[scene.objects().size()]++;
      backgrounds.add(scene.background());
      int[] instances = scene.instances();
      int[] labels = scene.labels();
      int covered = 0;
      for (int object = 0; object < scene.objects().size(); object++) {
        assertTrue(scene.mask(object).area() > 20, "object " + object + " of scene " + i);
        covered += scene.mask(object).area();
      }
      for (int pixel = 0; pixel < labels.length; pixel++) {
        int expected = instances[pixel] == 0 ? 0 : scene.objects().get(instances[pixel] - 1).id();
        assertEquals(expected, labels[pixel]);
      }
      assertEquals(covered, Arrays.stream(labels).filter(label -> label > 0).count());
    }
    assertEquals(0, counts[0]);
    for (int count = 1; count <= 6; count++) {
      assertTrue(counts[count] > 10, count + " objects: " + counts[count] + " scenes");
    }
    assertEquals(EnumSet.allOf(Background.class), backgrounds);
  }

  @Test
  void captionsNameExactlyWhatIsThere() {
    for (int i = 0; i < 300; i++) {
      Scene scene = WORLD.scene(i);
      String caption = scene.caption();
      for (Category category : Category.all()) {
        assertEquals(
            scene.categories().contains(category), caption.contains(category.words()), caption);
      }
      for (Background background : Background.values()) {
        assertTrue(
            background == scene.background() || !caption.contains(background.word()), caption);
      }
    }
  }

  @Test
  void objectsLookAsTheirColourSays() {
    for (int i = 0; i < 40; i++) {
      Scene scene = WORLD.scene(i, new Category(Look.RED, Shape.SQUARE));
      int[] rgb = scene.rgb();
      int[] labels = scene.labels();
      long red = 0;
      long all = 0;
      for (int pixel = 0; pixel < rgb.length; pixel++) {
        if (labels[pixel] > 0) {
          all++;
          red += (rgb[pixel] >> 16 & 0xff) > 2 * Math.max(rgb[pixel] >> 8 & 0xff, 30) ? 1 : 0;
        }
      }
      assertTrue(red > 0.8 * all, red + " of " + all + " pixels are red");
    }
  }

  @Test
  void shapesDifferInArea() {
    double circle = share(Shape.CIRCLE);
    assertTrue(share(Shape.RING) < 0.85 * circle);
    assertTrue(share(Shape.CRESCENT) < 0.75 * circle);
    assertNotEquals(share(Shape.STAR), share(Shape.CROSS), 1e-3);
  }

  /** The part of the square around the unit circle that a shape covers. */
  private static double share(Shape shape) {
    int inside = 0;
    for (double y = -0.99; y < 1; y += 0.02) {
      for (double x = -0.99; x < 1; x += 0.02) {
        if (shape.distance(x, y) < 0) {
          inside++;
        }
      }
    }
    return inside / 10_000.0;
  }

  /** The rasteriser relies on it: pixels farther in or out than half a diagonal are not sampled. */
  @Test
  void distancesNeverExceedTheTrueOnes() {
    SplittableRandom random = new SplittableRandom(1);
    for (Shape shape : Shape.values()) {
      for (int i = 0; i < 2000; i++) {
        double x = 1.2 * (2 * random.nextDouble() - 1);
        double y = 1.2 * (2 * random.nextDouble() - 1);
        double distance = shape.distance(x, y);
        for (int step = 0; step < 16; step++) {
          double angle = step * Math.PI / 8;
          double nearby = 0.99 * Math.abs(distance);
          double other = shape.distance(x + nearby * Math.cos(angle), y + nearby * Math.sin(angle));
          assertEquals(distance < 0, other < 0, shape + " at " + x + ", " + y);
        }
      }
    }
  }

  @Test
  void refusesSizesAndCountsOutOfRange() {
    for (int size : new int[] {0, 63, 513}) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> new ShapeWorld(1, size, 1, 3, Split.ALL));
      assertTrue(e.getMessage().contains(Integer.toString(size)), e.getMessage());
    }
    for (int[] counts : new int[][] {{0, 3}, {1, 7}, {4, 3}}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new ShapeWorld(1, 64, counts[0], counts[1], Split.ALL));
    }
  }
}
