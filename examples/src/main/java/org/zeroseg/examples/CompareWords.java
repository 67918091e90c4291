package org.zeroseg.examples;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** CLIP's vectors of pictures and of words, and the cosines between them. */
public final class CompareWords {

  private CompareWords() {}

  /**
   * Shows pictures of eight categories with the words that fit each best and second best.
   *
   * @param arguments none
   * @throws IOException if the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    List<Category> categories = Category.all();
    List<String> words = categories.stream().map(Category::words).toList();
    List<Sheet.Tile> tiles = new ArrayList<>();
    try (Clip clip = DemoModels.clip()) {
      ShapeWorld world = new ShapeWorld(2, clip.config().image().inputSize(), 1, 1, Split.ALL);
      float[][] texts = clip.textEmbeddings().classifier(words, PromptTemplates.of("a {}"));
      for (int i = 0; i < categories.size(); i += 9) { // another look and another shape each
        BufferedImage picture =
            Picture.of(world.scene(i, categories.get(i)).image()).toBufferedImage();
        float[] image = TextEmbeddings.unit(clip.encodeImages(List.of(Picture.of(picture)))[0]);
        int best = best(image, texts, -1);
        int second = best(image, texts, best);
        System.out.println(words.get(i) + ": " + words.get(best) + ", then " + words.get(second));
        tiles.add(new Sheet.Tile(picture, words.get(best)));
      }
    }
    Sheet.write(Path.of("zeroseg-out", "compare-words.png"), tiles, 4, 128);
  }

  private static int best(float[] image, float[][] texts, int except) {
    int best = -1;
    float highest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < texts.length; i++) {
      float cosine = 0;
      for (int d = 0; d < image.length; d++) {
        cosine += image[d] * texts[i][d];
      }
      if (i != except && cosine > highest) {
        highest = cosine;
        best = i;
      }
    }
    return best;
  }
}
