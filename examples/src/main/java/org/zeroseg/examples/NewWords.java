package org.zeroseg.examples;

import ai.djl.modality.cv.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zutis.Zutis;

/** New words without retraining: ZUTIS finds combinations that it was not trained on. */
public final class NewWords {

  private static final int SCENES = 4;

  private NewWords() {}

  /**
   * Finds things whose names were no category of the training, by those names.
   *
   * @param arguments none, or a ZUTIS network and the CLIP that it was trained from
   * @throws IOException if a model cannot be read or the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    List<Sheet.Tile> tiles = new ArrayList<>();
    try (Zutis zutis = ZutisModels.open(arguments, Zutis.Answer.REGIONS)) {
      ShapeWorld world = new ShapeWorld(22, 128, 2, 2, Split.UNSEEN);
      for (int i = 0; i < SCENES; i++) {
        Scene scene = world.scene(i);
        Image image = scene.image();
        Picture picture = Picture.of(image);
        tiles.add(new Sheet.Tile(picture.toBufferedImage(), "scene " + i));
        for (Category category : scene.categories()) {
          List<Segment> found = zutis.segment(image, Vocabulary.of(category.words())).segments();
          BufferedImage cut =
              Maps.cut(
                  picture,
                  found.isEmpty()
                      ? Mask.empty(picture.width(), picture.height())
                      : found.get(0).mask());
          System.out.printf(
              "scene %d, %s: %s%n",
              i, category.words(), found.isEmpty() ? "nothing" : found.get(0).box());
          tiles.add(new Sheet.Tile(cut, category.words()));
        }
      }
    }
    Sheet.write(Path.of("zeroseg-out", "new-words.png"), tiles, 3, 128);
  }
}
