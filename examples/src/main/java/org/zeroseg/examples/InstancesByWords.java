package org.zeroseg.examples;

import ai.djl.modality.cv.Image;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.zutis.Zutis;

/** ZUTIS: every single thing that words name, and the proposals that they were chosen from. */
public final class InstancesByWords {

  private InstancesByWords() {}

  /**
   * Finds instances in a picture. Any words will do, without another training.
   *
   * @param arguments a ZUTIS network such as {@code coco_vit_b_16.pt}, the CLIP that it was trained
   *     from, a picture, and words
   * @throws IOException if a file cannot be read or the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 4) {
      System.out.println("Usage: InstancesByWords ZUTIS CLIP PICTURE WORD...");
      return;
    }
    Image image = Picture.read(Path.of(arguments[2])).rgb().toImage();
    Vocabulary words = Vocabulary.of(Arrays.copyOfRange(arguments, 3, arguments.length));

    Path overlay = Path.of("zeroseg-out", "instances-by-words.png");
    Files.createDirectories(overlay.getParent());
    try (Zutis zutis =
        Zutis.builder()
            .model(arguments[0])
            .clip(arguments[1])
            .answer(Zutis.Answer.INSTANCES)
            .build()) {
      Segmentation result = zutis.segment(image, words);
      for (Segment segment : result.segments()) {
        System.out.printf(
            Locale.ROOT, "%s: score %.3f, %s%n", segment.name(), segment.score(), segment.box());
      }
      List<Zutis.Proposal> proposals = zutis.proposals(image, words);
      System.out.println(proposals.size() + " proposals; the best:");
      for (Zutis.Proposal proposal : proposals.subList(0, Math.min(5, proposals.size()))) {
        String name =
            proposal.label() == 0 ? "background" : words.names().get(proposal.label() - 1);
        System.out.printf(
            Locale.ROOT,
            "  %s: objectness %.3f x probability %.3f, %d pixels%n",
            name,
            proposal.objectness(),
            proposal.probability(),
            proposal.mask().area());
      }
      try (OutputStream out = Files.newOutputStream(overlay)) {
        result.overlay(image).save(out, "png");
      }
    }
    System.out.println("Picture: " + overlay);
  }
}
