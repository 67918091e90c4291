package org.zeroseg.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.zeroseg.core.mask.Mask;

/**
 * The result for one picture, in plain Java values: a label for every pixel, and the segments.
 *
 * <p>Label 0 is background; label k is the k-th category, counted from 1. Segments may overlap, as
 * instances do; the label map then shows the one with the highest score. Immutable.
 */
public final class Segmentation {

  private final int width;
  private final int height;
  private final List<String> names;
  private final short[] labels;
  private final List<Segment> segments;

  private Segmentation(
      int width, int height, List<String> names, short[] labels, List<Segment> segments) {
    this.width = width;
    this.height = height;
    this.names = names;
    this.labels = labels;
    this.segments = segments;
  }

  /**
   * One segment for every category that has a pixel.
   *
   * @param width columns
   * @param height rows
   * @param names the categories' names, those of label 1, 2, ...
   * @param labels row-major, {@code width * height} values from 0 (background) to the number of
   *     names
   * @param scores how sure each category is, in the order of the names
   * @return the segmentation, its segments in the order of their labels
   * @throws IllegalArgumentException if sizes disagree or a label has no name
   */
  public static Segmentation ofLabels(
      int width, int height, List<String> names, int[] labels, double[] scores) {
    checkNames(names);
    if (scores.length != names.size()) {
      throw new IllegalArgumentException(
          scores.length + " scores for " + names.size() + " categories");
    }
    if (labels.length != (long) width * height) {
      throw new IllegalArgumentException(
          labels.length + " labels for a picture of " + width + " x " + height);
    }
    short[] compact = new short[labels.length];
    boolean[] present = new boolean[names.size() + 1];
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] > names.size()) {
        throw new IllegalArgumentException(
            "Label "
                + labels[i]
                + " at pixel ("
                + i % width
                + ", "
                + i / width
                + "); there are "
                + names.size()
                + " categories");
      }
      compact[i] = (short) labels[i];
      present[labels[i]] = true;
    }
    List<Segment> segments = new ArrayList<>();
    for (int label = 1; label < present.length; label++) {
      if (present[label]) {
        Mask mask = Mask.ofLabel(width, height, labels, label);
        segments.add(Segment.of(label, names.get(label - 1), scores[label - 1], mask));
      }
    }
    return new Segmentation(width, height, List.copyOf(names), compact, List.copyOf(segments));
  }

  /**
   * Segments that may overlap.
   *
   * @param width columns
   * @param height rows
   * @param names the categories' names, those of label 1, 2, ...
   * @param segments their masks have the picture's size
   * @return the segmentation, its segments by falling score, those of equal score in the order
   *     given; where several cover a pixel its label is the first one's
   * @throws IllegalArgumentException if a mask has another size or a label has no name
   */
  public static Segmentation ofSegments(
      int width, int height, List<String> names, List<Segment> segments) {
    checkNames(names);
    List<Segment> ranked = new ArrayList<>(segments);
    ranked.sort(Comparator.comparingDouble(Segment::score).reversed());
    Mask free = Mask.empty(width, height).not();
    short[] labels = new short[width * height];
    for (Segment segment : ranked) {
      if (segment.label() > names.size()) {
        throw new IllegalArgumentException(
            segment + " has no name among " + names.size() + " categories");
      }
      Mask visible = segment.mask().and(free);
      visible.forEach((x, y) -> labels[y * width + x] = (short) segment.label());
      free = free.andNot(visible);
    }
    return new Segmentation(width, height, List.copyOf(names), labels, List.copyOf(ranked));
  }

  private static void checkNames(List<String> names) {
    if (names.size() > Vocabulary.MAX_CATEGORIES) {
      throw new IllegalArgumentException(
          names.size() + " categories, more than " + Vocabulary.MAX_CATEGORIES);
    }
  }

  /**
   * Columns of the picture.
   *
   * @return pixels
   */
  public int width() {
    return width;
  }

  /**
   * Rows of the picture.
   *
   * @return pixels
   */
  public int height() {
    return height;
  }

  /**
   * The categories' names.
   *
   * @return that of label k at index k - 1
   */
  public List<String> names() {
    return names;
  }

  /**
   * The label of a pixel.
   *
   * @param x column
   * @param y row
   * @return 0 for background, else the category's number from 1
   * @throws IndexOutOfBoundsException if the picture has no such pixel
   */
  public int labelAt(int x, int y) {
    if (x < 0 || x >= width || y < 0 || y >= height) {
      throw new IndexOutOfBoundsException(
          "Pixel (" + x + ", " + y + ") of a picture of " + width + " x " + height);
    }
    return Short.toUnsignedInt(labels[y * width + x]);
  }

  /**
   * The label map.
   *
   * @return a copy, row-major, {@code width * height} values, 0 for background
   */
  public int[] labels() {
    int[] wide = new int[labels.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = Short.toUnsignedInt(labels[i]);
    }
    return wide;
  }

  /**
   * What was found.
   *
   * @return unmodifiable
   */
  public List<Segment> segments() {
    return segments;
  }

  @Override
  public String toString() {
    return "Segmentation[" + width + " x " + height + ", " + segments + "]";
  }
}
