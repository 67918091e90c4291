package org.zeroseg.core.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.WholeFile;

/** Pictures of labels: with a palette up to 255 categories, 16 bits of grey beyond. */
final class LabelsWriter extends FormatWriter {

  static final String CLASSES = "classes.txt";
  static final String BACKGROUND = "background";

  LabelsWriter(Path folder) throws IOException {
    super(folder);
  }

  @Override
  void write(Source source, Segmentation segmentation) throws IOException {
    Set<Integer> present = new HashSet<>();
    for (Segment segment : segments(segmentation)) {
      notes.add(
          "objects joined with others of their category",
          present.add(label(segmentation, segment)) ? 0 : 1);
    }
    byte[] png =
        Segmentation.of(
                segmentation.width(),
                segmentation.height(),
                names(),
                labels(segmentation),
                List.of())
            .toLabelPng();
    WholeFile.write(file(source, ".png"), png);
  }

  @Override
  void complete() throws IOException {
    WholeFile.writeText(
        folder.resolve(CLASSES),
        writer -> {
          writer.write(BACKGROUND + "\n");
          for (String name : names()) {
            writer.write(line(name) + "\n");
          }
        });
  }
}
