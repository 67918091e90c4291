package org.zeroseg.examples;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoZeroGuide;
import org.zeroseg.dino.Dino;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zeroguide.DiscoveredSegment;
import org.zeroseg.zeroguide.ZeroGuide;

/**
 * What the share of the global token's attention does that is subtracted from each segment: the
 * words nearest to a segment's embedding, without the subtraction and with it.
 */
public final class GlobalSubtraction {

  private static final int WORDS = 9;

  private GlobalSubtraction() {}

  /**
   * Compares the nearest words of each object of a scene.
   *
   * @param arguments none
   * @throws IOException if the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Scene scene = new ShapeWorld(2, 64, 2, 2, Split.ALL).scene(5);
    Picture picture = Picture.of(scene.image());
    List<Mask> masks = List.of(scene.mask(0), scene.mask(1));
    List<String> words = DemoModels.names();
    List<Sheet.Tile> tiles = new ArrayList<>();
    try (Dino dino = DemoModels.dino();
        Clip clip = DemoModels.vitClip();
        ZeroGuide without = guide(dino, clip, DemoZeroGuide.Variant.WITHOUT_SUBTRACTION);
        ZeroGuide with = guide(dino, clip, DemoZeroGuide.Variant.FULL)) {
      float[][] vectors = clip.textEmbeddings().classifier(words, DemoModels.TEMPLATES);
      List<DiscoveredSegment> plain = without.describe(picture, masks);
      List<DiscoveredSegment> subtracted = with.describe(picture, masks);
      Picture large = picture.resize(256, 256, Filter.BICUBIC);
      for (int i = 0; i < masks.size(); i++) {
        Mask mask = masks.get(i).resize(256, 256);
        String name = scene.objects().get(i).words();
        tiles.add(new Sheet.Tile(large.toBufferedImage(), "picture"));
        tiles.add(new Sheet.Tile(Maps.cut(large, mask), name));
        tiles.add(new Sheet.Tile(nearest(plain.get(i), words, vectors), "without subtraction"));
        tiles.add(new Sheet.Tile(nearest(subtracted.get(i), words, vectors), "with subtraction"));
      }
    }
    Sheet.write(Path.of("zeroseg-out", "global-subtraction.png"), tiles, 4, 256);
  }

  private static ZeroGuide guide(Dino dino, Clip clip, DemoZeroGuide.Variant variant)
      throws IOException {
    return DemoZeroGuide.builder(dino, clip, variant).build();
  }

  private static BufferedImage nearest(
      DiscoveredSegment segment, List<String> words, float[][] vectors) {
    double[] cosines = new double[vectors.length];
    for (int i = 0; i < cosines.length; i++) {
      cosines[i] = segment.similarity(vectors[i]);
    }
    return Maps.bars(words, cosines, WORDS, 256);
  }
}
