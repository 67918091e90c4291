package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.demo.EverydayModels;

/** Segments a picture by words, in a dozen lines. */
public final class SegmentByWords {

  private SegmentByWords() {}

  /**
   * Segments a scene by the names of the things in it and of two that are not there.
   *
   * @param arguments a picture in place of the scene, and words that {@link EverydayModels} know;
   *     or none, where the current folder is that of the project
   * @throws IOException if the picture cannot be read or the overlay not be written
   */
  public static void main(String[] arguments) throws IOException {
    boolean own = arguments.length > 1;
    Path picture = Path.of(own ? arguments[0] : "docs/images/everyday.png");
    List<String> named =
        own
            ? List.of(arguments).subList(1, arguments.length)
            : List.of("car", "clock", "fish", "dog", "cake");
    Vocabulary words = EverydayModels.vocabulary(named);

    Path overlay = Path.of("zeroseg-out", "segment-by-words.png");
    // With published weights: MaskClip.builder().model("openai/clip-vit-base-patch16").build().
    try (Clip clip = EverydayModels.clip();
        Segmenter segmenter =
            EverydayModels.maskClipBuilder(clip, Attention.VALUE)
                .presence(EverydayModels.PRESENT)
                .build()) {
      Segmentation result = segmenter.segment(picture, words);
      for (Segment segment : result.segments()) {
        System.out.printf(Locale.ROOT, "%s: %d pixels%n", segment.name(), segment.mask().area());
      }
      result.writeOverlay(overlay, picture);
    }
    System.out.println("Picture: " + overlay);
  }
}
