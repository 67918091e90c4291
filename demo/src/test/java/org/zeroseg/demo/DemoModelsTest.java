package org.zeroseg.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zsi.Zsi;
import org.zeroseg.zutis.Zutis;

/** What an application has of this module alone; how well the models do is tested beside them. */
class DemoModelsTest {

  private static final Path SCENE =
      Path.of(System.getProperty("zeroseg.root")).resolve("docs/images/scene.png");

  private static final Vocabulary WORDS =
      Vocabulary.of("green square", "blue square", "purple diamond");

  private static Set<String> found(Segmenter segmenter, Vocabulary words) throws IOException {
    return segmenter.segment(SCENE, words).segments().stream()
        .map(Segment::name)
        .collect(Collectors.toSet());
  }

  @Test
  void everySegmenterFindsTheSquaresOfAScene() throws IOException {
    try (Clip clip = DemoModels.clip();
        MaskClip maskClip = DemoModels.maskClip(clip);
        Zutis zutis = DemoModels.zutis(clip, Zutis.Answer.REGIONS);
        NamedMask namedMask = DemoModels.namedMask();
        Zsi zsi = DemoModels.zsi(Zsi.builder().distinct(true))) {
      assertTrue(found(maskClip, DemoModels.withBackground(WORDS)).contains("green square"));
      for (Segmenter segmenter : List.of(zutis, namedMask, zsi)) {
        assertTrue(found(segmenter, WORDS).contains("green square"), segmenter.toString());
      }
    }
  }

  @Test
  void whatNeedsNoWordsOpens() throws IOException {
    try (Clip clip = DemoModels.vitClip();
        Dino dino = DemoModels.dino();
        SelfMask selfMask = DemoModels.selfMask(false);
        ZeroCap namer = DemoModels.zeroCap(clip);
        ZeroGuide guide =
            DemoZeroGuide.builder(dino, clip, DemoZeroGuide.Variant.FULL).namer(namer).build()) {
      assertFalse(guide.discover(SCENE).segments().isEmpty());
      assertFalse(selfMask.detect(List.of(Picture.read(SCENE))).isEmpty());
      assertEquals(4, dino.config().depth());
    }
  }
}
