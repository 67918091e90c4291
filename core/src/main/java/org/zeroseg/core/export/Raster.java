package org.zeroseg.core.export;

import java.util.ArrayList;
import java.util.List;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.PictureReader;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;

/** A picture's segments as they are read: the names that occur, and masks of what is outlined. */
final class Raster {

  /** A hundred times across the largest pictures, and the most memory that one mask takes. */
  private static final int MOST_CROSSED = 1 << 24;

  private final int width;
  private final int height;
  private final List<String> names;
  private final List<Segment> segments = new ArrayList<>();

  /**
   * A picture.
   *
   * @param names known before, in the order of their labels
   * @throws IllegalArgumentException if it is larger than pictures are read
   */
  Raster(int width, int height, List<String> names) {
    checkSize(width, height);
    this.width = width;
    this.height = height;
    this.names = new ArrayList<>(names);
  }

  /** Before anything is made as large as a file says. */
  static void checkSize(long width, long height) {
    if (width < 1
        || height < 1
        || width > Integer.MAX_VALUE
        || height > Integer.MAX_VALUE
        || width * height > PictureReader.DEFAULT_MAX_PIXELS) {
      throw new IllegalArgumentException(
          "expected a picture of 1 to %d pixels, found %d x %d"
              .formatted(PictureReader.DEFAULT_MAX_PIXELS, width, height));
    }
  }

  /** The pixels inside a line, by the even-odd rule. */
  Mask polygon(double... xy) {
    double crossed = 0;
    for (int i = 0; i < xy.length; i += 2) {
      double from = Math.min(Math.max(xy[i], 0), width);
      double to = Math.min(Math.max(xy[(i + 2) % xy.length], 0), width);
      crossed += Math.abs(to - from);
    }
    if (crossed > MOST_CROSSED) {
      throw new IllegalArgumentException(
          "expected an outline that crosses at most %d columns, found %.0f"
              .formatted(MOST_CROSSED, crossed));
    }
    return Rle.ofPolygon(width, height, xy).mask();
  }

  Mask box(double left, double top, double right, double bottom) {
    return Rle.ofBox(
            width,
            height,
            Box.ofCorners(
                Math.min(left, right),
                Math.min(top, bottom),
                Math.max(left, right),
                Math.max(top, bottom)))
        .mask();
  }

  Mask empty() {
    return Mask.empty(width, height);
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  /** Adds a segment, unless it has no pixel. */
  void add(String name, double score, Mask mask) {
    int label = names.indexOf(name) + 1;
    if (label == 0) {
      names.add(name);
      label = names.size();
    }
    add(label, score, mask);
  }

  void add(int label, double score, Mask mask) {
    if (!mask.isEmpty()) {
      segments.add(Segment.of(label, names.get(label - 1), score, mask));
    }
  }

  Segmentation segmentation() {
    return Segmentation.ofSegments(width, height, names, segments);
  }
}
