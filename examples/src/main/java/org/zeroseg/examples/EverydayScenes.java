package org.zeroseg.examples;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.EverydayModels;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Everyday;
import org.zeroseg.examples.everyday.Part;
import org.zeroseg.examples.scenes.LabelledScene;

/**
 * How well and how badly the demo segments drawings that it was not trained with: of a hundred
 * scenes the four best, the four in the middle and the four worst, each by the words for what it
 * shows.
 */
public final class EverydayScenes {

  private static final long SEED = 1_000_003;
  private static final int SCENES = 100;
  private static final int SIDE = 192;
  private static final int COLUMNS = 4;

  private EverydayScenes() {}

  /**
   * Writes the pictures.
   *
   * @param arguments the list of words and the folder of packages, as {@code zeroseg everyday}
   *     takes them
   * @throws IOException if a file cannot be read or the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 2) {
      System.err.println("Usage: EverydayScenes WORDS PACKAGES");
      System.exit(2);
    }
    CutOuts pictures = CutOuts.toShow(Path.of(arguments[0]), Path.of(arguments[1]), Part.TEST);
    Everyday world = new Everyday(SEED, SIDE, 1, 3, Everyday.Variety.NATURAL, pictures);
    Map<Sheet.Tile, Double> answers = new LinkedHashMap<>();
    try (Clip clip = EverydayModels.clip();
        MaskClip segmenter = EverydayModels.maskClipBuilder(clip, Attention.VALUE).build()) {
      for (int i = 0; i < SCENES; i++) {
        LabelledScene scene = world.scene(i);
        List<Integer> ids = scene.ids().stream().distinct().toList();
        List<String> words = ids.stream().map(id -> world.names().get(id - 1)).toList();
        Segmentation found = segmenter.segment(scene.image(), EverydayModels.vocabulary(words));
        double iou = meanIou(scene, ids, found);
        String text =
            String.format(Locale.ROOT, "%.0f %%: %s", 100 * iou, String.join(", ", words));
        BufferedImage overlay = found.overlay(Picture.of(scene.image()).toBufferedImage());
        // The legend below it would say the same as the text.
        answers.put(new Sheet.Tile(overlay.getSubimage(0, 0, SIDE, SIDE), text), iou);
      }
    }
    List<Sheet.Tile> sorted =
        answers.entrySet().stream()
            .sorted(Map.Entry.<Sheet.Tile, Double>comparingByValue().reversed())
            .map(Map.Entry::getKey)
            .toList();
    List<Sheet.Tile> shown = new ArrayList<>(sorted.subList(0, COLUMNS));
    shown.addAll(sorted.subList((SCENES - COLUMNS) / 2, (SCENES + COLUMNS) / 2));
    shown.addAll(sorted.subList(SCENES - COLUMNS, SCENES));
    Sheet.write(Path.of("zeroseg-out", "everyday-scenes.png"), shown, COLUMNS, SIDE);
  }

  /** Of what is shown, and the background. */
  private static double meanIou(LabelledScene scene, List<Integer> ids, Segmentation found) {
    int[] truth = scene.labels();
    int[] answer = found.labels();
    double sum = 0;
    for (int label = 0; label <= ids.size(); label++) {
      int id = label == 0 ? 0 : ids.get(label - 1);
      int both = 0;
      int either = 0;
      for (int i = 0; i < truth.length; i++) {
        boolean shown = truth[i] == id;
        boolean named = answer[i] == label;
        both += shown && named ? 1 : 0;
        either += shown || named ? 1 : 0;
      }
      sum += either == 0 ? 1 : (double) both / either;
    }
    return sum / (ids.size() + 1);
  }
}
