package org.zeroseg.core.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;

/** Reads pictures of labels: a segment for each category that has pixels. */
final class LabelsReader {

  private static final String ENDING = ".png";

  private LabelsReader() {}

  static void read(Path from, Path pictures, AnnotationSink sink) throws IOException {
    List<String> lines = TextFile.lines(from.resolve(LabelsWriter.CLASSES));
    if (lines.isEmpty()) {
      throw new InvalidDataException(
          from.resolve(LabelsWriter.CLASSES), "expected 'background' and the categories' names");
    }
    List<String> names = lines.subList(1, lines.size());
    for (Path file : DataFolder.files(from, name -> name.endsWith(ENDING))) {
      LabelMap map = LabelMap.read(file);
      int[] labels = map.labels();
      short[] compact = new short[labels.length];
      for (int i = 0; i < labels.length; i++) {
        if (labels[i] > names.size()) {
          throw new InvalidDataException(
              file, "label " + labels[i] + ", but there are " + names.size() + " categories");
        }
        compact[i] = (short) labels[i];
      }
      Raster raster = new Raster(map.width(), map.height(), names);
      for (Map.Entry<Integer, Mask> each :
          Mask.ofLabels(map.width(), map.height(), compact).entrySet()) {
        raster.add(each.getKey(), 1, each.getValue());
      }
      hand(from, file, pictures, raster.segmentation(), sink);
    }
  }

  /** With the picture that is called so, or as what the labels lie in is. */
  static void hand(
      Path from, Path file, Path pictures, Segmentation segmentation, AnnotationSink sink)
      throws IOException {
    String own = DataFolder.name(from, file);
    String stem = own.substring(0, own.length() - DataFolder.ending(own).length());
    Optional<Path> picture = DataFolder.picture(pictures, stem);
    if (picture.isPresent()) {
      sink.add(DataFolder.name(pictures, picture.get()), picture.get(), segmentation);
    } else {
      sink.add(stem + ".png", pictures.resolve(stem + ".png"), segmentation);
    }
  }
}
