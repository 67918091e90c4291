package org.zeroseg.core.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MaskTest {

  private static final int[][] SIZES = {
    {1, 1}, {5, 9}, {63, 5}, {64, 64}, {65, 3}, {128, 10}, {130, 70}
  };

  private static Mask picture(String... rows) {
    return Mask.of(rows[0].length(), rows.length, (x, y) -> rows[y].charAt(x) == '#');
  }

  private static Mask random(int[] size, double density, long seed) {
    return RleTest.random(size[0], size[1], density, new SplittableRandom(seed));
  }

  @Test
  void countsAgreeWithPixelByPixel() {
    for (int[] size : SIZES) {
      Mask a = random(size, .4, 1);
      Mask b = random(size, .6, 2);
      int area = 0;
      int shared = 0;
      for (int y = 0; y < size[1]; y++) {
        for (int x = 0; x < size[0]; x++) {
          area += a.get(x, y) ? 1 : 0;
          shared += a.get(x, y) && b.get(x, y) ? 1 : 0;
        }
      }
      assertEquals(area, a.area());
      assertEquals(shared, a.intersection(b));
      assertEquals(shared, a.and(b).area());
      assertEquals(a.union(b), a.or(b).area());
      assertEquals(area - shared, a.andNot(b).area());
      assertEquals(size[0] * size[1] - area, a.not().area());
      assertEquals(a.iou(b), b.iou(a));
      assertEquals(a, a.not().not());
      assertEquals(a, Mask.of(size[0], size[1], a.toBytes()));
    }
  }

  @Test
  void theBoxIsTight() {
    assertEquals(
        new Box(62, 2, 5, 4),
        Mask.of(130, 9, (x, y) -> x >= 62 && x < 67 && y >= 2 && y < 6).box());
    assertEquals(new Box(0, 0, 0, 0), Mask.empty(3, 4).box());
    assertEquals(0, Mask.empty(3, 4).iou(Mask.empty(3, 4)));
  }

  @Test
  void transposingTwiceChangesNothing() {
    for (int[] size : SIZES) {
      Mask mask = random(size, .3, 3);
      Mask turned = mask.transpose();
      assertEquals(Mask.of(size[1], size[0], (x, y) -> mask.get(y, x)), turned);
      assertEquals(mask, turned.transpose());
    }
  }

  @Test
  void croppingTakesClearPixelsFromOutside() {
    Mask mask = random(new int[] {130, 70}, .5, 4);
    for (int[] corner :
        new int[][] {{0, 0}, {3, 5}, {64, 1}, {-5, -7}, {-64, 0}, {-70, 3}, {500, 0}}) {
      for (int[] size : SIZES) {
        Mask expected =
            Mask.of(
                size[0],
                size[1],
                (x, y) -> {
                  int column = x + corner[0];
                  int row = y + corner[1];
                  return column >= 0
                      && column < 130
                      && row >= 0
                      && row < 70
                      && mask.get(column, row);
                });
        assertEquals(expected, mask.crop(corner[0], corner[1], size[0], size[1]));
      }
    }
  }

  @Test
  void enlargingRepeatsPixelsAndReducingAgainRestoresThem() {
    Mask mask = random(new int[] {13, 7}, .5, 5);
    Mask large = mask.resize(39, 35);
    assertEquals(Mask.of(39, 35, (x, y) -> mask.get(x / 3, y / 5)), large);
    assertEquals(mask, large.resize(13, 7));
  }

  @Test
  void erosionLeavesPixelsWhoseNeighboursAreInside() {
    for (int[] size : SIZES) {
      Mask mask = random(size, .9, 6);
      Mask expected =
          Mask.of(
              size[0],
              size[1],
              (x, y) ->
                  mask.get(x, y)
                      && (x == 0 || mask.get(x - 1, y))
                      && (x == size[0] - 1 || mask.get(x + 1, y))
                      && (y == 0 || mask.get(x, y - 1))
                      && (y == size[1] - 1 || mask.get(x, y + 1)));
      assertEquals(expected, mask.eroded());
    }
  }

  @Test
  void diagonalPixelsAreOnePartOnlyWithEightNeighbours() {
    Mask mask = picture("#..", ".#.", "..#");
    assertEquals(3, mask.components(Connectivity.FOUR).count());
    assertEquals(1, mask.components(Connectivity.EIGHT).count());
    assertArrayEquals(
        new int[] {1, 0, 0, 0, 2, 0, 0, 0, 3}, mask.components(Connectivity.FOUR).labels());
  }

  @Test
  void componentsDivideTheMask() {
    for (int[] size : SIZES) {
      Mask mask = random(size, .55, 7);
      for (Connectivity connectivity : Connectivity.values()) {
        Components parts = mask.components(connectivity);
        Mask union = Mask.empty(size[0], size[1]);
        for (int i = 0; i < parts.count(); i++) {
          Mask part = parts.mask(i);
          assertEquals(0, union.intersection(part));
          assertEquals(parts.area(i), part.area());
          assertEquals(parts.box(i), part.box());
          assertEquals(1, part.components(connectivity).count());
          assertTrue(parts.area(i) <= parts.area(parts.largest()));
          union = union.or(part);
        }
        assertEquals(mask, union);
        // Exchanging rows and columns renumbers the parts, and changes nothing else.
        assertEquals(parts.count(), mask.transpose().components(connectivity).count());
      }
    }
  }

  @Test
  void aDiagonalRingHoldsBackOnlyABackgroundOfFourNeighbours() {
    Mask ring = picture(".#.", "#.#", ".#.");
    assertEquals(picture("...", ".#.", "..."), ring.holes(Connectivity.FOUR));
    assertTrue(ring.holes(Connectivity.EIGHT).isEmpty());
    assertEquals(5, ring.filled(Connectivity.FOUR).area());
  }

  @Test
  void aSquareHasFourCornersAndItsHoleFourMore() {
    List<Polygon> polygons = picture("###.", "#.#.", "###.").polygons();
    assertEquals(1, polygons.size());
    assertArrayEquals(new double[] {3, 0, 3, 3, 0, 3, 0, 0}, polygons.get(0).outer().xy());
    assertArrayEquals(
        new double[] {1, 2, 2, 2, 2, 1, 1, 1}, rotated(polygons.get(0).holes().get(0).xy(), 1, 2));
    assertEquals(8, polygons.get(0).area());
  }

  // The same ring from another corner on.
  private static double[] rotated(double[] xy, double x, double y) {
    for (int i = 0; i < xy.length; i += 2) {
      if (xy[i] == x && xy[i + 1] == y) {
        double[] turned = new double[xy.length];
        for (int k = 0; k < xy.length; k++) {
          turned[k] = xy[(i + k) % xy.length];
        }
        return turned;
      }
    }
    return xy;
  }

  @Test
  void polygonsFilledGiveTheMaskBack() {
    for (int[] size : SIZES) {
      for (double density : new double[] {.3, .6, .9}) {
        Mask mask = random(size, density, 8);
        Mask filled = Mask.empty(size[0], size[1]);
        double area = 0;
        for (Polygon polygon : mask.polygons()) {
          Mask part = Rle.ofPolygon(size[0], size[1], polygon.outer().xy()).mask();
          for (Ring hole : polygon.holes()) {
            part = part.andNot(Rle.ofPolygon(size[0], size[1], hole.xy()).mask());
          }
          filled = filled.or(part);
          area += polygon.area();
        }
        assertEquals(mask, filled);
        assertEquals(mask.area(), area);
      }
    }
  }

  @Test
  void simplifyingStaysWithinTheTolerance() {
    Mask disc = Mask.of(100, 100, (x, y) -> Math.hypot(x - 50, y - 50) < 40);
    Ring ring = disc.polygons().get(0).outer();
    Ring simple = disc.polygons(1).get(0).outer();
    assertTrue(simple.size() < ring.size() / 3, simple.size() + " of " + ring.size());
    assertTrue(Rle.ofPolygon(100, 100, simple.xy()).mask().iou(disc) > .97);
    assertEquals(disc.polygons(), disc.polygons(0));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Mask mask = Mask.empty(4, 3);
    assertRefused("different sizes: 4 x 3 and 3 x 4", () -> mask.and(Mask.empty(3, 4)));
    assertRefused("different sizes", () -> mask.iou(Mask.empty(3, 4)));
    assertRefused("needs 12 values, not 5", () -> Mask.of(4, 3, new boolean[5]));
    assertRefused("width 0", () -> Mask.empty(0, 3));
    assertRefused("below 2^31", () -> Mask.empty(1 << 20, 1 << 20));
    assertRefused("no masks", () -> Mask.union(List.of()));
    assertRefused("width -1", () -> new Box(0, 0, -1, 2));
    assertRefused("NaN", () -> new Box(Double.NaN, 0, 1, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> mask.get(4, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> mask.get(0, -1));
    assertThrows(IllegalStateException.class, () -> mask.components(Connectivity.FOUR).largest());
    assertThrows(IndexOutOfBoundsException.class, () -> mask.components(Connectivity.FOUR).mask(0));
  }

  private static void assertRefused(String message, Runnable call) {
    String found = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(found.contains(message), found);
  }

  @Test
  void smallObjectsOfALargePictureAreTreatedAsTheirPixelsSay() {
    int width = 200;
    int height = 90;
    SplittableRandom random = new SplittableRandom(8);
    for (int turn = 0; turn < 60; turn++) {
      Mask a = somewhere(width, height, random);
      Mask b = somewhere(width, height, random);
      assertEquals(Mask.of(width, height, (x, y) -> a.get(x, y) && b.get(x, y)), a.and(b));
      assertEquals(Mask.of(width, height, (x, y) -> a.get(x, y) || b.get(x, y)), a.or(b));
      assertEquals(Mask.of(width, height, (x, y) -> a.get(x, y) && !b.get(x, y)), a.andNot(b));
      assertEquals(Mask.of(width, height, (x, y) -> !a.get(x, y)), a.not());
      assertEquals(Mask.of(height, width, (x, y) -> a.get(y, x)), a.transpose());
      assertEquals(a.and(b).area(), a.intersection(b));
      assertEquals(a, a.rle().mask());
      Mask further = a.crop(-7, -3, width + 7, height + 3);
      assertArrayEquals(
          moved(a.polygons(), 7, 3).stream().flatMap(List::stream).toArray(),
          moved(further.polygons(), 0, 0).stream().flatMap(List::stream).toArray());
      assertEquals(a.or(b).hashCode(), b.or(a).hashCode());
      int x = random.nextInt(-100, 250);
      int y = random.nextInt(-60, 100);
      Mask placed = a.crop(x, y, 150, 70);
      assertEquals(
          Mask.of(
              150,
              70,
              (u, v) ->
                  u + x >= 0
                      && u + x < width
                      && v + y >= 0
                      && v + y < height
                      && a.get(u + x, v + y)),
          placed);
    }
  }

  /** A noisy part of a picture that is empty around it, or nothing at all. */
  private static Mask somewhere(int width, int height, SplittableRandom random) {
    int left = random.nextInt(width);
    int top = random.nextInt(height);
    int right = random.nextInt(left, width);
    int bottom = random.nextInt(top, height);
    Mask noise = RleTest.random(width, height, .6, random);
    return noise.and(
        Mask.of(width, height, (x, y) -> x >= left && x < right && y >= top && y < bottom));
  }

  private static List<List<double[]>> moved(List<Polygon> polygons, int x, int y) {
    return polygons.stream()
        .map(
            polygon ->
                Stream.concat(Stream.of(polygon.outer()), polygon.holes().stream())
                    .map(ring -> moved(ring.xy(), x, y))
                    .toList())
        .toList();
  }

  private static double[] moved(double[] xy, int x, int y) {
    for (int i = 0; i < xy.length; i += 2) {
      xy[i] += x;
      xy[i + 1] += y;
    }
    return xy;
  }

  @Test
  void masksOfAllLabelsAreThoseOfEach() {
    SplittableRandom random = new SplittableRandom(9);
    int[] labels = new int[130 * 40];
    short[] compact = new short[labels.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = random.nextInt(3) == 0 ? random.nextInt(5) * 16000 : i == 0 ? 0 : labels[i - 1];
      compact[i] = (short) labels[i];
    }
    Map<Integer, Mask> masks = Mask.ofLabels(130, 40, compact);
    assertEquals(List.of(16000, 32000, 48000, 64000), List.copyOf(masks.keySet()));
    masks.forEach((label, mask) -> assertEquals(Mask.ofLabel(130, 40, labels, label), mask));
    assertEquals(Map.of(), Mask.ofLabels(3, 2, new short[6]));
    assertThrows(IllegalArgumentException.class, () -> Mask.ofLabels(3, 2, new short[5]));
  }
}
