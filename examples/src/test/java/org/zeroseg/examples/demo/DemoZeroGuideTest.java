package org.zeroseg.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoZeroGuide;
import org.zeroseg.demo.DemoZeroGuide.Variant;
import org.zeroseg.dino.Dino;
import org.zeroseg.examples.everyday.Drawn;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zeroguide.DiscoveredSegment;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.caption.Caption;
import org.zeroseg.zeroguide.caption.ZeroCap;

class DemoZeroGuideTest {

  private static Clip clip;
  private static ZeroCap namer;

  @TempDir Path folder;

  @BeforeAll
  static void open() throws IOException {
    clip = DemoModels.vitClip();
    namer = DemoModels.zeroCap(clip);
  }

  @AfterAll
  static void close() {
    namer.close();
    clip.close();
  }

  @Test
  void captionsSayWhatTheVectorsOfWordsStandFor() {
    List<String> words = List.of("striped star", "red circle", "checked diamond", "blue ring");
    float[][] targets = clip.encode(words.stream().map(word -> "a " + word).toList());
    List<List<Caption>> captions = namer.captions(Arrays.asList(targets));
    for (int i = 0; i < words.size(); i++) {
      String expected = " " + words.get(i) + ".";
      List<String> texts = captions.get(i).stream().map(Caption::text).toList();
      assertTrue(texts.contains(expected), texts + " without" + expected);
    }
  }

  @Test
  void captionsNameOneThing() {
    float[][] targets = clip.encode(List.of("a purple cross", "sand"));
    namer.captions(Arrays.asList(targets)).stream()
        .flatMap(List::stream)
        .map(Caption::text)
        .forEach(
            text ->
                assertTrue(
                    text.matches(" [a-z]+( [a-z]+)?[.]?"), "not the name of one thing: " + text));
  }

  @Test
  void aSceneIsSharedOutAmongNamedSegments() throws IOException {
    Scene scene = new ShapeWorld(4, 64, 1, 3, Split.ALL).scene(2);
    try (Dino dino = DemoModels.dino();
        ZeroGuide guide = DemoZeroGuide.builder(dino, clip, Variant.FULL).namer(namer).build()) {
      List<DiscoveredSegment> found = guide.discover(Picture.of(scene.image())).segments();
      assertEquals(64 * 64, found.stream().mapToInt(segment -> segment.mask().area()).sum());
      found.forEach(segment -> assertTrue(!segment.label().orElseThrow().text().isEmpty()));
    }
  }

  @Test
  void measuresEveryVariantInOneRow() throws IOException {
    try (Dino dino = DemoModels.dino()) {
      MeasureZeroGuide measured =
          MeasureZeroGuide.of(
              Variant.WITHOUT_MERGING,
              MeasureZeroGuide.Task.shapes(dino, clip),
              clip,
              namer,
              2,
              Progress.SILENT);
      assertTrue(measured.segments() >= 1);
      assertTrue(measured.textQuality() >= measured.exact());
      assertEquals(
          MeasureZeroGuide.HEAD
              .lines()
              .findFirst()
              .orElseThrow()
              .chars()
              .filter(c -> c == '|')
              .count(),
          measured.row().chars().filter(c -> c == '|').count());
      assertTrue(measured.row().startsWith("| without merging | "), measured.row());
    }
  }

  @Test
  void aTrainedGpt2LoadsAndItsTrainingGoesOnWhereItWas() throws IOException {
    TrainGpt2 recipe = new TrainGpt2(TrainingWorld.SHAPES, 40, 1, 16, 3);
    float loss = recipe.train(folder, Progress.SILENT);
    assertTrue(loss > 0 && loss < 10, "loss " + loss);
    try (ZeroCap trained =
        ZeroCap.load(
            folder,
            clip,
            DemoZeroGuide.CAPTIONS,
            DemoZeroGuide.CAPTION_PROMPT,
            Precision.FLOAT32)) {
      assertEquals(
          DemoZeroGuide.CAPTIONS.beams(),
          trained.captions(Arrays.asList(clip.encode(List.of("a red star")))).get(0).size());
    }
    List<Long> told = new ArrayList<>();
    assertEquals(loss, recipe.train(folder, (task, done, total) -> told.add(done)));
    assertEquals(List.of(), told);
  }

  @Test
  void aModelWithTheVocabularyOfAnotherIsRefusedByName() throws IOException {
    new TrainGpt2(TrainingWorld.SHAPES, 40, 1, 16, 1).train(folder, Progress.SILENT);
    ByteLevelTokenizer.learn(List.of("a red red cat."), 2).write(folder);
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                ZeroCap.load(
                    folder,
                    clip,
                    DemoZeroGuide.CAPTIONS,
                    DemoZeroGuide.CAPTION_PROMPT,
                    Precision.FLOAT32));
    assertTrue(error.getMessage().startsWith(folder + ": the tokenizer knows"), error::getMessage);
  }

  @Test
  void textsOfTheCorpusNameOneThingBehindThePrompt() {
    List<String> texts = TrainGpt2.texts(TrainingWorld.SHAPES, 5, 60);
    texts.forEach(text -> assertTrue(text.matches("a [a-z]+( [a-z]+)?\\."), text));
    assertTrue(texts.stream().anyMatch(text -> text.matches("a \\w+ \\w+\\.")), "objects");
    assertTrue(texts.stream().anyMatch(text -> text.matches("a \\w+\\.")), "backgrounds");
  }

  @Test
  void articlesOfEverydayThingsBecomeThePrompt() throws IOException {
    Drawn drawn = Drawn.in(folder);
    String[] arguments = {drawn.list().toString(), drawn.packages().toString()};
    TrainingWorld things = TrainingWorld.of(arguments, 0, TrainGpt2::listed);
    List<String> texts = TrainGpt2.texts(things, 5, 60);
    texts.forEach(text -> assertTrue(text.matches("a [a-z]+\\."), text));
    assertTrue(texts.contains("a apple."), texts::toString);
    assertTrue(texts.contains("a wood."), texts::toString);
  }
}
