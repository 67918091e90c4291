package org.zeroseg.examples;

import ai.djl.modality.cv.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zutis.Zutis;

/** Segments a picture by words, in a dozen lines. */
public final class SegmentByWords {

  private SegmentByWords() {}

  /**
   * Segments a scene by the names of the things in it and of two that are not there.
   *
   * @param arguments none
   * @throws IOException if the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Image image = new ShapeWorld(2, 256, 3, 3, Split.ALL).scene(58).image();
    // Two of them are not there.
    Vocabulary words =
        Vocabulary.of("green square", "blue square", "red star", "striped ring", "purple diamond");

    Path overlay = Path.of("zeroseg-out", "segment-by-words.png");
    // With published weights: MaskClip.builder().model("openai/clip-vit-base-patch16").build().
    try (Segmenter segmenter = DemoModels.zutis(Zutis.Answer.REGIONS)) {
      Segmentation result = segmenter.segment(image, words);
      for (Segment segment : result.segments()) {
        System.out.printf(Locale.ROOT, "%s: %d pixels%n", segment.name(), segment.mask().area());
      }
      result.writeOverlay(overlay, image);
    }
    System.out.println("Picture: " + overlay);
  }
}
