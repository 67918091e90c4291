package org.zeroseg.examples;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** Asking for what is not there gives nothing: presence, and words that must not be found. */
public final class AbsentWords {

  private static final int SCENES = 3;

  private AbsentWords() {}

  /**
   * Asks scenes for what they show and for as many other things.
   *
   * @param arguments none
   * @throws IOException if the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    ShapeWorld world = new ShapeWorld(31, 64, 2, 2, Split.ALL);
    List<Sheet.Tile> tiles = new ArrayList<>();
    try (Clip clip = DemoModels.clip();
        MaskClip all = DemoModels.maskClip(clip);
        MaskClip present =
            DemoModels.maskClipBuilder(clip, Attention.VALUE).presence(MaskClip.PRESENT).build()) {
      for (int i = 0; i < SCENES; i++) {
        Scene scene = world.scene(i);
        Picture picture = Picture.of(scene.image());
        List<String> asked =
            new ArrayList<>(scene.categories().stream().map(Category::words).toList());
        int there = asked.size();
        // Another scene's things are absent here, but for what both show.
        world.scene(i + SCENES).categories().stream()
            .map(Category::words)
            .filter(word -> !asked.contains(word))
            .forEach(asked::add);
        Vocabulary words = DemoModels.vocabulary(asked);
        List<Double> scores = present.presence(picture, words);
        for (int w = 0; w < asked.size(); w++) {
          System.out.printf(
              "scene %d, %-16s %-6s presence %.2f%n",
              i, asked.get(w), w < there ? "there" : "absent", scores.get(w));
        }
        Vocabulary excluding =
            DemoModels.vocabulary(asked.subList(0, there))
                .excluding(asked.subList(there, asked.size()).toArray(String[]::new));
        tiles.add(
            new Sheet.Tile(picture.toBufferedImage(), String.join(", ", asked.subList(0, there))));
        tiles.add(
            new Sheet.Tile(
                overlay(all, picture, words),
                "and: " + String.join(", ", asked.subList(there, asked.size()))));
        tiles.add(new Sheet.Tile(overlay(present, picture, words), "by presence"));
        tiles.add(new Sheet.Tile(overlay(all, picture, excluding), "absent words excluded"));
      }
    }
    Sheet.write(Path.of("zeroseg-out", "absent-words.png"), tiles, 4, 256);
  }

  /** Without the legend below. */
  private static BufferedImage overlay(MaskClip segmenter, Picture picture, Vocabulary words) {
    BufferedImage drawn = segmenter.segment(picture, words).overlay(picture.toBufferedImage());
    return drawn.getSubimage(0, 0, picture.width(), picture.height());
  }
}
