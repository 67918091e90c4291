package org.zeroseg.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Look;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.Shape;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zutis.Zutis;

class DemoModelsTest {

  private static Clip clip;

  @BeforeAll
  static void open() throws IOException {
    clip = DemoModels.clip();
  }

  @AfterAll
  static void close() {
    clip.close();
  }

  /** Far below the measured figures, far above chance (1.6 % and about 1 %). */
  @Test
  void theShippedClipKnowsShapeWorld() throws IOException {
    MeasureClip measure = MeasureClip.of(clip, 64, Progress.SILENT);
    assertTrue(measure.seen() > 0.5, measure::table);
    assertTrue(measure.unseen() > 0.25, measure::table);
    assertTrue(measure.imageToText().at5() > 0.5, measure::table);
    assertTrue(measure.textToImage().at5() > 0.5, measure::table);
    assertTrue(measure.namedMiou() > 0.4, measure::table);
    assertTrue(measure.openMiou() > 0.02, measure::table);
  }

  /** MaskCLIP's AP50 is 4.5 % with all words, its mean IoU 57 % with those named. */
  @Test
  void theShippedZutisFindsInstances() throws IOException {
    try (Zutis zutis = DemoModels.zutis(clip, Zutis.Answer.BOTH)) {
      MeasureZutis measure = MeasureZutis.of(zutis, 64, Progress.SILENT);
      String table = MeasureZutis.table(Map.of("ZUTIS", measure));
      assertTrue(measure.named().all().meanIou() > 0.4, table);
      assertTrue(measure.named().all().ap50() > 0.4, table);
      assertTrue(measure.open().all().ap50() > 0.05, table);
    }
  }

  @Test
  void aSegmentationByWordsCoversTheThingNamed() throws IOException {
    Category star = new Category(Look.RED, Shape.STAR);
    Scene scene = new ShapeWorld(4, 64, 1, 1, Split.ALL).scene(1, star);
    try (MaskClip segmenter = DemoModels.maskClip(clip)) {
      Segmentation result =
          segmenter.segment(
              scene.image(), DemoModels.vocabulary(List.of("red star", "blue circle")));
      assertEquals(List.of("red star", "blue circle"), result.names());
      assertTrue(result.segments().get(0).mask().iou(scene.mask(0)) > 0.4);
    }
  }
}
