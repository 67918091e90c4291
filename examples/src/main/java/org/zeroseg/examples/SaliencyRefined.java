package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.Compatibility;
import org.zeroseg.core.refine.DenseCrf;
import org.zeroseg.core.refine.UnaryEnergies;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoSaliency;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** Salient objects by SelfMask, then refined along edges by both refiners. */
public final class SaliencyRefined {

  private static final int ROUNDS = 5;

  private SaliencyRefined() {}

  /**
   * Finds and refines.
   *
   * @param arguments pictures; without them a few scenes
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    List<Picture> pictures = new ArrayList<>();
    for (String file : arguments) {
      pictures.add(Picture.read(Path.of(file)).rgb());
    }
    for (int i = 0; i < 4 && arguments.length == 0; i++) {
      pictures.add(Picture.of(new ShapeWorld(3, 96, 1, 2, Split.ALL).scene(i).image()));
    }
    List<Sheet.Tile> tiles = new ArrayList<>();
    try (SelfMask selfMask = DemoModels.selfMask(false)) {
      for (Picture picture : pictures) {
        Mask mask = selfMask.detect(picture).mask();
        Mask solved = DemoSaliency.SOLVER.guide(picture).refine(mask);
        tiles.add(new Sheet.Tile(picture.toBufferedImage(), "picture"));
        tiles.add(new Sheet.Tile(Maps.cut(picture, mask), "SelfMask"));
        tiles.add(new Sheet.Tile(Maps.cut(picture, solved), "bilateral solver"));
        tiles.add(new Sheet.Tile(Maps.cut(picture, crf(picture, mask)), "dense CRF"));
      }
    }
    Sheet.write(Path.of("zeroseg-out", "saliency-refined.png"), tiles, 4, 192);
  }

  /** Mean-field inference from a mask that is trusted to seven tenths. */
  static Mask crf(Picture picture, Mask mask) {
    int width = picture.width();
    int height = picture.height();
    byte[] bytes = mask.toBytes();
    int[] labels = new int[bytes.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = bytes[i];
    }
    float[] scores =
        DenseCrf.builder(width, height)
            .gaussian(3, Compatibility.potts(3))
            .bilateral(picture.rgb().samples(), 30, 13, Compatibility.potts(6))
            .build()
            .infer(UnaryEnergies.fromLabels(labels, 2, 0.7), 2, ROUNDS);
    return Mask.ofLabel(width, height, DenseCrf.labels(scores, 2), 1);
  }
}
