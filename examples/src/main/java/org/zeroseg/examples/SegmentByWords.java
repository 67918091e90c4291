package org.zeroseg.examples;

import ai.djl.modality.cv.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.examples.demo.DemoModels;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** Words in, masks out: the main job in a dozen lines. */
public final class SegmentByWords {

  private SegmentByWords() {}

  /**
   * Segments a scene by the names of the things in it and by one that is not there.
   *
   * @param arguments none
   * @throws IOException if the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Scene scene = new ShapeWorld(2, 128, 3, 4, Split.ALL).scene(5);
    Image image = scene.image();
    String[] words =
        scene.categories().stream().map(category -> category.words()).toArray(String[]::new);

    Path overlay = Path.of("zeroseg-out", "segment-by-words.png");
    try (Clip clip = DemoModels.clip();
        Segmenter segmenter = DemoModels.maskClip(clip)) {
      Vocabulary vocabulary = DemoModels.withBackground(Vocabulary.of(words));
      Segmentation result = segmenter.segment(image, vocabulary);
      for (Segment segment : result.segments()) {
        System.out.printf(Locale.ROOT, "%s: %d pixels%n", segment.name(), segment.mask().area());
      }
      result.writeOverlay(overlay, image);
    }
    System.out.println("Picture: " + overlay);
  }
}
