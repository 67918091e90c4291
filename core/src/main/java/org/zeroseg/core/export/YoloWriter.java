package org.zeroseg.core.export;

import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.mask.Polygon;

/**
 * Ultralytics' data sets for segmentation. An object is one line: its class from 0, and corners as
 * parts of the width and the height; parts and holes are joined by seams.
 */
final class YoloWriter extends FormatWriter {

  static final String DATA = "data.yaml";
  static final String IMAGES = "images";
  static final String LABELS = "labels";

  /** A pixel of the largest pictures has hundreds of these. */
  private static final double DECIMALS = 1e7;

  private final double tolerance;

  YoloWriter(Path folder, double tolerance) throws IOException {
    super(folder);
    this.tolerance = tolerance;
  }

  @Override
  void write(Source source, Segmentation segmentation) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (Segment segment : segments(segmentation)) {
      List<Polygon> parts = segment.mask().polygons(tolerance);
      notes.add("parts joined by a seam", parts.size() - 1);
      notes.add("holes kept by a seam", parts.stream().mapToInt(part -> part.holes().size()).sum());
      lines.append(label(segmentation, segment) - 1);
      double[] xy = Seams.join(parts);
      for (int i = 0; i < xy.length; i += 2) {
        number(lines, xy[i] / segmentation.width());
        number(lines, xy[i + 1] / segmentation.height());
      }
      lines.append('\n');
    }
    copy(source);
    WholeFile.write(folder.resolve(LABELS).resolve(source.stem() + ".txt"), lines.toString());
  }

  /** A number from 0 to 1. */
  private static void number(StringBuilder line, double value) {
    long parts = Math.round(Math.max(0, Math.min(1, value)) * DECIMALS);
    line.append(' ').append(parts / (long) DECIMALS);
    String decimals = Long.toString(parts % (long) DECIMALS + (long) DECIMALS);
    int end = decimals.length();
    while (end > 1 && decimals.charAt(end - 1) == '0') {
      end--;
    }
    if (end > 1) {
      line.append('.').append(decimals, 1, end);
    }
  }

  /** The picture must lie where the reader derives its labels' name from. */
  private void copy(Source source) throws IOException {
    if (!Files.isRegularFile(source.file())) {
      notes.add("pictures not found, so not copied", 1);
      return;
    }
    Path copy = folder.resolve(IMAGES).resolve(source.stem() + source.ending());
    if (!Files.exists(copy) || !Files.isSameFile(copy, source.file())) {
      WholeFile.write(copy, unfinished -> Files.copy(source.file(), unfinished));
    }
  }

  @Override
  void complete() throws IOException {
    WholeFile.writeText(
        folder.resolve(DATA),
        writer -> {
          writer.write("train: " + IMAGES + "\nval: " + IMAGES + "\nnames:");
          writer.write(names().isEmpty() ? " {}\n" : "\n");
          Iterator<String> each = names().iterator();
          for (int i = 0; each.hasNext(); i++) {
            // A text in JSON is one in YAML.
            writer.write("  " + i + ": " + new JsonPrimitive(each.next()) + "\n");
          }
        });
  }
}
