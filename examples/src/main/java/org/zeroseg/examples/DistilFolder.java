package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.examples.demo.SmallNamedMask;
import org.zeroseg.examples.scenes.CocoExport;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.namedmask.NamedMaskPipeline;

/** A folder of pictures and four words become a segmenter: all stages of NamedMask, in minutes. */
public final class DistilFolder {

  /** Looks of things: a few hundred pictures show each of them often enough. */
  static final Vocabulary WORDS = Vocabulary.of("red", "blue", "yellow", "striped");

  private static final int SCENES = 200;

  private DistilFolder() {}

  /**
   * Distils, and segments scenes that were not learnt from.
   *
   * @param arguments none
   * @throws IOException if files cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    NamedMaskPipeline.Outcome outcome = distil();
    ShapeWorld others = new ShapeWorld(5, 96, 1, 2, Split.ALL);
    List<Sheet.Tile> tiles = new ArrayList<>();
    try (NamedMask segmenter = NamedMask.builder().model(outcome.model()).build()) {
      for (int i = 0; tiles.size() < 16; i++) {
        if (others.scene(i).objects().stream()
            .anyMatch(object -> WORDS.names().contains(object.look().word()))) {
          Picture picture = Picture.of(others.scene(i).image());
          Segmentation found = segmenter.segment(picture, WORDS);
          Mask all = Mask.ofLabel(picture.width(), picture.height(), found.labels(), 0).not();
          tiles.add(new Sheet.Tile(picture.toBufferedImage(), "picture"));
          tiles.add(new Sheet.Tile(Maps.cut(picture, all), words(found)));
        }
      }
    }
    Sheet.write(Path.of("zeroseg-out", "distil-folder.png"), tiles, 8, 128);
  }

  private static String words(Segmentation found) {
    return found.segments().isEmpty()
        ? "none of the words"
        : found.segments().stream().map(Segment::name).collect(Collectors.joining(", "));
  }

  /** All stages; what an earlier call made is there already. */
  static NamedMaskPipeline.Outcome distil() throws IOException {
    Path folder = Path.of("zeroseg-out", "distil-folder");
    Path scenes = folder.resolve("scenes");
    if (!Files.exists(scenes.resolve("captions.json"))) {
      CocoExport.write(new ShapeWorld(4, 96, 1, 2, Split.ALL), SCENES, scenes, Progress.SILENT);
    }
    return SmallNamedMask.distil(
        scenes.resolve("images"),
        WORDS,
        folder.resolve("model"),
        (task, done, total) -> {
          if (done % 20 == 0 || done == total) {
            System.out.println(task + ": " + done + " of " + total);
          }
        });
  }
}
