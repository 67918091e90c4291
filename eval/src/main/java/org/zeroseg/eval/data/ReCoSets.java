package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Preprocessing;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset.Item;

/**
 * Data sets as ReCo is measured on them (Shin et al. 2022, released code): squares of 320 pixels of
 * Cityscapes and COCO-Stuff, and whole frames of KITTI-STEP.
 */
final class ReCoSets {

  private static final int IGNORE = 255;
  private static final int SIDE = 320;

  /** Pictures, too, are resized to the nearest pixel. */
  private static final Preprocessing SQUARE =
      new Preprocessing(
          SIDE, Filter.NEAREST, true, Preprocessing.CropRounding.HALF_EVEN, Normalization.IMAGENET);

  private ReCoSets() {}

  /**
   * Cityscapes' 27 classes on squares: the shorter side of picture and labels becomes 320, and the
   * middle is cut out.
   *
   * @param folder with {@code leftImg8bit} and {@code gtFine}
   * @param split train or val
   * @return 27 labels from 0
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without labels and labels without picture
   */
  static SemanticDataset cityscapes(Path folder, String split) throws IOException {
    SemanticDataset whole = Cityscapes.classes27(folder, split);
    List<Item> items = new ArrayList<>();
    for (Item item : whole) {
      items.add(square(item.name(), item.image(), item.source(), item::truth, Optional.empty()));
    }
    return new SemanticDataset("ReCo's Cityscapes " + split, whole.vocabulary(), 0, IGNORE, items);
  }

  private static Item square(
      String name,
      Path image,
      Path source,
      SemanticDataset.Truth truth,
      Optional<Vocabulary> words) {
    return new Item(name, image, source, () -> square(truth.read()), words, SQUARE::square);
  }

  private static LabelMap square(LabelMap labels) {
    return labels.square(SIDE, LabelMap.Nearest.CENTRE);
  }

  /**
   * COCO-Stuff's 27 coarse classes on squares, asked for by the words of their fine classes.
   *
   * @param folder with {@code images}, {@code annotations} and {@code curated}
   * @return 27 labels from 0
   * @throws IOException if a list cannot be read
   */
  static SemanticDataset cocoStuff(Path folder) throws IOException {
    List<Item> items = new ArrayList<>();
    for (String name :
        DataFiles.lines(folder.resolve("curated/val2017/Coco164kFull_Stuff_Coarse.txt"))) {
      Path truth = folder.resolve("annotations/val2017").resolve(name + ".png");
      items.add(
          square(
              name,
              folder.resolve("images/val2017").resolve(name + ".jpg"),
              truth,
              () -> LabelMap.read(truth).map(label -> coarse(label, truth)),
              Optional.of(fineWords())));
    }
    return cocoStuff("val", items);
  }

  /**
   * The training list of COCO-Stuff 10K in the same classes, which ReCo+ learns from.
   *
   * @param folder with {@code images}, {@code annotations} and {@code imageLists}
   * @return 27 labels from 0
   * @throws IOException if the list cannot be read
   */
  static SemanticDataset cocoStuff10k(Path folder) throws IOException {
    List<Item> items = new ArrayList<>();
    for (String name : DataFiles.lines(folder.resolve("imageLists/train.txt"))) {
      Path truth = folder.resolve("annotations").resolve(name + ".mat");
      items.add(
          square(
              name,
              folder.resolve("images").resolve(name + ".jpg"),
              truth,
              () ->
                  MatFile.read(truth, "S")
                      .map(label -> label == 0 ? IGNORE : coarse(label - 1, truth)),
              Optional.of(fineWords())));
    }
    return cocoStuff("10K train", items);
  }

  private static SemanticDataset cocoStuff(String split, List<Item> items) {
    Vocabulary coarse = Vocabulary.of(Vocabularies.cocoStuffCoarse().toArray(String[]::new));
    return new SemanticDataset("ReCo's COCO-Stuff " + split, coarse, 0, IGNORE, items);
  }

  private static int coarse(int label, Path file) {
    if (label == IGNORE) {
      return IGNORE;
    }
    int[] labels = Vocabularies.cocoStuffTargetToCoarse();
    if (label < 0 || label >= labels.length) {
      throw new InvalidDataException(
          file, "label " + label + "; there are 0 to " + (labels.length - 1));
    }
    return labels[label];
  }

  /** For each coarse class the words of its fine ones. */
  private static Vocabulary fineWords() {
    List<String> fine = Vocabularies.cocoStuff().names();
    int[] coarse = Vocabularies.cocoStuffFineToCoarse();
    return Vocabulary.of(
        IntStream.range(0, Vocabularies.cocoStuffCoarse().size())
            .mapToObj(
                label ->
                    IntStream.range(0, coarse.length)
                        .filter(i -> coarse[i] == label)
                        .mapToObj(fine::get)
                        .toList())
            .map(words -> new Vocabulary.Category(words.get(0), words.subList(1, words.size())))
            .toList());
  }

  /**
   * KITTI-STEP's 19 classes on whole frames.
   *
   * @param folder with {@code train}, {@code val} and {@code panoptic_maps}
   * @param split train or val
   * @return 19 labels from 0
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming frames without labels and labels without frame
   */
  static SemanticDataset kittiStep(Path folder, String split) throws IOException {
    Path images = folder.resolve(split);
    List<Item> items =
        DataFiles.pairs(
                images,
                folder.resolve("panoptic_maps").resolve(split),
                ".png",
                file -> DataFiles.stem(images.relativize(file).toString()))
            .stream()
            .map(pair -> SemanticDataset.item(pair, ReCoSets::firstChannel))
            .toList();
    return new SemanticDataset(
        "KITTI-STEP " + split, Vocabularies.cityscapes19(), 0, IGNORE, items);
  }

  /** The class; the other channels tell objects apart. */
  private static LabelMap firstChannel(Path file) throws IOException {
    Picture picture = Picture.readAsStored(file).rgb();
    byte[] samples = picture.samples();
    int[] labels = new int[picture.width() * picture.height()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = samples[3 * i] & 0xff;
    }
    return LabelMap.of(picture.width(), picture.height(), labels);
  }
}
