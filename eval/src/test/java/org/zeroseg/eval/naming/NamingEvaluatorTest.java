package org.zeroseg.eval.naming;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.Segment;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.naming.NamingEvaluator.Background;
import org.zeroseg.eval.naming.NamingEvaluator.Mode;
import org.zeroseg.eval.naming.NamingEvaluator.Score;

/** On pictures of ten columns; the classes' vectors are the axes. */
class NamingEvaluatorTest {

  private static final int SIDE = 10;
  private static final Map<Integer, String> CLASSES = Map.of(1, "dog", 2, "cat");
  private static final Map<String, float[]> VECTORS =
      Map.of(
          "cat", new float[] {1, 0, 0},
          "dog", new float[] {0, 1, 0},
          "kitten", new float[] {0.8f, 0, 0.6f},
          "sky", new float[] {0.05f, 0, 1});

  private static float[][] embed(List<String> texts) {
    return texts.stream().map(VECTORS::get).toArray(float[][]::new);
  }

  private static NamingEvaluator evaluator(Background background) {
    return new NamingEvaluator(
        CLASSES, background, NamingEvaluatorTest::embed, Optional.of(NamingEvaluatorTest::embed));
  }

  /** Columns from one to before another. */
  private static Segment segment(String name, String looks, int from, int to) {
    Mask mask = Mask.of(SIDE, SIDE, (x, y) -> x >= from && x < to);
    return Segment.of(1, name, 0, mask).withEmbedding(VECTORS.get(looks));
  }

  /** Labels by column. */
  private static LabelMap truth(int... columns) {
    return LabelMap.of(
        SIDE, SIDE, IntStream.range(0, SIDE * SIDE).map(i -> columns[i % SIDE]).toArray());
  }

  @Test
  void segmentsAreReassignedByLookAndByName() {
    NamingEvaluator evaluator = evaluator(Background.EXCUSED);
    NamingEvaluator.Outcome outcome =
        evaluator.add(
            truth(2, 2, 2, 2, 0, 0, 1, 1, 1, 1),
            List.of(segment("kitten", "cat", 0, 5), segment("sky", "dog", 5, 10)));
    // By look cat 4 of 5 columns and dog 4 of 5; by name the kitten is a cat and the sky nothing.
    assertEquals(0.8, outcome.iou(), 1e-12);
    assertEquals(2, outcome.labels().at(4, 0));
    assertEquals(1, outcome.labels().at(5, 0));
    Score look = evaluator.score(Mode.SEGMENT_TO_TEXT).orElseThrow();
    assertEquals(new Score(0.1, 0.8, 0.8, 1, 1), look);
    Score name = evaluator.score(Mode.TEXT_TO_TEXT).orElseThrow();
    assertEquals(new Score(0.5, 0.4, 0.4, 0.5, 0.5), name);
    assertEquals(Map.of("cat", 0.8, "dog", 0.0), evaluator.classIous(Mode.TEXT_TO_TEXT));
  }

  @Test
  void everyThresholdOfThePapersTablesIsSwept() {
    NamingEvaluator evaluator = evaluator(Background.EXCUSED);
    evaluator.add(
        truth(2, 2, 2, 2, 2, 1, 1, 1, 1, 1),
        List.of(segment("kitten", "kitten", 0, 5), segment("dog", "sky", 5, 10)));
    List<Score> names = evaluator.scores(Mode.TEXT_TO_TEXT);
    assertEquals(
        List.of(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
        names.stream().map(Score::threshold).toList());
    assertEquals(1, names.get(7).iou(), 1e-12);
    assertEquals(0.5, names.get(9).iou(), 1e-12, "0.8 is no longer a cat");
    List<Score> looks = evaluator.scores(Mode.SEGMENT_TO_TEXT);
    assertEquals(
        List.of(0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35),
        looks.stream().map(Score::threshold).toList());
    // At 0 the second half is a cat as well: 5 of 10 columns, and the dog is missed.
    assertEquals(0.25, looks.get(0).iou(), 1e-12);
    assertEquals(0.5, looks.get(2).iou(), 1e-12);
  }

  @Test
  void strayPredictionsCostAsTheSetHasIt() {
    LabelMap truth = truth(2, 2, 2, 2, 2, 0, 0, 0, 0, 0);
    List<Segment> found = List.of(segment("cat", "cat", 0, 5), segment("dog", "dog", 5, 10));
    assertEquals(1, evaluator(Background.EXCUSED).add(truth, found).iou());
    assertEquals(0.5, evaluator(Background.COUNTED).add(truth, found).iou());
  }

  @Test
  void namesOfTrueSegmentsAreComparedWithTheirClasses() {
    NamingEvaluator evaluator = evaluator(Background.EXCUSED);
    List<Segment> things = evaluator.trueSegments(truth(2, 2, 2, 2, 0, 255, 1, 1, 1, 1));
    assertEquals(List.of("cat", "dog"), things.stream().map(Segment::name).toList());
    assertEquals(40, things.get(0).mask().area());
    evaluator.addNames(
        things, List.of(segment("kitten", "cat", 0, 1), segment("sky", "cat", 0, 1)));
    List<Segment> dog = evaluator.trueSegments(truth(1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
    evaluator.addNames(dog, List.of(segment("dog", "cat", 0, 1)));
    assertEquals(2 / 3.0, evaluator.textQuality(), 1e-12);
    assertEquals(0.75, evaluator.textQualityByPicture(), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> evaluator.addNames(dog, List.of()));
  }

  @Test
  void segmentsWithoutNamesAreComparedByLookAlone() {
    NamingEvaluator evaluator =
        new NamingEvaluator(
            CLASSES, Background.EXCUSED, NamingEvaluatorTest::embed, Optional.empty());
    assertFalse(evaluator.comparesNames());
    assertTrue(evaluator.scores(Mode.TEXT_TO_TEXT).isEmpty());
    assertTrue(evaluator.score(Mode.TEXT_TO_TEXT).isEmpty());
    assertThrows(IllegalStateException.class, () -> evaluator.addNames(List.of(), List.of()));
  }

  @Test
  void aSegmentWithoutEmbeddingIsRefused() {
    Segment bare = Segment.of(1, "cat", 0, Mask.of(SIDE, SIDE, (x, y) -> true));
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                evaluator(Background.EXCUSED)
                    .add(truth(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), List.of(bare)));
    assertTrue(error.getMessage().contains("cat"), error.getMessage());
  }

  @Test
  void nothingFoundIsNothingRight() {
    NamingEvaluator evaluator = evaluator(Background.COUNTED);
    assertEquals(0, evaluator.add(truth(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), List.of()).iou());
    assertEquals(0, evaluator.score(Mode.SEGMENT_TO_TEXT).orElseThrow().recall());
  }
}
