package org.zeroseg.core.segment;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import org.zeroseg.core.Segment;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/**
 * Finds what belongs together among the objects that were found in overlapping tiles: an object
 * that several tiles show is found in each of them, cut at the edges.
 */
public final class TileParts {

  private TileParts() {}

  /**
   * What was found in a tile.
   *
   * @param tile where it was found
   * @param mask its pixels, of the tile's size
   * @param found what else is known of it
   * @param <T> an object, a segment
   */
  public record Part<T>(Window tile, Mask mask, T found) {

    /**
     * The pixels in the picture.
     *
     * @param width of the picture
     * @param height of the picture
     * @return a mask of the picture's size
     */
    public Mask in(int width, int height) {
      return mask.crop(-tile.left(), -tile.top(), width, height);
    }
  }

  /** Two parts of one object: how much of what either shows in common they share. */
  private record Pair(int first, int second, double iou) {}

  /**
   * The parts of each object. Two parts are one object's if, where their tiles overlap, they share
   * at least half the pixels of the smaller one. Of a tile an object has one part at most, since
   * what a network tells apart in one tile are two objects; the pairs that overlap most come first.
   *
   * @param parts of all tiles
   * @param alike whether two of them may show one object at all, such as by their class
   * @param <T> what is known of a part
   * @return one group of parts for each object, in the order of the parts
   */
  public static <T> List<List<Part<T>>> objects(List<Part<T>> parts, BiPredicate<T, T> alike) {
    List<Pair> pairs = pairs(parts, alike);
    pairs.sort(Comparator.comparingDouble(Pair::iou).reversed());
    int[] group = new int[parts.size()];
    List<Set<Window>> tiles = new ArrayList<>();
    for (int i = 0; i < group.length; i++) {
      group[i] = i;
      tiles.add(new HashSet<>(Set.of(parts.get(i).tile())));
    }
    for (Pair pair : pairs) {
      int a = root(group, pair.first());
      int b = root(group, pair.second());
      if (a != b && tiles.get(a).stream().noneMatch(tiles.get(b)::contains)) {
        group[Math.max(a, b)] = Math.min(a, b);
        tiles.get(Math.min(a, b)).addAll(tiles.get(Math.max(a, b)));
      }
    }
    Map<Integer, List<Part<T>>> objects = new TreeMap<>();
    for (int i = 0; i < group.length; i++) {
      objects.computeIfAbsent(root(group, i), key -> new ArrayList<>()).add(parts.get(i));
    }
    return List.copyOf(objects.values());
  }

  /**
   * The objects of a picture, from the segments of its tiles. An object has the union of its parts'
   * masks and boxes, and the score and vector of the surest part. What a tile's edge cuts off is
   * often taken for something else: a part that an edge cuts is left out if a larger part of
   * another tile covers half of it, and the object of that one has no part in the same tile. Put
   * together, two objects of one label are one that was found twice if they share more than half
   * their union, or more than half of the less sure one where edges cut all its parts: the surer
   * one stays. Where a detector gave boxes, more than half of their union is enough, as within a
   * tile.
   *
   * @param parts segments of one label may belong together
   * @param width of the picture
   * @param height of the picture
   * @return one segment for each object, in the order of the parts
   */
  public static List<Segment> segments(List<Part<Segment>> parts, int width, int height) {
    List<List<Part<Segment>>> objects = objects(parts, (a, b) -> a.label() == b.label());
    Set<Part<Segment>> left = Collections.newSetFromMap(new IdentityHashMap<>());
    parts.stream()
        .sorted(Comparator.comparingInt((Part<Segment> part) -> part.mask().area()).reversed())
        .filter(part -> !isCut(part, width, height) || !isCovered(part, objects, left))
        .forEach(left::add);
    return once(
        objects.stream()
            .map(object -> object.stream().filter(left::contains).toList())
            .filter(object -> !object.isEmpty())
            .map(
                object ->
                    new Whole(
                        segment(object, width, height),
                        object.stream().allMatch(part -> isCut(part, width, height))))
            .toList());
  }

  /** An object put together, and whether edges of tiles cut all its parts. */
  private record Whole(Segment segment, boolean cut) {}

  private static List<Segment> once(List<Whole> objects) {
    List<Segment> kept = new ArrayList<>();
    objects.stream()
        .sorted(Comparator.comparingDouble((Whole one) -> one.segment().score()).reversed())
        .filter(one -> kept.stream().noneMatch(surer -> isSame(one, surer)))
        .forEach(one -> kept.add(one.segment()));
    return objects.stream().map(Whole::segment).filter(kept::contains).toList();
  }

  private static boolean isSame(Whole less, Segment surer) {
    Segment one = less.segment();
    if (one.label() != surer.label() || one.mask().box().intersection(surer.mask().box()) == 0) {
      return false;
    }
    if (hasOwnBox(one) && hasOwnBox(surer) && one.box().iou(surer.box()) > 0.5) {
      return true;
    }
    int shared = one.mask().intersection(surer.mask());
    int all = less.cut() ? one.mask().area() : one.mask().area() + surer.mask().area() - shared;
    return 2L * shared > all;
  }

  private static boolean hasOwnBox(Segment segment) {
    return !segment.box().equals(segment.mask().box());
  }

  /** Whether it reaches an edge of its tile that is none of the picture. */
  private static boolean isCut(Part<?> part, int width, int height) {
    Box box = part.mask().box();
    Window tile = part.tile();
    return (box.x() == 0 && tile.left() > 0)
        || (box.y() == 0 && tile.top() > 0)
        || (box.right() == tile.width() && right(tile) < width)
        || (box.bottom() == tile.height() && bottom(tile) < height);
  }

  private static boolean isCovered(
      Part<Segment> part, List<List<Part<Segment>>> objects, Set<Part<Segment>> larger) {
    return objects.stream()
        .filter(object -> object.stream().noneMatch(other -> other.tile().equals(part.tile())))
        .flatMap(List::stream)
        .anyMatch(
            other -> larger.contains(other) && 2L * shared(part, other) >= part.mask().area());
  }

  /** Pixels of the picture that two parts have in common. */
  private static int shared(Part<?> a, Part<?> b) {
    int left = b.tile().left() - a.tile().left();
    int top = b.tile().top() - a.tile().top();
    return a.mask().crop(left, top, b.tile().width(), b.tile().height()).intersection(b.mask());
  }

  private static Segment segment(List<Part<Segment>> object, int width, int height) {
    Segment surest =
        object.stream()
            .map(Part::found)
            .max(Comparator.comparingDouble(Segment::score))
            .orElseThrow();
    Mask mask = Mask.union(object.stream().map(part -> part.in(width, height)).toList());
    Segment merged = Segment.of(surest.label(), surest.name(), surest.score(), mask);
    if (object.stream().anyMatch(part -> hasOwnBox(part.found()))) {
      List<Box> boxes =
          object.stream().map(part -> moved(part.found().box(), part.tile())).toList();
      merged =
          merged.withBox(
              Box.ofCorners(
                  boxes.stream().mapToDouble(Box::x).min().orElseThrow(),
                  boxes.stream().mapToDouble(Box::y).min().orElseThrow(),
                  boxes.stream().mapToDouble(Box::right).max().orElseThrow(),
                  boxes.stream().mapToDouble(Box::bottom).max().orElseThrow()));
    }
    return surest.embedding().map(merged::withEmbedding).orElse(merged);
  }

  private static int root(int[] group, int part) {
    int root = part;
    while (group[root] != root) {
      root = group[root];
    }
    return root;
  }

  private static <T> List<Pair> pairs(List<Part<T>> parts, BiPredicate<T, T> alike) {
    List<Box> boxes = parts.stream().map(part -> moved(part.mask().box(), part.tile())).toList();
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      for (int k = i + 1; k < parts.size(); k++) {
        Part<T> a = parts.get(i);
        Part<T> b = parts.get(k);
        if (boxes.get(i).intersection(boxes.get(k)) > 0
            && !a.tile().equals(b.tile())
            && alike.test(a.found(), b.found())) {
          double iou = overlap(a, b);
          if (iou > 0) {
            pairs.add(new Pair(i, k, iou));
          }
        }
      }
    }
    return pairs;
  }

  private static Box moved(Box box, Window tile) {
    return new Box(box.x() + tile.left(), box.y() + tile.top(), box.width(), box.height());
  }

  /** IoU where both tiles look, or 0 if that is less than half the smaller part. */
  private static double overlap(Part<?> a, Part<?> b) {
    int left = Math.max(a.tile().left(), b.tile().left());
    int top = Math.max(a.tile().top(), b.tile().top());
    int width = Math.min(right(a.tile()), right(b.tile())) - left;
    int height = Math.min(bottom(a.tile()), bottom(b.tile())) - top;
    if (width < 1 || height < 1) {
      return 0;
    }
    Mask own = a.mask().crop(left - a.tile().left(), top - a.tile().top(), width, height);
    Mask other = b.mask().crop(left - b.tile().left(), top - b.tile().top(), width, height);
    int shared = own.intersection(other);
    return 2L * shared < Math.min(own.area(), other.area()) ? 0 : own.iou(other);
  }

  private static int right(Window tile) {
    return tile.left() + tile.width();
  }

  private static int bottom(Window tile) {
    return tile.top() + tile.height();
  }
}
