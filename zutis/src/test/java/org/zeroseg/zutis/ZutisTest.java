package org.zeroseg.zutis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Nms;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.tensor.Weights;

class ZutisTest {

  private static final Vocabulary WORDS = Vocabulary.of("cat", "dog", "a photo");

  private final Clip clip = TinyZutis.clip();

  @TempDir Path folder;

  @AfterEach
  void close() {
    clip.close();
  }

  private Zutis build(ZutisBuilder builder) throws IOException {
    NDManager manager = NDManager.newBaseManager();
    return builder.clip(clip).build(TinyZutis.model(manager), manager);
  }

  private static boolean same(Segmentation a, Segmentation b) {
    return a.toCocoJson(1, label -> label).equals(b.toCocoJson(1, label -> label))
        && java.util.Arrays.equals(a.labels(), b.labels());
  }

  @Test
  void regionsCoverThePictureAndInstancesAreRanked() throws IOException {
    Picture image = Noise.picture(75, 52, 1);
    try (Zutis zutis = build(Zutis.builder().withoutSuppression())) {
      Segmentation both = zutis.segment(image, WORDS);
      assertEquals(75, both.width());
      assertEquals(52, both.height());
      assertTrue(both.segments().size() > 1, both.toString());
      double[] scores = both.segments().stream().mapToDouble(Segment::score).toArray();
      for (int i = 0; i < scores.length; i++) {
        assertTrue(scores[i] > 0 && scores[i] < 1 / (1 + Math.exp(-5)), both.toString());
        assertTrue(i == 0 || scores[i] <= scores[i - 1], both.toString());
      }
    }
  }

  @Test
  void eachAnswerIsAPartOfBoth() throws IOException {
    Picture image = Noise.picture(64, 48, 2);
    Segmentation both;
    try (Zutis zutis = build(Zutis.builder())) {
      both = zutis.segment(image, WORDS);
    }
    try (Zutis zutis = build(Zutis.builder().answer(Zutis.Answer.REGIONS))) {
      Segmentation regions = zutis.segment(image, WORDS);
      assertArrayEquals(both.labels(), regions.labels());
      regions
          .segments()
          .forEach(
              region ->
                  assertEquals(
                      IntStream.of(both.labels()).filter(l -> l == region.label()).count(),
                      region.mask().area()));
    }
    try (Zutis zutis = build(Zutis.builder().answer(Zutis.Answer.INSTANCES))) {
      Segmentation instances = zutis.segment(image, WORDS);
      assertEquals(both.toCocoJson(1, label -> label), instances.toCocoJson(1, label -> label));
    }
  }

  @Test
  void tilesChangeNothingInPicturesThatFitAndCoverThoseThatDoNot() throws IOException {
    Picture small = Noise.picture(64, 48, 2);
    Picture large = Noise.picture(150, 131, 3);
    for (Zutis.Answer answer : Zutis.Answer.values()) {
      Segmentation whole;
      try (Zutis zutis = build(Zutis.builder().answer(answer))) {
        whole = zutis.segment(small, WORDS);
      }
      try (Zutis zutis = build(Zutis.builder().answer(answer).tiles(64, 16).batch(2))) {
        List<Segmentation> found = zutis.segment(List.of(large, small), WORDS);
        assertTrue(same(whole, found.get(1)), answer.toString());
        assertEquals(150, found.get(0).width());
        assertEquals(131, found.get(0).height());
        assertTrue(!found.get(0).segments().isEmpty(), answer.toString());
        for (Segment segment : found.get(0).segments()) {
          assertEquals(150, segment.mask().width());
          assertEquals(segment.mask().box(), segment.box());
        }
      }
    }
  }

  @Test
  void batchesOfSeveralSizesEqualSinglePictures() throws IOException {
    List<Picture> images =
        List.of(
            Noise.picture(40, 32, 1),
            Noise.picture(33, 47, 2),
            Noise.picture(40, 32, 3),
            Noise.picture(40, 32, 4));
    try (Zutis zutis = build(Zutis.builder().batch(2))) {
      List<Segmentation> together = zutis.segment(images, WORDS);
      for (int i = 0; i < images.size(); i++) {
        Segmentation alone = zutis.segment(images.get(i), WORDS);
        assertArrayEquals(alone.labels(), together.get(i).labels(), "picture " + i);
        assertEquals(alone.segments().size(), together.get(i).segments().size());
        for (int k = 0; k < alone.segments().size(); k++) {
          double score = alone.segments().get(k).score();
          assertEquals(score, together.get(i).segments().get(k).score(), 1e-5);
        }
      }
      assertEquals(List.of(), zutis.segment(List.of(), WORDS));
    }
    try (Zutis zutis = build(Zutis.builder().batch(1))) {
      List<Segmentation> oneByOne = zutis.segment(images, WORDS);
      for (int i = 0; i < images.size(); i++) {
        assertTrue(same(zutis.segment(images.get(i), WORDS), oneByOne.get(i)), "picture " + i);
      }
    }
  }

  @Test
  void ofLargePicturesFewerGoTogether() {
    assertEquals(8, Zutis.together(new Sizes(640, 480, 640, 480), 8));
    assertEquals(8, Zutis.together(new Sizes(640, 480, 1024, 1024), 8));
    assertEquals(2, Zutis.together(new Sizes(640, 480, 2048, 2048), 8));
    assertEquals(1, Zutis.together(new Sizes(640, 480, 60_000, 60_000), 8));
    assertEquals(1, Zutis.together(new Sizes(640, 480, 640, 480), 1));
  }

  @Test
  void aSizeForTheNetworkLeavesTheAnswerAtThePicturesOwn() throws IOException {
    Picture image = Noise.picture(40, 32, 1);
    Picture larger = image.resize(80, 64, Filter.BILINEAR);
    try (Zutis enlarging = build(Zutis.builder().input(InputSize.shorterSide(64)));
        Zutis limited = build(Zutis.builder().input(InputSize.shorterSide(64).longerWithin(40)));
        Zutis plain = build(Zutis.builder())) {
      Segmentation result = enlarging.segment(image, WORDS);
      assertEquals(40, result.width());
      assertEquals(32, result.height());
      Segmentation same = enlarging.segment(larger, WORDS);
      assertTrue(same(plain.segment(larger, WORDS), same));
      assertTrue(same(plain.segment(image, WORDS), limited.segment(image, WORDS)));
    }
    assertThrows(IllegalArgumentException.class, () -> InputSize.shorterSide(0));
  }

  /** Cosines differ by two at most. */
  @Test
  void aMarginTakesFromBackgroundOrGivesToIt() throws IOException {
    Picture image = Noise.picture(48, 40, 5);
    try (Zutis never = build(Zutis.builder().backgroundMargin(3));
        Zutis always = build(Zutis.builder().backgroundMargin(-3))) {
      assertTrue(IntStream.of(never.segment(image, WORDS).labels()).allMatch(l -> l > 0));
      assertTrue(never.candidates(image, WORDS).stream().allMatch(p -> p.label() > 0));
      Segmentation empty = always.segment(image, WORDS);
      assertTrue(IntStream.of(empty.labels()).allMatch(l -> l == 0));
      assertEquals(List.of(), empty.segments());
    }
    try (Zutis strict = build(Zutis.builder().backgroundMargin(3).maskThreshold(1 - 1e-9))) {
      // Nothing is inside, so nothing is named.
      assertTrue(strict.candidates(image, WORDS).stream().allMatch(p -> p.label() == 0));
    }
    assertThrows(
        IllegalArgumentException.class, () -> Zutis.builder().backgroundMargin(Double.NaN));
  }

  @Test
  void whereBackgroundIsACategoryNothingElseIsAskedFor() throws IOException {
    Vocabulary words = Vocabulary.of("cat", "Background");
    for (ClassScores scores : ClassScores.values()) {
      try (Zutis zutis = build(Zutis.builder().classScores(scores, 5).maskThreshold(1 - 1e-9))) {
        for (Zutis.Candidate candidate : zutis.candidates(Noise.picture(48, 40, 5), words)) {
          assertEquals(0, candidate.label());
          assertEquals(0, candidate.probability(), scores.name());
        }
      }
    }
    assertEquals(0.5, ClassScores.SOFTMAX.probability(new double[] {0.2, 0.2}, 1, 5));
  }

  @Test
  void aThousandWordsGiveOneLabelEach() throws IOException {
    String[] words = IntStream.range(0, 1000).mapToObj(i -> "thing " + i).toArray(String[]::new);
    try (Zutis zutis = build(Zutis.builder())) {
      Segmentation result = zutis.segment(Noise.picture(48, 40, 5), Vocabulary.of(words));
      assertEquals(1000, result.names().size());
      assertTrue(IntStream.of(result.labels()).allMatch(l -> l >= 0 && l <= 1000));
    }
  }

  @Test
  void anEmptyVocabularyAndDuplicateWordsAreRefusedByName() {
    assertThrows(IllegalArgumentException.class, () -> Vocabulary.of());
    String message =
        assertThrows(IllegalArgumentException.class, () -> Vocabulary.of("cat", "dog", "Cat"))
            .getMessage();
    assertTrue(message.contains("'Cat'"), message);
  }

  @Test
  void aWordTooLongForTheTextTowerIsNamed() throws IOException {
    String endless = "a photo of ".repeat(40).strip();
    try (Zutis zutis = build(Zutis.builder())) {
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> zutis.segment(Noise.picture(32, 32, 1), Vocabulary.of(endless)))
              .getMessage();
      assertTrue(message.contains("a photo of"), message);
    }
  }

  @Test
  void noCandidateAboveTheThresholdMeansNoInstance() throws IOException {
    try (Zutis zutis = build(Zutis.builder().maskThreshold(1 - 1e-9))) {
      Segmentation result = zutis.segment(Noise.picture(48, 40, 1), WORDS);
      assertEquals(List.of(), result.segments());
      assertEquals(48 * 40, result.labels().length);
    }
  }

  @Test
  void picturesSmallerThanAPatchAndStripsHaveAnAnswer() throws IOException {
    for (InputSize rule : List.of(InputSize.own(), InputSize.shorterSide(64))) {
      try (Zutis zutis = build(Zutis.builder().input(rule))) {
        for (int[] size : new int[][] {{40, 7}, {1, 1}, {1, 800}, {3000, 3}, {1, 20_000}}) {
          Segmentation result = zutis.segment(Noise.picture(size[0], size[1], 1), WORDS);
          assertEquals(size[0], result.width());
          assertEquals(size[1], result.height());
        }
      }
    }
  }

  @Test
  void aThresholdLeavesOutInstancesThatScoreLess() throws IOException {
    Picture image = Noise.picture(75, 52, 1);
    try (Zutis zutis = build(Zutis.builder().withoutSuppression())) {
      List<Segment> all = zutis.segment(image, WORDS).segments();
      double least = all.get(all.size() / 2).score();
      assertEquals(
          all.stream().map(Segment::score).filter(score -> score >= least).toList(),
          zutis.segment(image, WORDS.withBackgroundThreshold(least)).segments().stream()
              .map(Segment::score)
              .toList());
    }
  }

  @Test
  void onlyTheBestAreKeptIfFewAreAskedFor() throws IOException {
    Picture image = Noise.picture(75, 52, 1);
    try (Zutis all = build(Zutis.builder().withoutSuppression());
        Zutis one = build(Zutis.builder().withoutSuppression().atMost(1))) {
      Segment best = all.segment(image, WORDS).segments().get(0);
      List<Segment> kept = one.segment(image, WORDS).segments();
      assertEquals(1, kept.size());
      assertEquals(best.mask(), kept.get(0).mask());
    }
  }

  @Test
  void candidatesAreWhatInstancesAreChosenFrom() throws IOException {
    Picture image = Noise.picture(75, 52, 1);
    try (Zutis zutis = build(Zutis.builder().suppression(new Nms.Linear(0.3)))) {
      List<Zutis.Candidate> candidates = zutis.candidates(image, WORDS);
      assertEquals(TinyZutis.CONFIG.queries(), candidates.size());
      for (Segment segment : zutis.segment(image, WORDS).segments()) {
        assertTrue(
            candidates.stream()
                .anyMatch(p -> p.label() == segment.label() && p.mask().equals(segment.mask())));
      }
    }
  }

  @Test
  void oneOfTwoSynonymsIsEnough() throws IOException {
    Picture image = Noise.picture(64, 48, 3);
    Vocabulary synonyms =
        Vocabulary.of(List.of(Vocabulary.Category.of("cat", "dog", "a photo")))
            .withBackground("background");
    try (Zutis zutis = build(Zutis.builder())) {
      int[] split = zutis.segment(image, WORDS).labels();
      int[] joined = zutis.segment(image, synonyms).labels();
      // Of the words the best counts in every cell, so that their category only grows.
      for (int i = 0; i < split.length; i++) {
        assertTrue(split[i] == 0 || joined[i] == 1, "pixel " + i);
      }
    }
  }

  @Test
  void aThresholdMakesUnsurePixelsBackground() throws IOException {
    Picture image = Noise.picture(64, 48, 3);
    try (Zutis zutis = build(Zutis.builder())) {
      int[] none = zutis.segment(image, WORDS.withBackgroundThreshold(0.9999)).labels();
      assertArrayEquals(new int[64 * 48], none);
    }
  }

  @Test
  void whatIsWrittenIsReadBackToTheSameResult() throws IOException {
    Path file = folder.resolve("zutis.safetensors");
    Picture image = Noise.picture(64, 48, 3);
    try (NDManager manager = NDManager.newBaseManager();
        Zutis zutis = build(Zutis.builder())) {
      Weights weights = Weights.of(TinyZutis.weights(manager), "random weights");
      SafetensorsWriter.write(file, weights.checkpoint(), Map.of());
      assertEquals(TinyZutis.CONFIG, ZutisConfig.of(weights.checkpoint()));
      try (Zutis read =
          Zutis.builder().model(file).precision(Precision.FLOAT32).clip(clip).build()) {
        assertTrue(same(zutis.segment(image, WORDS), read.segment(image, WORDS)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"BFLOAT16", "INT8"})
  void reducedPrecisionsComeCloseToFloat32(Precision precision) throws IOException {
    Path file = folder.resolve("zutis.safetensors");
    Picture image = Noise.picture(64, 48, 3);
    try (NDManager manager = NDManager.newBaseManager();
        Zutis zutis = build(Zutis.builder())) {
      Weights weights = Weights.of(TinyZutis.weights(manager), "random weights");
      SafetensorsWriter.write(file, weights.checkpoint(), Map.of());
      try (Zutis reduced = Zutis.builder().model(file).precision(precision).clip(clip).build()) {
        int[] expected = zutis.segment(image, WORDS).labels();
        int[] actual = reduced.segment(image, WORDS).labels();
        long equal =
            IntStream.range(0, expected.length).filter(i -> expected[i] == actual[i]).count();
        assertTrue(equal > 0.8 * expected.length, equal + " of " + expected.length);
      }
    }
  }

  @Test
  void anotherClipsWordsAreRefused() {
    NDManager manager = NDManager.newBaseManager();
    ZutisConfig wide = new ZutisConfig(TinyZutis.VIT, 48, 6, 1, 16, 16);
    Map<String, ai.djl.ndarray.NDArray> weights = new java.util.LinkedHashMap<>();
    wide.shapes().forEach((name, shape) -> weights.put(name, manager.zeros(shape)));
    ZutisModel model = ZutisModel.of(wide, Weights.of(weights, "zeros"), manager);
    String message =
        assertThrows(
                CheckpointException.class, () -> Zutis.builder().clip(clip).build(model, manager))
            .getMessage();
    assertTrue(message.contains("32") && message.contains("48"), message);
    manager.close();
  }

  @Test
  void aCheckpointOfSomethingElseIsRefusedWithTheMissingName() throws IOException {
    Path file = folder.resolve("other.safetensors");
    try (NDManager manager = NDManager.newBaseManager()) {
      Weights weights = Weights.of(TinyZutis.clipWeights(manager), "a CLIP");
      SafetensorsWriter.write(file, weights.checkpoint(), Map.of());
    }
    String message =
        assertThrows(
                CheckpointException.class, () -> Zutis.builder().model(file).clip(clip).build())
            .getMessage();
    assertTrue(message.contains("query_embed"), message);
  }

  @Test
  void callsFromSeveralThreadsAgree() throws IOException {
    Picture image = Noise.picture(64, 48, 3);
    try (Zutis zutis = build(Zutis.builder())) {
      Segmentation alone = zutis.segment(image, WORDS);
      IntStream.range(0, 12)
          .parallel()
          .forEach(i -> assertTrue(same(alone, zutis.segment(image, WORDS)), "call " + i));
    }
  }

  @Test
  void aClosedSegmenterSaysSo() throws IOException {
    Zutis zutis = build(Zutis.builder());
    zutis.close();
    assertThrows(IllegalStateException.class, () -> zutis.segment(Noise.picture(32, 32, 1), WORDS));
    // The CLIP was given, and stays open.
    assertEquals(1, clip.encode(List.of("cat")).length);
  }

  @Test
  void aModelAndWordsMustBeChosen() {
    assertThrows(IllegalStateException.class, () -> Zutis.builder().clip(clip).build());
    assertThrows(IllegalStateException.class, () -> Zutis.builder().model("x").build());
  }
}
