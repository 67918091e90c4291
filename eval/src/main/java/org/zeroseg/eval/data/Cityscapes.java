package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset.Item;

/** Cityscapes in three settings, all read from {@code *_gtFine_labelIds.png}. */
final class Cityscapes {

  private static final int IGNORE = 255;
  private static final int LICENCE_PLATE = -1; // 255 when read as a byte

  private Cityscapes() {}

  /**
   * NamedMask's setting: 14 objects, anything else, void too, is background; nothing ignored.
   *
   * @param folder with {@code leftImg8bit} and {@code gtFine}
   * @param split train or val
   * @return 15 labels
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without labels and labels without picture
   */
  public static SemanticDataset objects(Path folder, String split) throws IOException {
    return open(folder, split, Vocabularies.cityscapesObjects(), 1, -1, objectLabels());
  }

  /**
   * ReCo's setting: 27 classes, label = id - 7, smaller ids ignored.
   *
   * @param folder with {@code leftImg8bit} and {@code gtFine}
   * @param split train or val
   * @return 27 labels from 0
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without labels and labels without picture
   */
  public static SemanticDataset classes27(Path folder, String split) throws IOException {
    int[] labels = new int[34];
    for (int id = 0; id < labels.length; id++) {
      labels[id] = id < 7 ? IGNORE : id - 7;
    }
    return open(folder, split, Vocabularies.cityscapes27(), 0, IGNORE, labels);
  }

  /**
   * The official setting: 19 classes.
   *
   * @param folder with {@code leftImg8bit} and {@code gtFine}
   * @param split train or val
   * @return 19 labels from 0
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without labels and labels without picture
   */
  public static SemanticDataset classes19(Path folder, String split) throws IOException {
    int[] labels = Vocabularies.cityscapesLabels(2, IGNORE);
    return open(folder, split, Vocabularies.cityscapes19(), 0, IGNORE, labels);
  }

  /** The object label of every id. */
  static int[] objectLabels() {
    return Vocabularies.cityscapesLabels(3, 0);
  }

  private static SemanticDataset open(
      Path folder, String split, Vocabulary vocabulary, int first, int ignore, int[] labels)
      throws IOException {
    Path images = folder.resolve("leftImg8bit").resolve(split);
    Path truths = folder.resolve("gtFine").resolve(split);
    String imageEnding = "_leftImg8bit.png";
    String truthEnding = "_gtFine_labelIds.png";
    List<Item> items =
        DataFiles.pairs(
                images,
                imageEnding,
                file -> cut(images, file, imageEnding),
                truths,
                truthEnding,
                file -> cut(truths, file, truthEnding))
            .stream()
            .map(pair -> SemanticDataset.item(pair, file -> read(file, labels, ignore)))
            .toList();
    return new SemanticDataset("Cityscapes " + split, vocabulary, first, ignore, items);
  }

  private static String cut(Path folder, Path file, String ending) {
    String path = folder.relativize(file).toString().replace('\\', '/');
    return path.substring(0, path.length() - ending.length());
  }

  private static LabelMap read(Path file, int[] labels, int ignore) throws IOException {
    return label(LabelMap.read(file), labels, ignore, file);
  }

  /** Turns ids into labels. */
  static LabelMap label(LabelMap ids, int[] labels, int ignore, Path file) {
    return ids.map(
        id -> {
          if (id == (LICENCE_PLATE & 0xff)) {
            return Math.max(ignore, 0);
          }
          if (id < 0 || id >= labels.length) {
            throw new InvalidDataException(
                file, "id " + id + "; there are 0 to " + (labels.length - 1));
          }
          return labels[id];
        });
  }
}
