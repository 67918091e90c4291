package org.zeroseg.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoSaliency;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.dino.SpectralVoting;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

class DemoSaliencyTest {

  private static final int SCENES = 12;
  private static final ShapeWorld WORLD = new ShapeWorld(99, 96, 1, 3, Split.ALL);

  /** Far below the measured figures, far above chance (a mask of everything has about 0.3). */
  @Test
  void theShippedSelfMaskFindsObjects() throws IOException {
    double sum = 0;
    try (SelfMask selfMask = DemoModels.selfMask(false)) {
      for (int i = 0; i < SCENES; i++) {
        Scene scene = WORLD.scene(i);
        Mask mask = selfMask.detect(Picture.of(scene.image())).mask();
        sum += mask.iou(MeasureSaliency.truth(scene));
      }
    }
    assertTrue(sum / SCENES > 0.45, "mean IoU " + sum / SCENES);
  }

  @Test
  void everyFinderAnswersForTheShippedDino() throws IOException {
    try (Dino dino = DemoModels.dino();
        SpectralVoting voting = DemoSaliency.voting(dino)) {
      Picture picture = Picture.of(WORLD.scene(0).image());
      List<Mask> masks =
          List.of(
              voting.detect(picture).mask(),
              DemoSaliency.lost(dino, picture, false),
              DemoSaliency.lost(dino, picture, true),
              DemoSaliency.tokenCut(dino, picture, false),
              DemoSaliency.tokenCut(dino, picture, true));
      for (Mask mask : masks) {
        assertEquals(96, mask.width());
        assertEquals(96, mask.height());
        assertTrue(mask.area() > 0);
      }
    }
  }
}
