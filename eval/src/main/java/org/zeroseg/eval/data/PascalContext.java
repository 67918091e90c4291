package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset.Item;

/** PASCAL Context: pictures of VOC 2010 with a label for nearly every pixel. */
final class PascalContext {

  private static final int UNKNOWN = 431; // left out of evaluation
  private static final int IGNORE = 65_535;
  private static final Classes CLASSES_59 =
      new Classes("PASCAL Context 59", Vocabularies.pascalContext59(), -1, 0);

  private PascalContext() {}

  /**
   * The 59 frequent classes, anything else background; read from the full labels.
   *
   * @param images {@code JPEGImages} of VOC 2010
   * @param labels folder of {@code <name>.mat}
   * @param list names of the split, one a line; empty for every matrix in the folder
   * @return 60 labels
   * @throws IOException if a folder or list cannot be read
   * @throws InvalidDataException naming what is missing
   */
  public static SemanticDataset classes59(Path images, Path labels, Optional<Path> list)
      throws IOException {
    return open(CLASSES_59, images, labels, ".mat", list, file -> to59(read(file)));
  }

  /**
   * All 459 classes; "unknown" is ignored.
   *
   * @param images {@code JPEGImages} of VOC 2010
   * @param labels folder of {@code <name>.mat}
   * @param list names of the split, one a line; empty for every matrix in the folder
   * @return 460 labels, of which 0 does not occur
   * @throws IOException if a folder or list cannot be read
   * @throws InvalidDataException naming what is missing
   */
  public static SemanticDataset classes459(Path images, Path labels, Optional<Path> list)
      throws IOException {
    Classes classes =
        new Classes("PASCAL Context 459", Vocabularies.pascalContext459(), IGNORE, UNKNOWN);
    return open(
        classes,
        images,
        labels,
        ".mat",
        list,
        file -> read(file).map(id -> id == UNKNOWN ? IGNORE : id));
  }

  /**
   * The full labels of a picture.
   *
   * @param file a MATLAB level 5 file with the matrix {@code LabelMap}
   * @return ids 1 to 459
   * @throws IOException if the file cannot be read
   * @throws InvalidDataException if it is no such file
   */
  public static LabelMap read(Path file) throws IOException {
    return MatFile.read(file, "LabelMap");
  }

  /**
   * Reduces full labels to the 59 frequent classes.
   *
   * @param full ids 1 to 459
   * @return labels 1 to 59, 0 for the rest
   */
  public static LabelMap to59(LabelMap full) {
    int[] labels = Vocabularies.pascalContextTo59();
    return full.map(id -> id >= 0 && id < labels.length ? labels[id] : 0);
  }

  /**
   * The 59 frequent classes out of label pictures that were converted before, {@code
   * SegmentationClassContext}: 1 to 59, 0 for the rest.
   *
   * @param images {@code JPEGImages} of VOC 2010
   * @param labels folder of {@code <name>.png}
   * @param list names of the split, one a line; empty for every label picture in the folder
   * @return 60 labels
   * @throws IOException if a folder or list cannot be read
   * @throws InvalidDataException naming what is missing
   */
  public static SemanticDataset converted59(Path images, Path labels, Optional<Path> list)
      throws IOException {
    return open(CLASSES_59, images, labels, ".png", list, LabelMap::read);
  }

  /** What a set is called, its categories, and what stands for pixels of none. */
  private record Classes(String name, Vocabulary vocabulary, int ignore, int unknown) {}

  private static SemanticDataset open(
      Classes classes,
      Path images,
      Path labels,
      String ending,
      Optional<Path> list,
      SemanticDataset.TruthFile reader)
      throws IOException {
    Map<String, Path> truths =
        DataFiles.files(labels, ending, file -> DataFiles.stem(file.getFileName().toString()));
    List<String> names =
        list.isPresent() ? DataFiles.lines(list.get()) : List.copyOf(truths.keySet());
    List<String> problems = new ArrayList<>();
    List<Item> items = new ArrayList<>();
    for (String picture : names) {
      Path image = images.resolve(picture + ".jpg");
      Path truth = truths.getOrDefault(picture, labels.resolve(picture + ending));
      for (Path file : List.of(image, truth)) {
        if (!Files.isRegularFile(file)) {
          problems.add("there is no " + file);
        }
      }
      items.add(new Item(picture, image, truth, () -> reader.read(truth)));
    }
    if (!problems.isEmpty()) {
      throw new InvalidDataException(labels.toString(), problems);
    }
    return new SemanticDataset(
        classes.name(),
        classes.vocabulary(),
        1,
        classes.ignore(),
        Set.of(classes.unknown()),
        items);
  }
}
