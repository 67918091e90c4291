package org.zeroseg.core.export;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;

/**
 * PASCAL VOC's palette pictures of classes and of objects, the list of the pictures, and the
 * classes with their colours as CVAT and Datumaro read them.
 */
final class VocWriter extends FormatWriter {

  static final String CLASS = "SegmentationClass";
  static final String OBJECT = "SegmentationObject";
  static final String LABEL_MAP = "labelmap.txt";

  /** 0 is background, 255 what is not counted. */
  private static final int MOST = 254;

  private final Spool list;

  VocWriter(Path folder) throws IOException {
    super(folder);
    list = new Spool(folder, "\n");
  }

  /** VOC's palette: the bits of an index, lowest first, are the highest of red, green and blue. */
  static int[] palette() {
    int[] palette = new int[256];
    for (int i = 0; i < palette.length; i++) {
      int rgb = 0;
      for (int bit = 0; bit < 8; bit++) {
        int channel = 8 * (2 - bit % 3);
        rgb |= (i >> bit & 1) << (7 - bit / 3) << channel;
      }
      palette[i] = 0xFF000000 | rgb;
    }
    return palette;
  }

  @Override
  void write(Source source, Segmentation segmentation) throws IOException {
    if (names().size() > MOST) {
      throw new IllegalArgumentException(
          "VOC's label pictures hold "
              + MOST
              + " classes, not "
              + names().size()
              + "; "
              + AnnotationFormat.LABELS
              + " holds more");
    }
    int width = segmentation.width();
    int height = segmentation.height();
    int[] labels = labels(segmentation);
    byte[] classes = new byte[labels.length];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = (byte) labels[i];
    }
    List<Segment> segments = segments(segmentation);
    notes.add("objects left out, as a picture holds " + MOST, segments.size() - MOST);
    byte[] objects = new byte[labels.length];
    Mask covered = Mask.empty(width, height);
    int object = 0;
    for (Segment segment : segments.subList(0, Math.min(MOST, segments.size()))) {
      byte index = (byte) ++object;
      notes.add("pixels of objects under others left out", segment.mask().intersection(covered));
      segment.mask().andNot(covered).forEach((x, y) -> objects[y * width + x] = index);
      covered = covered.or(segment.mask());
    }
    write(CLASS, source, Picture.indexed(width, height, classes, palette()));
    write(OBJECT, source, Picture.indexed(width, height, objects, palette()));
    list.append(source.stem());
  }

  private void write(String kind, Source source, Picture picture) throws IOException {
    WholeFile.write(folder.resolve(kind).resolve(source.stem() + ".png"), picture.toPng());
  }

  @Override
  void complete() throws IOException {
    WholeFile.write(
        folder.resolve("ImageSets").resolve("Segmentation").resolve("default.txt"),
        unfinished -> {
          try (OutputStream out = Files.newOutputStream(unfinished)) {
            list.copyTo(out);
            out.write('\n');
          }
        });
    int[] palette = palette();
    WholeFile.writeText(
        folder.resolve(LABEL_MAP),
        writer -> {
          writer.write("# label:color_rgb:parts:actions\n" + entry("background", palette[0]));
          Iterator<String> each = names().iterator();
          for (int label = 1; each.hasNext(); label++) {
            String name = each.next();
            String plain = line(name).replace(':', '_');
            notes.add("names changed for labelmap.txt", plain.equals(name) ? 0 : 1);
            writer.write(entry(plain, palette[label]));
          }
        });
  }

  private static String entry(String name, int rgb) {
    return String.format(
        Locale.ROOT, "%s:%d,%d,%d::\n", name, rgb >> 16 & 0xFF, rgb >> 8 & 0xFF, rgb & 0xFF);
  }

  @Override
  public void close() throws IOException {
    list.close();
  }
}
