package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.clip.retrieval.Match;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.scenes.CocoExport;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** Indexes a folder of pictures, then retrieves pictures by text. */
public final class RetrieveByText {

  private static final int SCENES = 300;

  private RetrieveByText() {}

  /**
   * Looks a text up among 300 scenes.
   *
   * @param arguments the text; "striped star" if absent
   * @throws IOException if pictures or index cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    String text = arguments.length > 0 ? String.join(" ", arguments) : "striped star";
    Path folder = Path.of("zeroseg-out", "retrieve-by-text");
    Path pictures = folder.resolve("images");
    try (Clip clip = DemoModels.clip()) {
      if (!Files.exists(folder.resolve("captions.json"))) {
        ShapeWorld world = new ShapeWorld(2, clip.config().image().inputSize(), 1, 2, Split.ALL);
        CocoExport.write(world, SCENES, folder, Progress.SILENT);
      }
      ImageIndex index =
          IndexBuilder.of(clip.imageEncoder("demo"))
              .build(folder.resolve("index"), pictures)
              .index();
      float[] query = clip.textEmbeddings().embedding(text, PromptTemplates.of("a {}"));
      List<Sheet.Tile> tiles = new ArrayList<>();
      for (Match match : index.search(query, 8)) {
        Picture picture = Picture.read(pictures.resolve(match.name()));
        String label = String.format(Locale.ROOT, "%.3f", match.score());
        tiles.add(new Sheet.Tile(picture.toBufferedImage(), label));
      }
      Sheet.write(Path.of("zeroseg-out", "retrieve-by-text.png"), tiles, 4, 128);
    }
  }
}
