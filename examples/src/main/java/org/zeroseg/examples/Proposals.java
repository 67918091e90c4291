package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zutis.Zutis;

/** The mask proposals from which ZUTIS chooses instances, with their scores. */
public final class Proposals {

  private static final int SHOWN = 12;

  private Proposals() {}

  /**
   * Shows a scene's best proposals, before any of them suppresses another.
   *
   * @param arguments none, or a ZUTIS network and the CLIP that it was trained from
   * @throws IOException if a model cannot be read or the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Scene scene = new ShapeWorld(23, 128, 4, 4, Split.ALL).scene(0);
    Vocabulary words =
        Vocabulary.of(
            scene.categories().stream().map(Category::words).distinct().toArray(String[]::new));
    Picture picture = Picture.of(scene.image());
    List<Sheet.Tile> tiles = new ArrayList<>();
    tiles.add(new Sheet.Tile(picture.toBufferedImage(), "objectness x probability"));
    try (Zutis zutis = ZutisModels.open(arguments, Zutis.Answer.INSTANCES)) {
      List<Zutis.Candidate> proposals = zutis.candidates(scene.image(), words);
      System.out.println(proposals.size() + " proposals; the best:");
      for (Zutis.Candidate proposal : proposals.subList(0, Math.min(SHOWN, proposals.size()))) {
        String name =
            proposal.label() == 0 ? "background" : words.names().get(proposal.label() - 1);
        String worth =
            String.format(
                Locale.ROOT, "%.2f x %.2f", proposal.objectness(), proposal.probability());
        System.out.printf("  %s: %s, %d pixels%n", name, worth, proposal.mask().area());
        tiles.add(new Sheet.Tile(Maps.cut(picture, proposal.mask()), worth + " " + name));
      }
    }
    Sheet.write(Path.of("zeroseg-out", "proposals.png"), tiles, 4, 160);
  }
}
