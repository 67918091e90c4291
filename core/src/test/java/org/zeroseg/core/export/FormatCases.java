package org.zeroseg.core.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;

/**
 * Pictures with segments of every kind: holes, several parts, parts in holes, corners that touch.
 */
final class FormatCases {

  static final List<String> NAMES = List.of("cat", "a \"b\", <c> & d: é", "sofa");

  private FormatCases() {}

  /** A ring with an island in it, and a square apart. */
  static Mask ring(int width, int height) {
    return Mask.of(
        width,
        height,
        (x, y) -> {
          int d = Math.max(Math.abs(x - 10), Math.abs(y - 10));
          return d < 3 || (d > 5 && d < 9) || (x > 24 && x < 29 && y > 3 && y < 7);
        });
  }

  static Mask noise(int width, int height, double share, long seed) {
    Random random = new Random(seed);
    boolean[] pixels = new boolean[width * height];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextDouble() < share;
    }
    return Mask.of(width, height, pixels);
  }

  /** Segments that do not overlap, so that label maps hold them, too. */
  static Map<String, Segmentation> pictures() {
    Map<String, Segmentation> pictures = new LinkedHashMap<>();
    Mask ring = ring(37, 23);
    Mask noise = noise(37, 23, .5, 1).andNot(ring);
    pictures.put(
        "a.png",
        Segmentation.ofSegments(
            37,
            23,
            NAMES,
            List.of(
                Segment.of(2, NAMES.get(1), .75, noise), Segment.of(1, NAMES.get(0), .5, ring))));
    pictures.put("deep/er/a.png", Segmentation.ofSegments(5, 4, NAMES, List.of()));
    Mask all = Mask.empty(70, 3).not();
    pictures.put(
        "deep/b.png",
        Segmentation.ofSegments(70, 3, NAMES, List.of(Segment.of(3, NAMES.get(2), 1, all))));
    return pictures;
  }

  /** Writes all, with black pictures in a folder. */
  static SortedMap<String, Long> write(AnnotationFormat format, Path folder, Path photos)
      throws IOException {
    try (AnnotationWriter writer = format.open(folder)) {
      for (Map.Entry<String, Segmentation> each : pictures().entrySet()) {
        Segmentation found = each.getValue();
        Path photo = photos.resolve(each.getKey());
        Picture.of(
                PixelFormat.GREY,
                found.width(),
                found.height(),
                new byte[found.width() * found.height()])
            .writePng(photo);
        writer.add(each.getKey(), photo, found);
      }
      return writer.finish();
    }
  }

  static Map<String, Segmentation> read(AnnotationFormat format, Path folder, Path photos)
      throws IOException {
    Map<String, Segmentation> read = new LinkedHashMap<>();
    format.read(folder, photos, (name, picture, found) -> read.put(name, found));
    return read;
  }
}
