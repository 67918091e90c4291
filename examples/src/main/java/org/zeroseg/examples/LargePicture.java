package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zutis.Zutis;
import org.zeroseg.zutis.ZutisBuilder;

/**
 * A large picture as a whole and in tiles: in tiles the network sees every thing as large as those
 * that it was trained on, and a thing that lies across tiles is still one.
 */
public final class LargePicture {

  /** Pixels of a scene, and of a tile. */
  private static final int SIDE = 256;

  private static final int COLUMNS = 5;
  private static final int ROWS = 3;

  private LargePicture() {}

  /**
   * Looks for all things of a quilt of scenes twice.
   *
   * @param arguments none
   * @throws IOException if a picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    ShapeWorld world = new ShapeWorld(7, SIDE, 2, 3, Split.ALL);
    byte[] samples = new byte[3 * COLUMNS * ROWS * SIDE * SIDE];
    Set<String> names = new TreeSet<>();
    int things = 0;
    for (int i = 0; i < COLUMNS * ROWS; i++) {
      Scene scene = world.scene(i);
      sew(scene.rgb(), i % COLUMNS * SIDE, i / COLUMNS * SIDE, samples);
      scene.categories().stream().map(Category::words).forEach(names::add);
      things += scene.objects().size();
    }
    Picture picture = Picture.of(PixelFormat.RGB, COLUMNS * SIDE, ROWS * SIDE, samples);
    Vocabulary words = Vocabulary.of(names.toArray(String[]::new));
    System.out.printf(Locale.ROOT, "%s with %d things%n", picture, things);
    try (Clip clip = DemoModels.clip()) {
      look("whole", Zutis.builder().clip(clip), picture, words);
      look("tiles", Zutis.builder().clip(clip).tiles(SIDE, SIDE / 4), picture, words);
    }
  }

  private static void look(String how, ZutisBuilder builder, Picture picture, Vocabulary words)
      throws IOException {
    Path overlay = Path.of("zeroseg-out", "large-picture-" + how + ".png");
    try (Zutis zutis = DemoModels.zutis(builder, Zutis.Answer.INSTANCES)) {
      Segmentation found = zutis.segment(picture, words.withBackgroundThreshold(0.5));
      System.out.printf(Locale.ROOT, "%s: %d found%n", how, found.segments().size());
      found.writeOverlay(overlay, picture);
    }
    System.out.println("Picture: " + overlay);
  }

  private static void sew(int[] rgb, int left, int top, byte[] samples) {
    for (int i = 0; i < rgb.length; i++) {
      int to = 3 * ((top + i / SIDE) * COLUMNS * SIDE + left + i % SIDE);
      samples[to] = (byte) (rgb[i] >> 16);
      samples[to + 1] = (byte) (rgb[i] >> 8);
      samples[to + 2] = (byte) rgb[i];
    }
  }
}
