package org.zeroseg.core.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
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
  void unionAgreesWithThatOnBits() {
    SplittableRandom random = new SplittableRandom(2);
    for (int[] size : SIZES) {
      Mask a = random(size[0], size[1], .3, random);
      Mask b = random(size[0], size[1], .6, random);
      Mask c = random(size[0], size[1], .6, random);
      List<Rle> all = List.of(a.rle(), b.rle(), c.rle());
      assertEquals(a.or(b).or(c).rle(), Rle.union(all));
    }
  }

  @Test
  void emptyRunsOfOtherEncodersDoNotMatter() {
    Rle odd = Rle.of(4, 2, new int[] {1, 0, 1, 2, 0, 2, 2, 0});
    assertEquals(new Box(1, 0, 2, 2), odd.mask().box());
    assertEquals(4, odd.area());
    assertEquals(odd.mask().rle(), Rle.union(List.of(odd, odd)));
    assertArrayEquals(new int[] {2, 4, 2}, odd.mask().rle().counts());
  }

  /** cocoapi, {@code rleToBbox}, word by word. */
  private static Box referenceBox(Rle rle) {
    long h = rle.height();
    long xs = rle.width();
    long ys = h;
    long xe = 0;
    long ye = 0;
    long cc = 0;
    long xp = 0;
    int[] counts = rle.counts();
    for (int j = 0; j < counts.length / 2 * 2; j++) {
      cc = (cc + counts[j]) & 0xFFFFFFFFL;
      long t = (cc - j % 2) & 0xFFFFFFFFL;
      long y = t % h;
      long x = (t - y) / h;
      if (j % 2 == 0) {
        xp = x;
      } else if (xp < x) {
        ys = 0;
        ye = h - 1;
      }
      xs = Math.min(xs, x);
      xe = Math.max(xe, x);
      ys = Math.min(ys, y);
      ye = Math.max(ye, y);
    }
    return new Box((double) xs, (double) ys, xe - xs + 1.0, ye - ys + 1.0);
  }

  @Test
  void theBoxOfRunsIsTheReferencesOfEmptyRunsToo() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 3000; i++) {
      int width = random.nextInt(1, 9);
      int height = random.nextInt(1, 9);
      int left = width * height;
      int[] counts = new int[100];
      int runs = 0;
      for (int most = random.nextInt(1, left + 1); left > 0 && runs < 98; left -= counts[runs++]) {
        counts[runs] = Math.min(left, random.nextInt(most + 1) * random.nextInt(2));
      }
      counts[runs++] = left;
      Rle rle = Rle.of(width, height, Arrays.copyOf(counts, runs));
      if (runs > 1) {
        assertEquals(referenceBox(rle), rle.box(), rle + " " + Arrays.toString(rle.counts()));
      }
    }
  }

  @Test
  void anIntegerBoxFillsItsPixels() {
    assertEquals(
        Mask.of(9, 8, (x, y) -> x >= 2 && x < 5 && y >= 1 && y < 7),
        Rle.ofBox(9, 8, new Box(2, 1, 3, 6)).mask());
  }

  /** The reference's walk along every edge, which takes a step for each fifth of a pixel. */
  private static Mask walked(int width, int height, double[] xy) {
    int corners = xy.length / 2;
    List<Integer> ends = new ArrayList<>();
    int[] at = {(int) (5 * xy[0] + .5), (int) (5 * xy[1] + .5)};
    for (int i = 0; i < corners; i++) {
      int k = (i + 1) % corners;
      int x0 = (int) (5 * xy[2 * i] + .5);
      int y0 = (int) (5 * xy[2 * i + 1] + .5);
      int x1 = (int) (5 * xy[2 * k] + .5);
      int y1 = (int) (5 * xy[2 * k + 1] + .5);
      int dx = Math.abs(x1 - x0);
      int dy = Math.abs(y1 - y0);
      boolean back = dx >= dy ? x0 > x1 : y0 > y1;
      int steps = Math.max(dx, dy);
      double slope = steps == 0 ? 0 : (back ? -1.0 : 1.0) * (dx >= dy ? y1 - y0 : x1 - x0) / steps;
      for (int s = 0; s <= steps; s++) {
        int t = back ? steps - s : s;
        int u = dx >= dy ? (back ? x1 : x0) + t : (int) ((back ? x1 : x0) + slope * t + .5);
        int v = dx >= dy ? (int) ((back ? y1 : y0) + slope * t + .5) : (back ? y1 : y0) + t;
        double column = ((u < at[0] ? u : u - 1) + .5) / 5 - .5;
        if (u != at[0] && column == Math.floor(column) && column >= 0 && column <= width - 1) {
          double row = (Math.min(v, at[1]) + .5) / 5 - .5;
          ends.add(((int) column) * height + (int) Math.ceil(Math.max(0, Math.min(row, height))));
        }
        at = new int[] {u, v};
      }
    }
    boolean[] changes = new boolean[width * height + 1];
    ends.forEach(end -> changes[end] = !changes[end]);
    boolean[] inside = new boolean[width * height];
    boolean now = false;
    for (int i = 0; i < inside.length; i++) {
      now ^= changes[i];
      inside[i] = now;
    }
    return Mask.of(width, height, (x, y) -> inside[x * height + y]);
  }

  @Test
  void polygonsAreThoseOfTheReferencesWalk() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 3000; i++) {
      int width = random.nextInt(1, 30);
      int height = random.nextInt(1, 30);
      double reach = i % 10 == 0 ? 3000 : i % 3 == 0 ? 200 : 20;
      double[] xy = new double[2 * random.nextInt(3, 9)];
      for (int k = 0; k < xy.length; k++) {
        double value = random.nextDouble(-reach, reach + 20);
        xy[k] = i % 2 == 0 ? Math.rint(value * 10) / 10 : value;
        // Upright and level edges, and edges that lie on each other.
        xy[k] = k > 1 && random.nextInt(4) == 0 ? xy[k - 2] : xy[k];
      }
      assertEquals(
          walked(width, height, xy),
          Rle.ofPolygon(width, height, xy).mask(),
          () -> width + " x " + height + " " + Arrays.toString(xy));
    }
  }

  @Test
  void cornersFarAwayTakeNoLongerThanNearOnes() {
    double far = 1 << 24;
    double[] xy = new double[2 * 20_000];
    for (int i = 0; i < xy.length; i += 2) {
      xy[i] = i % 4 == 0 ? -far : far;
      xy[i + 1] = i % 4 == 0 ? far - i : -far;
    }
    // 20,000 edges of 1.7e8 steps each.
    assertEquals(100, Rle.ofPolygon(100, 100, xy).width());
    assertEquals(
        10_000, Rle.ofPolygon(100, 100, -far, -far, far, -far, far, far, -far, far).area());
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
  }

  private static Rle full(int width, int height) {
    return Mask.empty(width, height).not().rle();
  }

  private static void assertRefused(String message, Runnable call) {
    String found = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(found.contains(message), found);
  }
}
