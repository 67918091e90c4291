package org.zeroseg.core.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RleTest {

  private static final int[][] SIZES = {
    {1, 1}, {1, 7}, {7, 1}, {63, 64}, {64, 63}, {64, 64}, {65, 130}, {131, 66}, {200, 3}
  };

  static Mask random(int width, int height, double density, SplittableRandom random) {
    return Mask.of(width, height, (x, y) -> random.nextDouble() < density);
  }

  @Test
  void decodingReversesEncoding() {
    SplittableRandom random = new SplittableRandom(1);
    for (int[] size : SIZES) {
      for (double density : new double[] {0, .02, .5, .97, 1}) {
        Mask mask = random(size[0], size[1], density, random);
        Rle rle = mask.rle();
        assertEquals(mask, rle.mask());
        assertEquals(rle, Rle.parse(size[0], size[1], rle.text()));
        assertEquals(rle, Rle.of(size[0], size[1], rle.counts()));
        assertEquals(mask.area(), rle.area());
        assertEquals(mask.box(), rle.box());
      }
    }
  }

  @Test
  void countsGoDownTheColumnsAndBeginOutside() {
    Mask mask = Mask.of(3, 2, (x, y) -> x == 0 || (x == 2 && y == 1));
    assertArrayEquals(new int[] {0, 2, 3, 1}, mask.rle().counts());
  }

  @Test
  void aFullMaskBeginsWithAnEmptyRunAndAnEmptyMaskIsOneRun() {
    assertArrayEquals(new int[] {0, 28}, Mask.empty(7, 4).not().rle().counts());
    assertArrayEquals(new int[] {28}, Mask.empty(7, 4).rle().counts());
    assertEquals("0l0", Mask.empty(7, 4).not().rle().text());
  }

  @Test
  void setOperationsAgreeWithThoseOnBits() {
    SplittableRandom random = new SplittableRandom(2);
    for (int[] size : SIZES) {
      Mask a = random(size[0], size[1], .3, random);
      Mask b = random(size[0], size[1], .6, random);
      Mask c = random(size[0], size[1], .6, random);
      List<Rle> all = List.of(a.rle(), b.rle(), c.rle());
      assertEquals(a.or(b).or(c).rle(), Rle.union(all));
      assertEquals(a.and(b).and(c).rle(), Rle.intersection(all));
      assertEquals(a.intersection(b), a.rle().intersection(b.rle()));
      assertEquals(a.iou(b), a.rle().iou(b.rle()));
    }
  }

  @Test
  void aCrowdDividesByTheDetectionsArea() {
    Rle detection = Mask.of(10, 10, (x, y) -> x < 4).rle();
    Rle truth = Mask.of(10, 10, (x, y) -> x >= 2).rle();
    double[][] ious =
        Rle.ious(List.of(detection), List.of(truth, truth), new boolean[] {false, true});
    assertArrayEquals(new double[] {.2, .5}, ious[0]);
  }

  @Test
  void emptyRunsOfOtherEncodersDoNotMatter() {
    Rle odd = Rle.of(4, 2, new int[] {1, 0, 1, 2, 0, 2, 2, 0});
    assertEquals(new Box(1, 0, 2, 2), odd.mask().box());
    assertEquals(4, odd.area());
    assertEquals(odd.mask().rle(), Rle.union(List.of(odd, odd)));
    assertArrayEquals(new int[] {2, 4, 2}, odd.mask().rle().counts());
  }

  @Test
  void anIntegerBoxFillsItsPixels() {
    assertEquals(
        Mask.of(9, 8, (x, y) -> x >= 2 && x < 5 && y >= 1 && y < 7),
        Rle.ofBox(9, 8, new Box(2, 1, 3, 6)).mask());
  }

  @Test
  void polygonsBeyondThePictureAreCut() {
    assertEquals(20, Rle.ofBox(5, 4, new Box(-100, -100, 300, 300)).area());
    assertEquals(0, Rle.ofBox(5, 4, new Box(50, 50, 3, 3)).area());
  }

  @Test
  void hostileInputIsRefused() {
    assertRefused("sum up to 5, not 6", () -> Rle.of(2, 3, new int[] {2, 3}));
    assertRefused("length -1", () -> Rle.of(2, 3, new int[] {7, -1}));
    assertRefused(
        "sum up to 4294967294",
        () -> Rle.of(2, 3, new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE}));
    assertRefused("positive", () -> Rle.of(0, 3, new int[] {}));
    assertRefused("below 2^31", () -> Rle.of(1 << 16, 1 << 16, new int[] {}));
    assertRefused("sum up to 0", () -> Rle.parse(2, 3, ""));
    assertRefused("end within run 1", () -> Rle.parse(2, 3, "3P"));
    assertRefused("'z' at position 1", () -> Rle.parse(2, 3, "3z"));
    assertRefused("'\u00e9'", () -> Rle.parse(2, 3, "\u00e9"));
    assertRefused("more than seven characters", () -> Rle.parse(2, 3, "ooooooooo0"));
    assertRefused("length -1", () -> Rle.parse(2, 3, "O"));
    assertRefused("three corners", () -> Rle.ofPolygon(9, 9, 1, 1, 2, 2));
    assertRefused("three corners", () -> Rle.ofPolygon(9, 9, 1, 1, 2, 2, 3, 3, 4));
    assertRefused("NaN", () -> Rle.ofPolygon(9, 9, 1, 1, 2, 2, 3, Double.NaN));
    assertRefused("1.0E9", () -> Rle.ofPolygon(9, 9, 1, 1, 2, 2, 3, 1e9));
    assertRefused("different sizes", () -> Rle.union(List.of(full(2, 3), full(3, 2))));
    assertRefused("No masks", () -> Rle.union(List.of()));
    assertRefused(
        "2 crowd flags for 1", () -> Rle.ious(List.of(), List.of(full(2, 2)), new boolean[2]));
  }

  private static Rle full(int width, int height) {
    return Mask.empty(width, height).not().rle();
  }

  private static void assertRefused(String message, Runnable call) {
    String found = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(found.contains(message), found);
  }
}
