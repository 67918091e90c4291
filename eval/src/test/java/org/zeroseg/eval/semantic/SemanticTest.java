package org.zeroseg.eval.semantic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.Boundaries;

class SemanticTest {

  private final SplittableRandom random = new SplittableRandom(3);

  private LabelMap map(int width, int height, int classes) {
    int[] labels = random.ints((long) width * height, 0, classes).toArray();
    return LabelMap.of(width, height, labels);
  }

  @Test
  void countsEveryPixelOnce() {
    LabelMap truth = map(37, 23, 6);
    LabelMap prediction = map(37, 23, 6);
    ConfusionMatrix matrix = new ConfusionMatrix(6);
    matrix.add(truth, prediction, "picture");
    long[][] expected = new long[6][6];
    for (int y = 0; y < 23; y++) {
      for (int x = 0; x < 37; x++) {
        expected[truth.at(x, y)][prediction.at(x, y)]++;
      }
    }
    for (int t = 0; t < 6; t++) {
      for (int p = 0; p < 6; p++) {
        assertEquals(expected[t][p], matrix.count(t, p));
      }
    }
    assertEquals(37 * 23, matrix.total());
  }

  @Test
  void mergedMatricesEqualOneOverAllPictures() {
    ConfusionMatrix all = new ConfusionMatrix(4);
    ConfusionMatrix first = new ConfusionMatrix(4);
    ConfusionMatrix second = new ConfusionMatrix(4);
    for (int i = 0; i < 6; i++) {
      LabelMap truth = map(9, 7, 4);
      LabelMap prediction = map(9, 7, 4);
      all.add(truth, prediction, "all");
      (i % 2 == 0 ? first : second).add(truth, prediction, "part");
    }
    second.merge(first);
    assertEquals(all.meanIou(), second.meanIou());
    assertEquals(all.pixelAccuracy(), second.pixelAccuracy());
  }

  @Test
  void aStrangePredictionCountsNothingOfItsPicture() {
    ConfusionMatrix matrix = new ConfusionMatrix(3);
    int[] truth = {0, 1, 255, 2, 2};
    assertThrows(
        IllegalArgumentException.class, () -> matrix.add(truth, new int[] {0, 1, 9, 2, 3}));
    assertEquals(0, matrix.total());
    matrix.add(truth, new int[] {0, 1, 9, 2, 2}); // what is predicted on ignored pixels is free
    assertEquals(4, matrix.total());
    assertEquals(1, matrix.meanIou());
  }

  @Test
  void namesPicturesOfDifferentSizes() {
    ConfusionMatrix matrix = new ConfusionMatrix(3);
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> matrix.add(map(4, 4, 3), map(4, 5, 3), "cat.png"));
    assertTrue(error.getMessage().contains("cat.png"), error.getMessage());
  }

  @Test
  void boundaryIsWhatRepeatedErosionRemoves() {
    for (int round = 0; round < 20; round++) {
      int width = random.nextInt(1, 40);
      int height = random.nextInt(1, 40);
      double cx = random.nextDouble(width);
      double cy = random.nextDouble(height);
      double r = random.nextDouble(2, 25);
      Mask mask =
          Mask.of(width, height, (x, y) -> Math.hypot(x - cx, y - cy) < r && (x * y) % 31 != 7);
      int distance = random.nextInt(1, 5);
      Mask eroded = mask;
      for (int i = 0; i < distance; i++) {
        eroded = eroded(eroded);
      }
      assertEquals(mask.andNot(eroded), Boundaries.of(mask, distance));
    }
  }

  private static Mask eroded(Mask mask) {
    return Mask.of(
        mask.width(),
        mask.height(),
        (x, y) -> {
          for (int v = y - 1; v <= y + 1; v++) {
            for (int u = x - 1; u <= x + 1; u++) {
              if (u < 0 || v < 0 || u >= mask.width() || v >= mask.height() || !mask.get(u, v)) {
                return false;
              }
            }
          }
          return true;
        });
  }

  @Test
  void clustersFindTheirClasses() {
    ClusterMatching matching = new ClusterMatching(5);
    int[] names = {0, 3, 5, 1, 2, 4};
    for (int i = 0; i < 40; i++) {
      int cluster = random.nextInt(1, 6);
      LabelMap prediction = LabelMap.of(2, 1, new int[] {0, cluster});
      matching.add(prediction.map(label -> names[label]), prediction);
    }
    Map<Integer, Integer> match = matching.match();
    IntStream.range(0, 6).forEach(i -> assertEquals(names[i], match.get(i)));
    assertEquals(40, matching.sharedPictures(match));
    assertThrows(
        IllegalArgumentException.class,
        () -> ClusterMatching.rename(LabelMap.of(1, 1, new int[] {7}), match));
  }

  @Test
  void aPerfectImageNetSPredictionScoresAll() {
    ImageNetSEvaluator evaluator = new ImageNetSEvaluator(2);
    LabelMap truth = LabelMap.of(10, 10, IntStream.range(0, 100).map(i -> i % 10 / 4).toArray());
    evaluator.add(truth, truth, "picture");
    assertEquals(100, evaluator.summary().get("mIoU"), 1e-9);
    assertEquals(100, evaluator.summary().get("mBIoU"), 1e-9);
    assertEquals(100, evaluator.summary().get("Acc"), 1e-9);
    assertTrue(Double.isNaN(evaluator.summary().get("S")), "no small object");
  }

  @Test
  void resizingToTheSameSizeChangesNothing() {
    float[] maps = new float[3 * 5 * 7];
    for (int i = 0; i < maps.length; i++) {
      maps[i] = random.nextInt(100) / 10f;
    }
    assertArrayEquals(maps, Logits.resize(maps, 3, 5, 7, 5, 7));
    LabelMap map = map(8, 6, 9);
    for (LabelMap.Nearest rule : LabelMap.Nearest.values()) {
      assertEquals(map, map.resize(8, 6, rule));
      assertEquals(map, map.resize(16, 12, rule).resize(8, 6, rule));
    }
  }
}
