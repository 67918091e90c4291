package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset.Item;

/** PASCAL VOC 2012 segmentation: 21 labels, 255 ignored (borders and difficult objects). */
final class Voc2012 {

  private Voc2012() {}

  /**
   * Opens a split.
   *
   * @param folder {@code VOCdevkit/VOC2012}
   * @param split train, val, or trainval: the sorted union of both
   * @return pictures in the order of the split's list
   * @throws IOException if a list cannot be read
   * @throws InvalidDataException naming listed pictures or masks that are missing
   */
  public static SemanticDataset open(Path folder, String split) throws IOException {
    List<String> names =
        split.equals("trainval")
            ? Stream.concat(names(folder, "train").stream(), names(folder, "val").stream())
                .sorted()
                .distinct()
                .toList()
            : names(folder, split);
    List<String> problems = new ArrayList<>();
    List<Item> items = new ArrayList<>();
    for (String name : names) {
      Path image = folder.resolve("JPEGImages").resolve(name + ".jpg");
      Path mask = folder.resolve("SegmentationClass").resolve(name + ".png");
      for (Path file : List.of(image, mask)) {
        if (!Files.isRegularFile(file)) {
          problems.add(split + " lists " + name + ", but there is no " + file);
        }
      }
      items.add(new Item(name, image, mask, () -> LabelMap.read(mask)));
    }
    if (!problems.isEmpty()) {
      throw new InvalidDataException(folder.toString(), problems);
    }
    return new SemanticDataset("VOC2012 " + split, Vocabularies.voc2012(), 1, 255, items);
  }

  private static List<String> names(Path folder, String split) throws IOException {
    Path list = folder.resolve("ImageSets/Segmentation").resolve(split + ".txt");
    // The reference reads the list as CSV and takes the first field.
    return DataFiles.lines(list).stream().map(line -> line.replaceFirst("[,\\s].*", "")).toList();
  }
}
