package org.zeroseg.examples;

import ai.djl.modality.cv.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zutis.Zutis;

/** ZUTIS on a crowded scene: every instance that words name, also where objects overlap. */
public final class InstancesByWords {

  private InstancesByWords() {}

  /**
   * Finds the instances of a crowded scene, or of a picture of one's own.
   *
   * @param arguments none, or a ZUTIS network such as {@code coco_vit_b_16.pt}, the CLIP that it
   *     was trained from, a picture, and words
   * @throws IOException if a file cannot be read or the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Image image;
    Vocabulary words;
    if (arguments.length > 3) {
      image = Picture.read(Path.of(arguments[2])).rgb().toImage();
      words = Vocabulary.of(Arrays.copyOfRange(arguments, 3, arguments.length));
    } else {
      Scene scene = new ShapeWorld(22, 128, 4, 6, Split.ALL).scene(28);
      image = scene.image();
      words =
          Vocabulary.of(
              scene.categories().stream().map(Category::words).distinct().toArray(String[]::new));
    }
    Path overlay = Path.of("zeroseg-out", "instances-by-words.png");
    try (Zutis zutis = ZutisModels.open(arguments, Zutis.Answer.INSTANCES)) {
      Segmentation result = zutis.segment(image, words);
      for (Segment segment : result.segments()) {
        System.out.printf(
            Locale.ROOT, "%s: score %.3f, %s%n", segment.name(), segment.score(), segment.box());
      }
      result.writeOverlay(overlay, image);
    }
    System.out.println("Picture: " + overlay);
  }
}
