package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset.Item;

/** CoCA: one category a picture, named by its folder; 81 labels, nothing ignored. */
final class Coca {

  private static final int SET = 128; // half of 255: masks are black and white

  private Coca() {}

  /**
   * Opens the set. A pixel of the mask belongs to the category from half of white on.
   *
   * @param folder with {@code image} and {@code binary}
   * @return pictures in code-point order of their paths
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without mask and masks without picture
   */
  public static SemanticDataset open(Path folder) throws IOException {
    return open(folder, false);
  }

  /**
   * Opens the set as NamedMask reads it: only 255 becomes the category's label, other values stay,
   * and so drop out of evaluation or count as another category.
   *
   * @param folder with {@code image} and {@code binary}
   * @return pictures in code-point order of their paths
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without mask and masks without picture
   */
  public static SemanticDataset openUnrounded(Path folder) throws IOException {
    return open(folder, true);
  }

  private static SemanticDataset open(Path folder, boolean unrounded) throws IOException {
    Path images = folder.resolve("image");
    List<String> names = Vocabularies.coca().names();
    List<Item> items =
        DataFiles.pairs(
                images,
                folder.resolve("binary"),
                ".png",
                file -> DataFiles.stem(images.relativize(file).toString()))
            .stream()
            .map(
                pair -> {
                  String category = pair.name().replaceFirst("/[^/]*$", "");
                  int label = names.indexOf(category) + 1;
                  if (label == 0) {
                    throw new InvalidDataException(
                        pair.image(), "its folder '" + category + "' is no category of CoCA");
                  }
                  return SemanticDataset.item(pair, file -> read(file, label, unrounded));
                })
            .toList();
    return new SemanticDataset("CoCA", Vocabularies.coca(), 1, -1, items);
  }

  private static LabelMap read(Path file, int label, boolean unrounded) throws IOException {
    return LabelMap.readGrey(file)
        .map(
            value -> {
              if (unrounded) {
                return value == 255 ? label : value;
              }
              return value >= SET ? label : 0;
            });
  }
}
