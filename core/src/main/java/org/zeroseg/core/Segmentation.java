package org.zeroseg.core;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.output.BoundingBox;
import ai.djl.modality.cv.output.DetectedObjects;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/**
 * The result for one picture, in plain Java values: a label for every pixel, and the segments.
 *
 * <p>Label 0 is background; label k is the k-th category, counted from 1. Segments may overlap, as
 * instances do; the label map then shows the one with the highest score. Immutable.
 *
 * <pre>{@code
 * for (Segment segment : found.segments()) {
 *   System.out.println(segment.name() + " " + segment.score() + " " + segment.box());
 * }
 * found.writeOverlay(Path.of("overlay.png"), image);
 * found.writeLabels(Path.of("labels.png"));
 * }</pre>
 */
public final class Segmentation {

  private final int width;
  private final int height;
  private final List<String> names;
  private final short[] labels;
  private final List<Segment> segments;
  private final List<Double> presence;

  private Segmentation(
      int width, int height, List<String> names, short[] labels, List<Segment> segments) {
    this(width, height, names, labels, segments, List.of());
  }

  private Segmentation(
      int width,
      int height,
      List<String> names,
      short[] labels,
      List<Segment> segments,
      List<Double> presence) {
    this.width = width;
    this.height = height;
    this.names = names;
    this.labels = labels;
    this.segments = segments;
    this.presence = presence;
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
    return labelled(width, height, names, compact(width, height, names, labels), scores);
  }

  /**
   * One segment for every category that has a pixel.
   *
   * @param width columns
   * @param height rows
   * @param names the categories' names, those of label 1, 2, ...
   * @param labels row-major, {@code width * height} unsigned values from 0 (background) to the
   *     number of names
   * @param scores how sure each category is, in the order of the names
   * @return the segmentation, its segments in the order of their labels
   * @throws IllegalArgumentException if sizes disagree or a label has no name
   */
  public static Segmentation ofLabels(
      int width, int height, List<String> names, short[] labels, double[] scores) {
    return labelled(width, height, names, checked(width, height, names, labels), scores);
  }

  /** Takes over the labels. */
  private static Segmentation labelled(
      int width, int height, List<String> names, short[] labels, double[] scores) {
    if (scores.length != names.size()) {
      throw new IllegalArgumentException(
          scores.length + " scores for " + names.size() + " categories");
    }
    Map<Integer, Mask> masks = Mask.ofLabels(width, height, labels);
    List<Segment> segments = new ArrayList<>();
    masks.forEach(
        (label, mask) ->
            segments.add(Segment.of(label, names.get(label - 1), scores[label - 1], mask)));
    return new Segmentation(width, height, List.copyOf(names), labels, List.copyOf(segments));
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
    List<Segment> ranked = ranked(width, height, names, segments);
    short[] labels = new short[width * height];
    // From the last one on, so that the surer ones lie over the others.
    for (int i = ranked.size() - 1; i >= 0; i--) {
      Segment segment = ranked.get(i);
      segment.mask().forEach((x, y) -> labels[y * width + x] = (short) segment.label());
    }
    return new Segmentation(width, height, List.copyOf(names), labels, ranked);
  }

  /**
   * A label map and segments that come from different sources, as of a network that answers both
   * for every pixel and for every instance.
   *
   * @param width columns
   * @param height rows
   * @param names the categories' names, those of label 1, 2, ...
   * @param labels as for {@link #ofLabels(int, int, List, int[], double[])}
   * @param segments as for {@link #ofSegments}; they leave the label map alone
   * @return the segmentation, its segments by falling score, those of equal score in the order
   *     given
   * @throws IllegalArgumentException if sizes disagree or a label has no name
   */
  public static Segmentation of(
      int width, int height, List<String> names, int[] labels, List<Segment> segments) {
    return new Segmentation(
        width,
        height,
        List.copyOf(names),
        compact(width, height, names, labels),
        ranked(width, height, names, segments));
  }

  /**
   * As {@link #of(int, int, List, int[], List)}, of labels in 16 bits.
   *
   * @param width columns
   * @param height rows
   * @param names the categories' names, those of label 1, 2, ...
   * @param labels as for {@link #ofLabels(int, int, List, short[], double[])}
   * @param segments as for {@link #ofSegments}; they leave the label map alone
   * @return the segmentation, its segments by falling score, those of equal score in the order
   *     given
   * @throws IllegalArgumentException if sizes disagree or a label has no name
   */
  public static Segmentation of(
      int width, int height, List<String> names, short[] labels, List<Segment> segments) {
    return new Segmentation(
        width,
        height,
        List.copyOf(names),
        checked(width, height, names, labels),
        ranked(width, height, names, segments));
  }

  /**
   * The same, with how likely the picture shows each category at all.
   *
   * @param scores from 0 to 1, in the order of the names
   * @return another segmentation on the same labels and segments
   * @throws IllegalArgumentException if there is not one score a category
   */
  public Segmentation withPresence(List<Double> scores) {
    if (scores.size() != names.size()) {
      throw new IllegalArgumentException(
          scores.size() + " presence scores for " + names.size() + " categories");
    }
    return new Segmentation(width, height, names, labels, segments, List.copyOf(scores));
  }

  /** A label map in 16 bits a pixel, after a check of its size and of every label. */
  private static short[] compact(int width, int height, List<String> names, int[] labels) {
    checkSize(width, height, names, labels.length);
    short[] compact = new short[labels.length];
    for (int i = 0; i < labels.length; i++) {
      checkLabel(width, names, labels[i], i);
      compact[i] = (short) labels[i];
    }
    return compact;
  }

  /** A copy, after the same check. */
  private static short[] checked(int width, int height, List<String> names, short[] labels) {
    checkSize(width, height, names, labels.length);
    short[] copy = labels.clone();
    for (int i = 0; i < copy.length; i++) {
      checkLabel(width, names, Short.toUnsignedInt(copy[i]), i);
    }
    return copy;
  }

  private static void checkSize(int width, int height, List<String> names, int labels) {
    checkNames(names);
    if (width < 1 || height < 1 || labels != (long) width * height) {
      throw new IllegalArgumentException(
          labels + " labels for a picture of " + width + " x " + height);
    }
  }

  private static void checkLabel(int width, List<String> names, int label, int i) {
    if (label < 0 || label > names.size()) {
      throw new IllegalArgumentException(
          "Label "
              + label
              + " at pixel ("
              + i % width
              + ", "
              + i / width
              + "); there are "
              + names.size()
              + " categories");
    }
  }

  /** Segments by falling score, after a check that they fit. */
  private static List<Segment> ranked(
      int width, int height, List<String> names, List<Segment> segments) {
    for (Segment segment : segments) {
      if (segment.label() > names.size()) {
        throw new IllegalArgumentException(
            segment + " has no name among " + names.size() + " categories");
      }
      if (segment.mask().width() != width || segment.mask().height() != height) {
        throw new IllegalArgumentException(
            segment + " and a picture of " + width + " x " + height + " have different sizes");
      }
    }
    return segments.stream().sorted(Comparator.comparingDouble(Segment::score).reversed()).toList();
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

  /**
   * How likely the picture shows each category at all, also those that were not found.
   *
   * @return from 0 to 1, in the order of the names; empty where the segmenter does not tell
   */
  public List<Double> presence() {
    return presence;
  }

  /**
   * The picture with the segments painted over it: each label in its colour of {@link Palette}, a
   * line around each segment, and a legend on a strip below, which covers nothing.
   *
   * @param picture the segmented picture
   * @return a new picture, as wide as the given one or, if that is small, as the longest name
   * @throws IllegalArgumentException if the picture has another size
   */
  public Picture overlay(Picture picture) {
    return Picture.of(Overlay.draw(this, picture));
  }

  /**
   * As {@link #overlay(Picture)}, of DJL's picture.
   *
   * @param image the segmented picture
   * @return a new picture
   * @throws IllegalArgumentException if the picture has another size
   */
  public Image overlay(Image image) {
    return overlay(Picture.of(image)).toImage();
  }

  /**
   * As {@link #overlay(Picture)}, of Java's picture.
   *
   * @param image the segmented picture
   * @return a new picture
   * @throws IllegalArgumentException if the picture has another size
   */
  public BufferedImage overlay(BufferedImage image) {
    return overlay(Picture.of(image)).toBufferedImage();
  }

  /**
   * COCO's result format: a JSON array of {@code image_id}, {@code category_id}, {@code
   * segmentation} (compressed run lengths), {@code bbox} and {@code score}.
   *
   * @param imageId the picture's number in the data set
   * @param categoryId the data set's number of a label
   * @return one entry a segment
   */
  public String toCocoJson(long imageId, IntUnaryOperator categoryId) {
    return ResultJson.coco(this, imageId, categoryId);
  }

  /**
   * Outlines in the form of GeoJSON: a collection of one feature a segment, its geometry a {@code
   * MultiPolygon} in pixels, holes included, the left upper corner of the picture being (0, 0).
   * Lines do not cross, whatever the tolerance, so that the geometry is a valid one.
   *
   * @param tolerance how many pixels an outline may be off in exchange for fewer corners; 0 for the
   *     exact outline along the pixels' edges
   * @return the JSON text
   * @throws IllegalArgumentException if the tolerance is negative or not a number
   */
  public String toGeoJson(double tolerance) {
    return ResultJson.geo(this, tolerance);
  }

  /**
   * The segments as DJL knows them. Its boxes are the masks' tight ones, in fractions of the
   * picture's size.
   *
   * @return one object a segment that has a pixel
   */
  public DetectedObjects toDetectedObjects() {
    List<String> classes = new ArrayList<>();
    List<Double> probabilities = new ArrayList<>();
    List<BoundingBox> boxes = new ArrayList<>();
    for (Segment segment : segments) {
      if (!segment.mask().isEmpty()) {
        classes.add(segment.name());
        probabilities.add(segment.score());
        boxes.add(bounds(segment.mask()));
      }
    }
    return new DetectedObjects(classes, probabilities, boxes);
  }

  private BoundingBox bounds(Mask mask) {
    Box box = mask.box();
    Mask part = mask.crop((int) box.x(), (int) box.y(), (int) box.width(), (int) box.height());
    float[][] inside = new float[part.height()][part.width()];
    part.forEach((x, y) -> inside[y][x] = 1);
    return new ai.djl.modality.cv.output.Mask(
        box.x() / width, box.y() / height, box.width() / width, box.height() / height, inside);
  }

  /**
   * Writes the {@link #overlay(Picture) overlay} as a PNG: to a temporary file beside it first, so
   * that a broken run leaves no half file.
   *
   * @param file the file to write or replace
   * @param picture the segmented picture
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the picture has another size
   */
  public void writeOverlay(Path file, Picture picture) throws IOException {
    BufferedImage drawn = Overlay.draw(this, picture);
    WholeFile.write(
        file,
        unfinished -> {
          if (!ImageIO.write(drawn, "png", unfinished.toFile())) {
            throw new IOException("No PNG writer for " + file);
          }
        });
  }

  /**
   * As {@link #writeOverlay(Path, Picture)}.
   *
   * @param file the file to write or replace
   * @param image the segmented picture, DJL's
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the picture has another size
   */
  public void writeOverlay(Path file, Image image) throws IOException {
    writeOverlay(file, Picture.of(image));
  }

  /**
   * As {@link #writeOverlay(Path, Picture)}.
   *
   * @param file the file to write or replace
   * @param image the segmented picture, Java's
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the picture has another size
   */
  public void writeOverlay(Path file, BufferedImage image) throws IOException {
    writeOverlay(file, Picture.of(image));
  }

  /**
   * As {@link #writeOverlay(Path, Picture)}.
   *
   * @param file the file to write or replace
   * @param picture the file of the segmented picture, which is taken upright
   * @throws IOException if it cannot be written, or the picture cannot be read
   * @throws IllegalArgumentException if the picture has another size
   */
  public void writeOverlay(Path file, Path picture) throws IOException {
    writeOverlay(file, Picture.read(picture));
  }

  /**
   * Writes the label map as a PNG that other tools read back: up to 255 categories as 8 bits with
   * the colours of {@link Palette}, more as 16 bits of grey. To a temporary file beside it first.
   *
   * @param file the file to write or replace
   * @throws IOException if it cannot be written
   */
  public void writeLabels(Path file) throws IOException {
    WholeFile.write(file, toLabelPng());
  }

  /**
   * The label map as {@link #writeLabels} writes it.
   *
   * @return the bytes of a PNG
   */
  public byte[] toLabelPng() {
    if (names.size() <= 255) {
      byte[] indices = new byte[labels.length];
      for (int i = 0; i < indices.length; i++) {
        indices[i] = (byte) labels[i];
      }
      int[] palette =
          IntStream.rangeClosed(0, names.size())
              .map(label -> 0xFF000000 | Palette.rgb(label))
              .toArray();
      return Picture.indexed(width, height, indices, palette).toPng();
    }
    BufferedImage grey = new BufferedImage(width, height, BufferedImage.TYPE_USHORT_GRAY);
    grey.getRaster().setDataElements(0, 0, width, height, labels);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(grey, "png", png)) {
        throw new IllegalStateException("No PNG writer for 16 bits of grey");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return png.toByteArray();
  }

  /**
   * Writes the outlines: to a temporary file beside it first.
   *
   * @param file the file to write or replace
   * @param tolerance as in {@link #toGeoJson}
   * @throws IOException if it cannot be written
   */
  public void writeGeoJson(Path file, double tolerance) throws IOException {
    WholeFile.writeText(file, writer -> ResultJson.geo(this, tolerance, writer));
  }

  /**
   * Writes COCO results: to a temporary file beside it first.
   *
   * @param file the file to write or replace
   * @param imageId as in {@link #toCocoJson}
   * @param categoryId as in {@link #toCocoJson}
   * @throws IOException if it cannot be written
   */
  public void writeCocoJson(Path file, long imageId, IntUnaryOperator categoryId)
      throws IOException {
    WholeFile.write(file, toCocoJson(imageId, categoryId));
  }

  @Override
  public String toString() {
    return "Segmentation[" + width + " x " + height + ", " + segments + "]";
  }
}
