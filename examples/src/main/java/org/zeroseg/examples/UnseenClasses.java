package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.LongStream;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zsi.Zsi;

/** ZSI finds classes that no annotation ever showed it, beside those that it was trained on. */
public final class UnseenClasses {

  private static final int SCENES = 4;

  private UnseenClasses() {}

  /**
   * Looks for all 64 classes in scenes of a seen and an unseen thing, and shows the surest instance
   * of each by its name.
   *
   * @param arguments none
   * @throws IOException if the model cannot be read or the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    ShapeWorld world = new ShapeWorld(26, 128, 2, 2, Split.ALL);
    List<Scene> scenes =
        LongStream.range(0, 1000)
            .mapToObj(world::scene)
            .filter(scene -> scene.objects().stream().filter(Category::seen).count() == 1)
            .filter(scene -> scene.objects().size() == 2)
            .limit(SCENES)
            .toList();
    Vocabulary words =
        Vocabulary.of(Category.all().stream().map(Category::words).toArray(String[]::new));
    List<Sheet.Tile> tiles = new ArrayList<>();
    try (Zsi zsi = DemoModels.zsi(Zsi.builder())) {
      for (int i = 0; i < SCENES; i++) {
        Picture picture = Picture.of(scenes.get(i).image());
        tiles.add(new Sheet.Tile(picture.toBufferedImage(), "scene " + i));
        List<Zsi.Detection> found = zsi.detect(List.of(picture), words).get(0);
        for (boolean seen : new boolean[] {true, false}) {
          String name =
              scenes.get(i).objects().stream()
                  .filter(category -> category.seen() == seen)
                  .map(Category::words)
                  .findFirst()
                  .orElseThrow();
          Optional<Zsi.Detection> best =
              found.stream()
                  .filter(one -> one.name().equals(name))
                  .max(Comparator.comparing(Zsi.Detection::score));
          Mask mask =
              best.flatMap(Zsi.Detection::mask)
                  .map(Rle::mask)
                  .orElse(Mask.empty(picture.width(), picture.height()));
          String text =
              String.format(
                  Locale.ROOT,
                  "%s: %s %.2f",
                  seen ? "seen" : "unseen",
                  name,
                  best.map(Zsi.Detection::score).orElse(0.0));
          System.out.println("scene " + i + ", " + text);
          tiles.add(new Sheet.Tile(Maps.cut(picture, mask), text));
        }
      }
    }
    Sheet.write(Path.of("zeroseg-out", "unseen-classes.png"), tiles, 6, 160);
  }
}
