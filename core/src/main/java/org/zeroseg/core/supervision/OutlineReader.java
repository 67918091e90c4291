package org.zeroseg.core.supervision;

import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoGroundTruth.Image;
import org.zeroseg.core.supervision.Outline.Missing;
import org.zeroseg.core.supervision.Outline.Polygons;
import org.zeroseg.core.supervision.Outline.Runs;

/** Reads a {@code segmentation} in any of its forms and holds it against its image. */
final class OutlineReader {

  /** What {@link Rle#ofPolygon} takes. */
  private static final int FARTHEST = 1 << 24;

  /** A hundred times across the largest pictures, and the most memory that one mask takes. */
  private static final int MOST_CROSSED = 1 << 24;

  private OutlineReader() {}

  /** Notes a mask that cannot belong to its image. */
  static void check(Outline outline, Image image, EntryReader in) {
    if (outline instanceof Runs runs && image.height() > 0) {
      Rle rle = runs.rle();
      if (rle.height() != image.height() || rle.width() != image.width()) {
        in.fault("segmentation.size", differs(rle, image));
      }
    }
    if (outline instanceof Polygons && (image.height() == 0 || image.width() == 0)) {
      in.fault(
          "segmentation",
          "a polygon needs height and width of image " + image.id() + ", not given");
    } else if (outline instanceof Polygons polygons) {
      double crossed = crossed(polygons, image.width());
      if (crossed > MOST_CROSSED) {
        in.fault(
            "segmentation",
            "expected polygons that cross at most %d columns of the image, found %.0f"
                .formatted(MOST_CROSSED, crossed));
      }
    }
  }

  /** How many columns of an image the edges cross, each counted as often as it is. */
  private static double crossed(Polygons polygons, int width) {
    double crossed = 0;
    for (double[] xy : polygons.parts()) {
      for (int i = 0; i < xy.length; i += 2) {
        double from = Math.min(Math.max(xy[i], 0), width);
        double to = Math.min(Math.max(xy[(i + 2) % xy.length], 0), width);
        crossed += Math.abs(to - from);
      }
    }
    return crossed;
  }

  /** Refuses a mask that is not of its image's size. */
  static void checkSize(Rle mask, Image image) {
    if (mask.height() != image.height() || mask.width() != image.width()) {
      throw new IllegalArgumentException("size: " + differs(mask, image));
    }
  }

  private static String differs(Rle rle, Image image) {
    return "expected height %d and width %d of image %d, found %d and %d"
        .formatted(image.height(), image.width(), image.id(), rle.height(), rle.width());
  }

  /** Reads a {@code segmentation} in any of its three forms. */
  static Outline read(EntryReader in, String field) throws IOException {
    JsonToken token = in.peek();
    if (token == JsonToken.NULL) {
      in.skip();
      return new Missing("is null");
    }
    return token == JsonToken.BEGIN_ARRAY ? polygons(in, field) : runs(in, field);
  }

  private static Outline polygons(EntryReader in, String field) throws IOException {
    List<double[]> parts = new ArrayList<>();
    in.array(
        field,
        () -> {
          String part = field + ": polygon " + parts.size();
          double[] coordinates = in.numbers(part);
          if (coordinates.length % 2 != 0) {
            in.fault(part, "expected pairs of x and y, found " + coordinates.length + " numbers");
          } else if (coordinates.length < 6) {
            in.fault(
                part, "expected at least three points, found " + coordinates.length + " numbers");
          } else if (Arrays.stream(coordinates).anyMatch(OutlineReader::isFar)) {
            in.fault(part, "expected coordinates within " + FARTHEST + " pixels of the image");
          }
          parts.add(coordinates);
        });
    return parts.isEmpty()
        ? new Missing("is an empty list")
        : new Polygons(parts.toArray(double[][]::new));
  }

  private static boolean isFar(double coordinate) {
    return Math.abs(coordinate) > FARTHEST;
  }

  private static Outline runs(EntryReader in, String field) throws IOException {
    Encoded encoded = new Encoded();
    boolean complete =
        in.object(
            field,
            name -> {
              switch (name) {
                case "size" -> encoded.size = in.numbers(field + ".size");
                case "counts" -> encoded.read(in, field + ".counts");
                default -> in.skip();
              }
            });
    return complete ? encoded.outline(in, field) : new Missing("is malformed");
  }

  /** The two fields of run-length encoding, which may come in either order. */
  private static final class Encoded {

    private double[] size = {};
    private double[] counts = {};
    private String text = "";
    private boolean isText;
    private boolean isGiven;

    void read(EntryReader in, String field) throws IOException {
      isGiven = true;
      isText = in.peek() == JsonToken.STRING;
      if (isText) {
        text = in.text(field);
      } else {
        counts = in.numbers(field);
      }
    }

    Outline outline(EntryReader in, String field) {
      if (size.length != 2 || !isSide(size[0]) || !isSide(size[1])) {
        in.fault(field + ".size", "expected [height, width], found " + Arrays.toString(size));
      } else if (!isGiven) {
        in.fault(field + ".counts", "is missing");
      } else {
        try {
          int height = (int) size[0];
          int width = (int) size[1];
          return new Runs(
              isText ? Rle.parse(width, height, text) : Rle.of(width, height, integers()));
        } catch (IllegalArgumentException e) {
          in.fault(field + ".counts", e.getMessage());
        }
      }
      return new Missing("is malformed");
    }

    private int[] integers() {
      int[] runs = new int[counts.length];
      for (int i = 0; i < runs.length; i++) {
        runs[i] = (int) counts[i];
        if (runs[i] != counts[i] || runs[i] < 0) {
          throw new IllegalArgumentException(
              "run " + i + ": expected an integer from 0, found " + counts[i]);
        }
      }
      return runs;
    }

    private static boolean isSide(double value) {
      return value >= 0 && value <= Integer.MAX_VALUE && value == Math.rint(value);
    }
  }
}
