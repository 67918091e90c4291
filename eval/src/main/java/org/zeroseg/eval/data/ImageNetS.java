package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset.Item;
import org.zeroseg.eval.semantic.ImageNetSEvaluator;

/** ImageNet-S 50, 300 and 919: label 0 for other things, 1000 ignored. */
final class ImageNetS {

  private static final int LONGEST_SIDE = 1024; // NoelShin/namedmask and zutis, ImageNetSDataset

  private ImageNetS() {}

  /**
   * Opens a split. The test split has no public truth: reading it fails, its pictures can be
   * segmented and the result written by {@link LabelMap#write} for the server.
   *
   * @param folder {@code ImageNetS50}, {@code ImageNetS300} or {@code ImageNetS919}
   * @param classes 50, 300 or 919
   * @param split validation, train-semi or test
   * @return pictures in code-point order of their paths
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without mask and masks without picture
   */
  public static SemanticDataset open(Path folder, int classes, String split) throws IOException {
    Path images = folder.resolve(split);
    Path truths = folder.resolve(split + "-segmentation");
    DataFiles.Naming naming = file -> DataFiles.stem(images.relativize(file).toString());
    List<Item> items =
        split.equals("test") && !Files.isDirectory(truths)
            ? DataFiles.files(images, "", naming).entrySet().stream()
                .map(entry -> withoutTruth(entry.getKey(), entry.getValue(), truths))
                .toList()
            : DataFiles.pairs(images, truths, ".png", naming).stream()
                .map(pair -> SemanticDataset.item(pair, LabelMap::readRedGreen))
                .toList();
    return new SemanticDataset(
        "ImageNet-S" + classes + " " + split,
        Vocabularies.imageNetS(classes),
        1,
        ImageNetSEvaluator.IGNORE,
        items);
  }

  private static Item withoutTruth(String name, Path image, Path truths) {
    return new Item(
        name,
        image,
        truths,
        () -> {
          throw new InvalidDataException(truths, "the truth of the test split is not public");
        });
  }

  /**
   * The size at which the methods see a picture: its longer side limited to 1024. The truth keeps
   * its size.
   *
   * @param width of the picture
   * @param height of the picture
   * @return the same, or smaller
   */
  public static Sizes networkSize(int width, int height) {
    long longest = Math.max(width, height);
    long limit = Math.min(longest, LONGEST_SIDE);
    return new Sizes(
        width, height, (int) (width * limit / longest), (int) (height * limit / longest));
  }
}
