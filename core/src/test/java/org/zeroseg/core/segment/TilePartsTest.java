package org.zeroseg.core.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.Segment;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.TileParts.Part;

class TilePartsTest {

  private static final int WIDTH = 100;
  private static final int HEIGHT = 90;

  private static Mask disc(double x, double y, double radius) {
    return Mask.of(WIDTH, HEIGHT, (u, v) -> Math.hypot(u + 0.5 - x, v + 0.5 - y) <= radius);
  }

  /** What a perfect network sees of objects in every tile, each with a score of its own. */
  private static List<Part<Segment>> seen(Tiles tiles, int label, Mask... objects) {
    List<Part<Segment>> parts = new ArrayList<>();
    for (List<Window> row : tiles.rows(WIDTH, HEIGHT)) {
      for (Window tile : row) {
        for (Mask object : objects) {
          Mask part = object.crop(tile.left(), tile.top(), tile.width(), tile.height());
          if (!part.isEmpty()) {
            double score = 0.5 + parts.size() / 100.0;
            parts.add(new Part<>(tile, part, Segment.of(label, "thing", score, part)));
          }
        }
      }
    }
    return parts;
  }

  @Test
  void anObjectThatFourTilesShowIsOne() {
    Tiles tiles = Tiles.overlapping(60, 20);
    Mask object = disc(50, 45, 30);
    List<Part<Segment>> parts = seen(tiles, 1, object);
    assertEquals(4, parts.size());
    List<Segment> found = TileParts.segments(parts, WIDTH, HEIGHT);
    assertEquals(1, found.size());
    assertEquals(object, found.get(0).mask());
    assertEquals(object.box(), found.get(0).box());
    assertEquals(0.53, found.get(0).score(), 1e-9);
  }

  @Test
  void anObjectLargerThanATileIsOneAcrossAllThatShowIt() {
    Mask object = Mask.of(WIDTH, HEIGHT, (x, y) -> x > 3 && x < 97 && y > 2 && y < 88);
    List<Segment> found =
        TileParts.segments(seen(Tiles.overlapping(30, 10), 1, object), WIDTH, HEIGHT);
    assertEquals(List.of(object), found.stream().map(Segment::mask).toList());
  }

  @Test
  void objectsSideBySideStaySeveral() {
    Mask[] objects = {disc(25, 45, 14), disc(50, 45, 11), disc(75, 45, 14), disc(50, 20, 13)};
    List<Segment> found =
        TileParts.segments(seen(Tiles.overlapping(60, 20), 1, objects), WIDTH, HEIGHT);
    assertEquals(
        List.of(objects).stream().map(Mask::area).sorted().toList(),
        found.stream().map(segment -> segment.mask().area()).sorted().toList());
  }

  @Test
  void anObjectThatTilesFindTwiceIsOne() {
    Tiles tiles = Tiles.overlapping(60, 20);
    Mask object = disc(50, 45, 30);
    List<Part<Segment>> parts = new ArrayList<>(seen(tiles, 1, object));
    parts.addAll(seen(tiles, 1, disc(50, 45, 25)));
    List<Segment> found = TileParts.segments(parts, WIDTH, HEIGHT);
    assertEquals(1, found.size(), found.toString());
  }

  @Test
  void partsOfDifferentClassesStaySeveral() {
    Tiles tiles = Tiles.overlapping(60, 20);
    List<Part<Segment>> parts = new ArrayList<>(seen(tiles, 1, disc(50, 45, 30)));
    parts.addAll(seen(tiles, 2, disc(50, 45, 25)));
    List<Segment> found = TileParts.segments(parts, WIDTH, HEIGHT);
    assertEquals(List.of(1, 2), found.stream().map(Segment::label).toList());
  }

  @Test
  void whatAnEdgeCutsOffIsNotTakenForAnotherObject() {
    Window first = new Window(0, 0, 60, 90);
    Window second = new Window(40, 0, 60, 90);
    Mask end = Mask.of(60, 90, (x, y) -> x >= 46 && y > 20 && y < 40);
    Mask whole = Mask.of(60, 90, (x, y) -> x >= 6 && x < 50 && y > 20 && y < 40);
    Mask other = Mask.of(60, 90, (x, y) -> x > 20 && x < 44 && y > 20 && y < 40);
    Part<Segment> cut = new Part<>(first, end, Segment.of(2, "something", 0.9, end));
    Part<Segment> large = new Part<>(second, whole, Segment.of(1, "thing", 0.5, whole));
    Part<Segment> beside = new Part<>(first, other, Segment.of(2, "something", 0.8, other));
    List<Segment> found = TileParts.segments(List.of(cut, large, beside), WIDTH, HEIGHT);
    assertEquals(List.of("thing", "something"), found.stream().map(Segment::name).toList());
    assertEquals(List.of(0.5, 0.8), found.stream().map(Segment::score).toList());
  }

  @Test
  void whatATileTellsApartIsNotJoinedByAnother() {
    Window first = new Window(0, 0, 60, 90);
    Window second = new Window(40, 0, 60, 90);
    // The second tile, which sees their ends only, takes two objects for one.
    Mask upper = Mask.of(60, 90, (x, y) -> x > 10 && x < 56 && y > 20 && y < 44);
    Mask lower = Mask.of(60, 90, (x, y) -> x > 10 && x < 52 && y > 44 && y < 60);
    Mask both = upper.or(lower).crop(40, 0, 60, 90);
    List<Part<Segment>> parts =
        List.of(
            new Part<>(first, upper, Segment.of(1, "thing", 0.9, upper)),
            new Part<>(first, lower, Segment.of(1, "thing", 0.8, lower)),
            new Part<>(second, both, Segment.of(1, "thing", 0.7, both)));
    List<Segment> found = TileParts.segments(parts, WIDTH, HEIGHT);
    assertEquals(2, found.size());
    assertEquals(lower.crop(0, 0, WIDTH, HEIGHT), found.get(1).mask());
    assertEquals(0.9, found.get(0).score());
  }

  @Test
  void aDetectorsBoxesAreJoinedAndTheSurestPartsVectorIsKept() {
    Window first = new Window(0, 0, 60, 90);
    Window second = new Window(40, 0, 60, 90);
    Mask left = Mask.of(60, 90, (x, y) -> x > 30 && y > 20 && y < 40);
    Mask right = Mask.of(60, 90, (x, y) -> x < 40 && y > 20 && y < 40);
    Segment a =
        Segment.of(1, "thing", 0.6, left)
            .withBox(new Box(29, 19.5, 31, 22))
            .withEmbedding(new float[] {1, 0});
    Segment b =
        Segment.of(1, "thing", 0.7, right)
            .withBox(new Box(0, 20, 41.5, 20))
            .withEmbedding(new float[] {0, 1});
    List<Segment> found =
        TileParts.segments(
            List.of(new Part<>(first, left, a), new Part<>(second, right, b)), WIDTH, HEIGHT);
    assertEquals(1, found.size());
    assertEquals(Box.ofCorners(29, 19.5, 81.5, 41.5), found.get(0).box());
    assertEquals(new Box(31, 21, 49, 19), found.get(0).mask().box());
    assertArrayEquals(new float[] {0, 1}, found.get(0).embedding().orElseThrow());
  }
}
