package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zsi.Zsi;

/**
 * A word at run time: ZSI looks for anything that has a word vector. Here looks and shapes by
 * themselves, which are no classes of the network, seen or unseen.
 */
public final class AddAWord {

  private static final double SURE = 0.3;

  private AddAWord() {}

  /**
   * Finds what words call in a scene.
   *
   * @param arguments words of ShapeWorld, such as {@code star} or {@code striped}
   * @throws IOException if the model cannot be read or the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    List<String> words =
        arguments.length > 0 ? List.of(arguments) : List.of("triangle", "cross", "blue", "green");
    Picture picture = Picture.of(new ShapeWorld(28, 128, 2, 3, Split.ALL).scene(23).image());
    List<Sheet.Tile> tiles = new ArrayList<>();
    tiles.add(new Sheet.Tile(picture.toBufferedImage(), "the scene"));
    try (Zsi zsi = DemoModels.zsi(Zsi.builder().distinct(true))) {
      for (String word : words) {
        Vocabulary asked = Vocabulary.of(word).withBackgroundThreshold(SURE);
        Segmentation found = zsi.segment(List.of(picture), asked).get(0);
        found
            .segments()
            .forEach(
                one ->
                    System.out.printf(
                        Locale.ROOT, "%s: score %.2f, %s%n", word, one.score(), one.box()));
        Mask all =
            found.segments().stream()
                .map(Segment::mask)
                .reduce(Mask.empty(picture.width(), picture.height()), Mask::or);
        tiles.add(new Sheet.Tile(Maps.cut(picture, all), "\"" + word + "\""));
      }
    }
    Sheet.write(Path.of("zeroseg-out", "add-a-word.png"), tiles, tiles.size(), 200);
  }
}
