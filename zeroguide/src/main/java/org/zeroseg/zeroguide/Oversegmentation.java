package org.zeroseg.zeroguide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.zeroseg.core.Progress;
import org.zeroseg.core.cluster.MergeTree;
import org.zeroseg.core.cluster.SiblingCut;
import org.zeroseg.core.cluster.Vectors;
import org.zeroseg.core.cluster.Ward;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Framing;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.Compatibility;
import org.zeroseg.core.refine.DenseCrf;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.Facet;

/**
 * Cuts a picture into segment candidates: keys of DINO's last block on a dense grid, clustered by
 * Ward's rule into a tree, whose alike siblings are left together, and snapped to the picture's
 * edges (Rewatbowornwong et al. 2023, Sec. 3.1, App. B).
 *
 * @param shorterSide the picture's shorter side in pixels while this is done
 * @param longestSide limit of the longer side; a picture of a more extreme shape is squashed to it
 * @param stride pixels between positions; must divide DINO's patch
 * @param clusters number of clusters at the top of the tree
 * @param splitsExamined how many of the splits that make them are looked at: the published code
 *     looks at half, so that there are 11 segments at most; the paper's text says all; at most 62
 * @param threshold cosine from which siblings are one segment
 * @param crf whether to snap to edges
 */
public record Oversegmentation(
    int shorterSide,
    int longestSide,
    int stride,
    int clusters,
    int splitsExamined,
    double threshold,
    boolean crf) {

  /** As the published numbers were made. */
  public static final Oversegmentation DEFAULT =
      new Oversegmentation(224, 896, 2, 20, 10, 0.9, true);

  /** Of the published code; the paper cites other weights. */
  private static final float POSITION_WEIGHT = 25;

  private static final float COLOUR_WEIGHT = 100;
  private static final float POSITION_DEVIATION = 1;
  private static final float COLOUR_POSITION_DEVIATION = 5;
  private static final float COLOUR_DEVIATION = 13;
  private static final int ITERATIONS = 10;

  /** A split below another doubles the numbers of nodes, which must fit a long. */
  private static final int DEEPEST = 62;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Oversegmentation {
    if (shorterSide < 1
        || longestSide <= shorterSide
        || stride < 1
        || clusters < 2
        || splitsExamined < 1
        || Math.min(splitsExamined, clusters - 1) > DEEPEST
        || Double.isNaN(threshold)) {
      throw new IllegalArgumentException(
          "sides %d to %d, stride %d, %d clusters, %d splits examined, threshold %s"
              .formatted(shorterSide, longestSide, stride, clusters, splitsExamined, threshold));
    }
  }

  /**
   * Segment candidates.
   *
   * @param width of the label map
   * @param height of the label map
   * @param labels row-major, 0 to n - 1
   * @param treeIds the place of each segment in the tree: the root is 0, the children of t are 2t +
   *     1 and 2t + 2
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Candidates(int width, int height, int[] labels, long[] treeIds) {

    /** Each segment's pixels on a map of another size, each pixel its nearest. */
    List<Mask> masks(int newWidth, int newHeight) {
      Framing frame = Framing.whole(new Sizes(newWidth, newHeight, width, height));
      // Background has no mask, and here there is none.
      int[] fromOne = Arrays.stream(labels).map(label -> label + 1).toArray();
      int[] large = frame.toPicture(fromOne, 0);
      short[] compact = new short[large.length];
      for (int i = 0; i < large.length; i++) {
        compact[i] = (short) large[i];
      }
      Map<Integer, Mask> masks = Mask.ofLabels(newWidth, newHeight, compact);
      return IntStream.rangeClosed(1, treeIds.length)
          .mapToObj(label -> masks.getOrDefault(label, Mask.empty(newWidth, newHeight)))
          .toList();
    }

    /** The pixels of some of the segments, of the label map's size. */
    Mask mask(int... leaves) {
      return Mask.union(
          Arrays.stream(leaves)
              .mapToObj(leaf -> Mask.ofLabel(width, height, labels, leaf))
              .toList());
    }
  }

  /**
   * Cuts a picture.
   *
   * @param picture of any mode and size
   * @param progress is told of each stage
   */
  Candidates cut(Dino dino, Picture picture, Progress progress) {
    progress.update("looking at the picture", 0, -1);
    Picture resized = resized(picture, dino.config().patch());
    int last = dino.config().depth() - 1;
    Dino.Features keys = dino.facets(List.of(resized), Facet.KEY, last, stride).get(0);
    float[] unit = Vectors.unit(keys.values(), keys.dimension());
    int points = keys.grid().size();
    if (points == 1) {
      return new Candidates(1, 1, new int[1], new long[1]);
    }
    progress.update("clustering", 0, -1);
    MergeTree tree = Ward.tree(unit, keys.dimension());
    SiblingCut cut = SiblingCut.of(tree, unit, keys.dimension(), Math.min(clusters, points));
    SiblingCut.Segments segments = cut.segments(threshold, splitsExamined);
    progress.update("snapping to edges", 0, -1);
    float[] unary =
        enlarge(
            cut.energies(segments),
            keys.grid().rows(),
            keys.grid().columns(),
            resized.height(),
            resized.width());
    int count = segments.treeIds().length;
    return collapse(resized, labels(resized, unary, count), segments.treeIds());
  }

  private Picture resized(Picture picture, int patch) {
    Picture rgb = picture.rgb();
    long longer = (long) shorterSide * Math.max(rgb.width(), rgb.height());
    int limit = (int) Math.min(longestSide, longer / Math.min(rgb.width(), rgb.height()));
    boolean wide = rgb.width() >= rgb.height();
    Sizes sizes =
        new Sizes(
            rgb.width(), rgb.height(), wide ? limit : shorterSide, wide ? shorterSide : limit);
    return rgb.resize(
        Math.max(patch, sizes.newWidth()), Math.max(patch, sizes.newHeight()), Filter.LANCZOS);
  }

  private int[] labels(Picture resized, float[] unary, int count) {
    if (!crf) {
      return lowest(unary, count);
    }
    DenseCrf field =
        DenseCrf.builder(resized.width(), resized.height())
            .gaussian(POSITION_DEVIATION, Compatibility.potts(POSITION_WEIGHT))
            .bilateral(
                resized.samples(),
                COLOUR_POSITION_DEVIATION,
                COLOUR_DEVIATION,
                Compatibility.potts(COLOUR_WEIGHT))
            .build();
    return DenseCrf.labels(field.infer(unary, count, ITERATIONS), count);
  }

  /** The label of the lowest energy at each pixel, the first of equal ones. */
  static int[] lowest(float[] unary, int count) {
    int pixels = unary.length / count;
    int[] labels = new int[pixels];
    for (int i = 0; i < pixels; i++) {
      for (int label = 1; label < count; label++) {
        if (unary[label * pixels + i] < unary[labels[i] * pixels + i]) {
          labels[i] = label;
        }
      }
    }
    return labels;
  }

  /** Maps on a larger grid, each pixel its nearest cell: {@code floor(i * in / out)}. */
  static float[] enlarge(float[] maps, int rows, int columns, int height, int width) {
    int count = maps.length / (rows * columns);
    float[] large = new float[count * height * width];
    for (int i = 0; i < large.length; i++) {
      int label = i / (height * width);
      int y = i / width % height * rows / height;
      int x = i % width * columns / width;
      large[i] = maps[(label * rows + y) * columns + x];
    }
    return large;
  }

  /**
   * Leaves out segments that have no pixel left: a segment's sibling takes its parent's place, and
   * labels are numbered anew. The published code renumbers the labels but not the tree.
   */
  private static Candidates collapse(Picture picture, int[] labels, long[] treeIds) {
    int[] areas = new int[treeIds.length];
    for (int label : labels) {
      areas[label]++;
    }
    Map<Long, Integer> places = new TreeMap<>();
    for (int label = 0; label < treeIds.length; label++) {
      places.put(treeIds[label], label);
    }
    for (int label = 0; label < treeIds.length; label++) {
      if (areas[label] == 0) {
        remove(places, label);
      }
    }
    long[] ids = new long[treeIds.length];
    places.forEach((id, label) -> ids[label] = id);
    int[] present = IntStream.range(0, treeIds.length).filter(label -> areas[label] > 0).toArray();
    int[] renumbered =
        Arrays.stream(labels).map(label -> Arrays.binarySearch(present, label)).toArray();
    long[] kept = Arrays.stream(present).mapToLong(label -> ids[label]).toArray();
    return new Candidates(picture.width(), picture.height(), renumbered, kept);
  }

  /** All that is below the leaf's sibling moves up one level. */
  private static void remove(Map<Long, Integer> places, int label) {
    long leaf =
        places.entrySet().stream()
            .filter(entry -> entry.getValue() == label)
            .mapToLong(Map.Entry::getKey)
            .findFirst()
            .orElseThrow();
    places.remove(leaf);
    long parent = (leaf - 1) / 2;
    long sibling = leaf % 2 == 1 ? leaf + 1 : leaf - 1;
    Map<Long, Integer> moved = new TreeMap<>();
    List<Long> gone = new ArrayList<>();
    places.forEach(
        (id, owner) -> {
          long above = id;
          long width = 1;
          while (above > sibling) {
            above = (above - 1) / 2;
            width *= 2;
          }
          if (above == sibling) {
            // The k-th node of a level of the sibling's tree becomes the k-th of the parent's.
            long firstBelowSibling = (sibling + 1) * width - 1;
            gone.add(id);
            moved.put((parent + 1) * width - 1 + (id - firstBelowSibling), owner);
          }
        });
    gone.forEach(places::remove);
    places.putAll(moved);
  }
}
