package org.zeroseg.eval.saliency;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.mask.Mask;

class SaliencyTest {

  private static final SaliencyMetrics METRICS = new SaliencyMetrics(SaliencyMetrics.FIELD);

  private final SplittableRandom random = new SplittableRandom(5);

  private float[] map(int pixels) {
    float[] map = new float[pixels];
    for (int i = 0; i < pixels; i++) {
      // Eighths of 255 hit thresholds exactly, where "above" must be strict.
      map[i] = random.nextBoolean() ? random.nextInt(256) / 255f : (float) random.nextDouble();
    }
    return map;
  }

  @Test
  void histogramCountsAsComparingWithEveryThreshold() {
    float[] map = map(600);
    boolean[] object = new boolean[map.length];
    for (int i = 0; i < object.length; i++) {
      object[i] = random.nextBoolean();
    }
    SaliencyMetrics.Curve curve = SaliencyMetrics.curve(map, object);
    for (int k = 0; k < SaliencyMetrics.THRESHOLDS; k++) {
      float threshold = (float) (k / 255.0);
      long predicted = 0;
      long hits = 0;
      for (int i = 0; i < map.length; i++) {
        if (map[i] > threshold) {
          predicted++;
          hits += object[i] ? 1 : 0;
        }
      }
      assertEquals(predicted, curve.predicted()[k], "threshold " + k);
      assertEquals(hits, curve.hits()[k], "threshold " + k);
    }
  }

  @Test
  void theTruthItselfIsPerfect() {
    Mask truth = Mask.of(20, 15, (x, y) -> x > 4 && x < 12 && y > 3 && y < 9);
    float[] map = new float[300];
    truth.forEach((x, y) -> map[y * 20 + x] = 1);
    SaliencyScores scores = METRICS.of(map, truth);
    assertEquals(1, scores.iou(), 1e-6);
    assertEquals(1, scores.pixelAccuracy());
    assertEquals(0, scores.meanAbsoluteError());
    assertEquals(1, scores.maxF(), 1e-6);
    assertEquals(1, scores.sMeasure(), 1e-6);
  }

  @Test
  void everyNumberIsDefinedForDegenerateTruth() {
    for (Mask truth :
        new Mask[] {
          Mask.empty(6, 5),
          Mask.empty(6, 5).not(),
          Mask.of(6, 5, (x, y) -> x == 0 && y == 0),
          Mask.of(6, 5, (x, y) -> x == 5 && y == 4)
        }) {
      SaliencyScores scores = METRICS.of(map(30), truth);
      assertTrue(scores.sMeasure() >= 0 && scores.sMeasure() <= 1, scores.toString());
      assertTrue(scores.f() >= 0 && scores.maxF() >= scores.f() - 1e-12, scores.toString());
    }
  }

  @Test
  void mergedEvaluationsEqualOneOverAllPictures() {
    Mask truth = Mask.of(10, 8, (x, y) -> x + y < 9);
    SaliencyEvaluator all = new SaliencyEvaluator(METRICS);
    SaliencyEvaluator part = new SaliencyEvaluator(METRICS);
    SaliencyEvaluator rest = new SaliencyEvaluator(METRICS);
    for (int i = 0; i < 5; i++) {
      float[] map = map(80);
      all.add(map, truth);
      (i < 2 ? part : rest).add(map, truth);
    }
    part.merge(rest);
    assertEquals(all.mean().maxF(), part.mean().maxF(), 1e-12);
    assertEquals(all.maxOfMeanF(), part.maxOfMeanF(), 1e-12);
    assertEquals(5, part.pictures());
  }

  @Test
  void refusesMapsThatAreNone() {
    Mask truth = Mask.empty(2, 2);
    assertThrows(IllegalArgumentException.class, () -> METRICS.of(new float[3], truth));
    assertThrows(IllegalArgumentException.class, () -> METRICS.of(new float[] {0, 2, 0, 0}, truth));
    assertThrows(
        IllegalArgumentException.class, () -> METRICS.of(new float[] {0, Float.NaN, 0, 0}, truth));
  }
}
