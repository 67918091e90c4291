package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoZeroGuide;
import org.zeroseg.dino.Dino;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zeroguide.DiscoveredSegment;
import org.zeroseg.zeroguide.Discovery;
import org.zeroseg.zeroguide.SegmentLabel;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.caption.Namer;

/** Segments a picture and names the segments, without a vocabulary. */
public final class DiscoverPicture {

  private DiscoverPicture() {}

  /**
   * Discovers a picture with the demo models.
   *
   * @param arguments a picture; without it a scene
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    Picture picture = arguments.length > 0 ? Picture.read(Path.of(arguments[0])).rgb() : scene();
    Path overlay = Path.of("zeroseg-out", "discover-picture.png");
    try (Dino dino = DemoModels.dino();
        Clip clip = DemoModels.vitClip();
        Namer namer = DemoModels.zeroCap(clip);
        ZeroGuide guide =
            DemoZeroGuide.builder(dino, clip, DemoZeroGuide.Variant.FULL).namer(namer).build()) {
      Discovery found = guide.discover(picture);
      for (DiscoveredSegment segment : found.segments()) {
        SegmentLabel label = segment.label().orElseThrow();
        System.out.printf(
            Locale.ROOT,
            "%s: %.0f %% of the picture, cosine %.2f%n",
            label.text(),
            100 * segment.areaFraction(),
            label.confidence());
      }
      found.segmentation().writeOverlay(overlay, picture.toImage());
    }
    System.out.println("The demo's captions speak of shapes only: the ground is called one, too.");
    System.out.println("Picture: " + overlay);
  }

  /** Two things on a ground. */
  static Picture scene() {
    return Picture.of(new ShapeWorld(1, 96, 2, 3, Split.ALL).scene(10).image())
        .resize(288, 288, Filter.BICUBIC);
  }
}
