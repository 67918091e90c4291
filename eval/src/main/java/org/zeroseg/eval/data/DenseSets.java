package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset.Item;

/**
 * Data sets as methods are compared on that label every pixel by CLIP alone: VOC 20, Context 59,
 * COCO-Object, COCO-Stuff, ADE20K.
 */
final class DenseSets {

  private static final int IGNORE = 255;

  /** Numbers of COCO's label pictures that no class has, from 0. */
  private static final List<Integer> HOLES = List.of(11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90);

  private static final int STUFF_CLASSES = 171;

  private DenseSets() {}

  /**
   * A set whose background is ignored: label k becomes k - 1.
   *
   * @param set with background
   * @param name what the result is called
   * @return the same pictures
   */
  static SemanticDataset withoutBackground(SemanticDataset set, String name) {
    int classes = set.vocabulary().size();
    return mapped(set, name, set.vocabulary(), 0, v -> v < 1 || v > classes ? IGNORE : v - 1);
  }

  private static SemanticDataset mapped(
      SemanticDataset set, String name, Vocabulary vocabulary, int first, IntUnaryOperator label) {
    List<Item> items = new ArrayList<>();
    for (Item item : set) {
      items.add(new Item(item.name(), item.image(), item.source(), () -> item.truth().map(label)));
    }
    return new SemanticDataset(name, vocabulary, first, IGNORE, items);
  }

  /**
   * COCO's things on the label pictures of COCO-Stuff: whatever is no thing is background, what has
   * no label, too.
   *
   * @param folder with {@code val2017} and {@code stuffthingmaps/val2017}
   * @return 81 labels, nothing ignored
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without labels and labels without picture
   */
  static SemanticDataset cocoObject(Path folder) throws IOException {
    List<Long> ids = Vocabularies.cocoIds();
    int[] labels = new int[256];
    for (int i = 0; i < ids.size(); i++) {
      labels[ids.get(i).intValue() - 1] = i + 1;
    }
    return pictures(
        folder.resolve("val2017"),
        folder.resolve("stuffthingmaps/val2017"),
        "COCO-Object val2017",
        Vocabularies.coco(),
        1,
        -1,
        labels);
  }

  /**
   * COCO-Stuff's 171 classes.
   *
   * @param folder with {@code val2017} and {@code stuffthingmaps/val2017}
   * @return 171 labels from 0, 255 ignored
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without labels and labels without picture
   */
  static SemanticDataset cocoStuff(Path folder) throws IOException {
    int[] labels = new int[256];
    int next = 0;
    for (int value = 0; value < labels.length; value++) {
      boolean known = next < STUFF_CLASSES && !HOLES.contains(value);
      labels[value] = known ? next++ : IGNORE;
    }
    return pictures(
        folder.resolve("val2017"),
        folder.resolve("stuffthingmaps/val2017"),
        "COCO-Stuff val2017",
        Vocabularies.cocoStuff(),
        0,
        IGNORE,
        labels);
  }

  /**
   * ADE20K's 150 classes, as the scene parsing challenge has them.
   *
   * @param folder {@code ADEChallengeData2016}
   * @return 150 labels from 0; what has none of them is ignored
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without labels and labels without picture
   */
  static SemanticDataset ade20k(Path folder) throws IOException {
    Vocabulary words = Vocabularies.dense("ade20k", "sclip");
    int[] labels = new int[256];
    for (int value = 0; value < labels.length; value++) {
      labels[value] = value < 1 || value > words.size() ? IGNORE : value - 1;
    }
    return pictures(
        folder.resolve("images/validation"),
        folder.resolve("annotations/validation"),
        "ADE20K validation",
        words,
        0,
        IGNORE,
        labels);
  }

  private static SemanticDataset pictures(
      Path images,
      Path truths,
      String name,
      Vocabulary vocabulary,
      int first,
      int ignore,
      int[] labels)
      throws IOException {
    List<Item> items =
        DataFiles.pairs(
                images, truths, ".png", file -> DataFiles.stem(file.getFileName().toString()))
            .stream()
            .map(pair -> SemanticDataset.item(pair, file -> read(file, labels)))
            .toList();
    return new SemanticDataset(name, vocabulary, first, ignore, items);
  }

  private static LabelMap read(Path file, int[] labels) throws IOException {
    return LabelMap.read(file)
        .map(
            value -> {
              if (value < 0 || value >= labels.length) {
                throw new InvalidDataException(
                    file, "value " + value + "; there are 0 to " + (labels.length - 1));
              }
              return labels[value];
            });
  }
}
