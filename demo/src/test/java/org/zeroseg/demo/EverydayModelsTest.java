package org.zeroseg.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoZeroGuide.Variant;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.caption.Namer;

/** Scenes of drawings that the models were not trained with: they name what they named before. */
class EverydayModelsTest {

  private static final Path IMAGES =
      Path.of(System.getProperty("zeroseg.root")).resolve("docs/images");

  @Test
  void theThingsOfAScene() throws IOException {
    try (Clip clip = EverydayModels.clip();
        MaskClip segmenter = EverydayModels.maskClip(clip)) {
      Set<String> found =
          segmenter
              .segment(
                  IMAGES.resolve("everyday.png"),
                  EverydayModels.vocabulary(List.of("car", "clock", "fish", "dog", "cake")))
              .segments()
              .stream()
              .map(Segment::name)
              .collect(Collectors.toSet());
      assertTrue(found.containsAll(List.of("car", "clock", "fish")), found::toString);
    }
  }

  @Test
  void singleThingsAreNamedAmongAllWords() throws IOException {
    List<String> names = EverydayModels.things().stream().map(Vocabulary.Category::name).toList();
    assertEquals(62, names.size());
    try (Clip clip = EverydayModels.clip()) {
      float[][] words = clip.textEmbeddings().classifier(names, EverydayModels.TEMPLATES);
      for (String name : List.of("bicycle", "strawberry", "tiger")) {
        Picture picture = Picture.read(Path.of("src/test/resources").resolve(name + ".png"));
        float[] seen = clip.encodeImages(List.of(picture))[0];
        double own = cosine(seen, words[names.indexOf(name)]);
        long better = List.of(words).stream().filter(word -> cosine(seen, word) > own).count();
        assertTrue(better < 3, name + " comes after " + better + " other words");
      }
    }
  }

  private static double cosine(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (double) one[i] * other[i];
    }
    return sum;
  }

  @Test
  void theThingsOfASceneStandOut() throws IOException {
    try (SelfMask selfMask = EverydayModels.selfMask(true, UnaryOperator.identity())) {
      Picture picture = Picture.read(IMAGES.resolve("everyday.png"));
      assertFalse(selfMask.detect(picture).mask().isEmpty());
    }
  }

  @Test
  void somethingInASceneIsDiscoveredByItsName() throws IOException {
    try (Dino dino = EverydayModels.dino();
        Clip clip = EverydayModels.vitClip();
        Namer namer = EverydayModels.namer(clip);
        ZeroGuide guide =
            EverydayModels.zeroGuideBuilder(dino, clip, Variant.FULL).namer(namer).build()) {
      List<String> names =
          guide.discover(Picture.read(IMAGES.resolve("everyday.png"))).segments().stream()
              .map(segment -> segment.label().orElseThrow().text())
              .toList();
      assertTrue(EverydayModels.names().containsAll(names), names::toString);
      assertTrue(names.contains("fish"), names::toString);
    }
  }

  @Test
  void wordsThatTheModelsHaveNeverReadAreTold() {
    Vocabulary words =
        Vocabulary.of("Cat", "zebra", "water", "cell phone").withBackground("wood", "wall");
    assertEquals(List.of("zebra", "wall"), EverydayModels.unknown(words));
    assertFalse(EverydayModels.withBackground(words).backgroundWords().contains("water"));
    assertTrue(EverydayModels.withBackground(words).backgroundWords().contains("wood"));
  }
}
