package org.zeroseg.examples;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.scenes.CocoExport;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.namedmask.ReCo;

/**
 * ReCo step by step: pictures that CLIP retrieves for a word, the cell in each that recurs in all
 * of them, and where in new pictures what was found is.
 */
public final class RetrieveAndCoSegment {

  private static final int SCENES = 600;
  private static final int PICTURES = 16;

  private RetrieveAndCoSegment() {}

  /**
   * Co-segments the pictures of a word among 600 scenes, and looks for the word in new ones.
   *
   * @param arguments the word; "red star" if absent
   * @throws IOException if pictures or index cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    String word = arguments.length > 0 ? String.join(" ", arguments) : "red star";
    Path folder = Path.of("zeroseg-out", "retrieve-and-co-segment");
    Path pictures = folder.resolve("images");
    if (!Files.exists(folder.resolve("captions.json"))) {
      ShapeWorld world = new ShapeWorld(2, 64, 1, 2, Split.ALL);
      CocoExport.write(world, SCENES, folder, Progress.SILENT);
    }
    List<Sheet.Tile> tiles = new ArrayList<>();
    try (Clip clip = DemoModels.clip()) {
      ImageIndex index =
          IndexBuilder.of(clip.imageEncoder("demo"))
              .build(folder.resolve("index"), pictures)
              .index();
      try (ReCo reco =
          DemoModels.reCo(ReCo.builder())
              .textAttention(clip)
              .archives(index, pictures, clip)
              .archiveSize(PICTURES)
              .build()) {
        for (ReCo.Seed seed : reco.seeds(word)) {
          String vote = String.format(Locale.ROOT, "vote %.2f", seed.vote());
          tiles.add(new Sheet.Tile(marked(seed), vote));
        }
        look(reco, word, tiles);
      }
    }
    Sheet.write(Path.of("zeroseg-out", "retrieve-and-co-segment.png"), tiles, 8, 112);
  }

  /** New scenes that show the word, and what is found in them. */
  private static void look(ReCo reco, String word, List<Sheet.Tile> tiles) {
    ShapeWorld world = new ShapeWorld(77, 64, 1, 2, Split.ALL);
    // The background is what scores less than a part of the picture's best.
    Vocabulary words = Vocabulary.of(word).withBackgroundThreshold(0.84);
    int shown = 0;
    for (int i = 0; i < 5000 && shown < 4; i++) {
      if (world.scene(i).caption().contains(word)) {
        Picture scene = Picture.of(world.scene(i).image());
        Segmentation found = reco.segment(scene, words);
        tiles.add(new Sheet.Tile(scene.toBufferedImage(), "new scene"));
        tiles.add(
            new Sheet.Tile(
                Maps.cut(scene, Mask.ofLabel(scene.width(), scene.height(), found.labels(), 1)),
                word));
        shown++;
      }
    }
  }

  /** The picture with its seed in a frame. */
  private static BufferedImage marked(ReCo.Seed seed) {
    BufferedImage image = seed.picture().toBufferedImage();
    BufferedImage copy =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = copy.createGraphics();
    pen.drawImage(image, 0, 0, null);
    int left = seed.cell().left();
    int top = seed.cell().top();
    pen.setStroke(new BasicStroke(4));
    pen.setColor(Color.BLACK);
    pen.drawRect(left - 1, top - 1, seed.cell().width() + 1, seed.cell().height() + 1);
    pen.setStroke(new BasicStroke(2));
    pen.setColor(Color.WHITE);
    pen.drawRect(left - 1, top - 1, seed.cell().width() + 1, seed.cell().height() + 1);
    pen.dispose();
    return copy;
  }
}
