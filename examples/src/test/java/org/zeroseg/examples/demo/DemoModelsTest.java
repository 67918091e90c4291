package org.zeroseg.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.Background;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Look;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.Shape;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.zsi.Zsi;
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

  @Test
  void theNamesAreShapeWorlds() {
    List<String> names =
        Stream.concat(
                Category.all().stream().map(Category::words),
                Stream.of(Background.values()).map(Background::word))
            .toList();
    assertEquals(names, DemoModels.names());
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

  /** Far below the measured figures; one in sixty-four would be chance. */
  @Test
  void theShippedZsiFindsSeenAndUnseenCombinations() throws IOException {
    try (Zsi zsi = DemoModels.zsi(Zsi.builder())) {
      MeasureZsi measure = MeasureZsi.of(zsi, 40, Progress.SILENT);
      String table = MeasureZsi.table(Map.of("ZSI", measure));
      for (MeasureZsi.Scores scores : List.of(measure.boxes(), measure.masks())) {
        assertTrue(scores.generalised().seen().recall() > 25, table);
        assertTrue(scores.generalised().unseen().recall() > 25, table);
        assertTrue(scores.generalised().seen().ap() > 5, table);
        assertTrue(scores.generalised().unseen().ap() > 5, table);
      }
    }
  }

  /** Tiles end at 60 and begin at 36: what lies in between, all four show, cut at their edges. */
  @Test
  void anObjectThatFourTilesShowIsOneForZsi() throws IOException {
    ShapeWorld world = new ShapeWorld(9, 96, 1, 1, Split.SEEN);
    int shown = 0;
    int whole = 0;
    try (Zsi zsi = DemoModels.zsi(Zsi.builder().distinct(true).tiles(60, 24))) {
      for (int i = 0; shown < 4; i++) {
        Scene scene = world.scene(i);
        Mask mask = scene.mask(0);
        Box box = mask.box();
        if (box.x() > 30 || box.y() > 30 || box.right() < 66 || box.bottom() < 66) {
          continue;
        }
        shown++;
        Picture picture = Picture.of(scene.image());
        Vocabulary words = Vocabulary.of(scene.objects().get(0).words());
        List<Zsi.Detection> found = zsi.detect(List.of(picture), words).get(0);
        long like = found.stream().filter(one -> iou(one, mask) > 0.5).count();
        assertTrue(like <= 1, scene.caption() + ": " + found);
        whole += !found.isEmpty() && iou(found.get(0), mask) > 0.6 ? 1 : 0;
      }
    }
    assertTrue(whole >= 2, whole + " of " + shown + " are whole");
  }

  private static double iou(Zsi.Detection found, Mask mask) {
    return found.mask().orElseThrow().mask().iou(mask);
  }

  @Test
  void theShippedZsiKnowsLooksAndShapesByThemselves() throws IOException {
    Category star = new Category(Look.RED, Shape.STAR);
    Picture picture = Picture.of(new ShapeWorld(4, 128, 1, 1, Split.ALL).scene(1, star).image());
    try (Zsi zsi = DemoModels.zsi(Zsi.builder().distinct(true))) {
      List<Zsi.Detection> found = zsi.detect(List.of(picture), Vocabulary.of("red")).get(0);
      assertTrue(found.get(0).score() > 0.2, found::toString);
    }
  }

  /** Its mean IoU by all 64 words is 31 %, MaskCLIP's 15 %. */
  @Test
  void theShippedNamedMaskKnowsItsWords() throws IOException {
    ShapeWorld world = new ShapeWorld(MeasureZutis.SEED, 64, 1, 1, Split.ALL);
    int right = 0;
    try (NamedMask segmenter = DemoModels.namedMask()) {
      assertEquals(
          Category.all().stream().map(Category::words).toList(), segmenter.vocabulary().names());
      for (int i = 0; i < 64; i++) {
        Scene scene = world.scene(i);
        Segmentation found = segmenter.segment(scene.image(), segmenter.vocabulary());
        String words = scene.objects().get(0).words();
        right +=
            found.segments().stream()
                    .anyMatch(s -> s.name().equals(words) && s.mask().iou(scene.mask(0)) > 0.5)
                ? 1
                : 0;
      }
    }
    assertTrue(right > 16, right + " of 64 objects found and named");
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
