package org.zeroseg.examples;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.PatchEncoder;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.dino.Dino;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** One picture under all attentions of MaskClip, side by side. */
public final class CompareAttentions {

  private static final int SCENE = 24;

  private CompareAttentions() {}

  /**
   * Segments a scene, or a picture of one's own, with every attention.
   *
   * @param arguments none, or a picture, a CLIP with a vision transformer, a DINO, and words
   * @throws IOException if a model or picture cannot be read, or the sheet not be written
   */
  public static void main(String[] arguments) throws IOException {
    List<Sheet.Tile> tiles = new ArrayList<>();
    boolean own = arguments.length > 3;
    try (Clip clip = own ? Clip.load(arguments[1]) : DemoModels.vitClip();
        Dino dino = own ? Dino.load(arguments[2]) : DemoModels.dino()) {
      Picture picture;
      Vocabulary words;
      if (own) {
        picture = Picture.read(Path.of(arguments[0]));
        String[] named = Arrays.copyOfRange(arguments, 3, arguments.length);
        words = Vocabulary.of(named).withCommonBackground();
      } else {
        Scene scene = new ShapeWorld(3, 128, 3, 3, Split.ALL).scene(SCENE);
        picture = Picture.of(scene.image());
        words = DemoModels.vocabulary(scene.categories().stream().map(Category::words).toList());
      }
      BufferedImage shown = picture.toBufferedImage();
      tiles.add(new Sheet.Tile(shown, String.join(", ", words.names())));
      PatchEncoder encoder = PatchEncoder.of(dino.config().patch(), dino::patches);
      boolean resNet = clip.config().image() instanceof ClipConfig.ResNet;
      for (Attention attention : resNet ? List.of(Attention.VALUE) : Attention.PRESETS) {
        MaskClipBuilder builder =
            own
                ? MaskClip.builder().model(clip).attention(attention)
                : DemoModels.maskClipBuilder(clip, attention);
        try (MaskClip segmenter = builder.encoder(encoder).build()) {
          Segmentation result = segmenter.segment(picture, words);
          // The legend below it would say the same for all.
          BufferedImage overlay = result.overlay(shown);
          tiles.add(
              new Sheet.Tile(
                  overlay.getSubimage(0, 0, picture.width(), picture.height()), attention.name()));
        }
      }
    }
    Sheet.write(Path.of("zeroseg-out", "compare-attentions.png"), tiles, 4, 256);
  }
}
