package org.zeroseg.zsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.mask.Nms;

class DetectionsTest {

  /** Suppression class by class and a cut afterwards. */
  private static List<int[]> slowly(
      float[] boxes, int slots, int[] slot, float[] scores, Detections.Rules rules) {
    int classes = slot.length;
    List<int[]> kept = new ArrayList<>();
    for (int c = 1; c < classes; c++) {
      List<Integer> rows = new ArrayList<>();
      for (int row = 0; row < scores.length / classes; row++) {
        if (scores[row * classes + c] > (float) rules.score()) {
          rows.add(row);
        }
      }
      float[] own = new float[4 * rows.size()];
      float[] ownScores = new float[rows.size()];
      for (int i = 0; i < rows.size(); i++) {
        System.arraycopy(boxes, 4 * (rows.get(i) * slots + slot[c]), own, 4 * i, 4);
        ownScores[i] = scores[rows.get(i) * classes + c];
      }
      int label = c;
      Nms.boxes(own, ownScores, rules.overlap(), Nms.BoxRule.MMDET_CUDA).stream()
          .map(Nms.Kept::index)
          .sorted()
          .forEach(i -> kept.add(new int[] {label, rows.get(i)}));
    }
    if (kept.size() > rules.most()) {
      kept.sort(Comparator.comparingDouble((int[] one) -> -scores[one[1] * classes + one[0]]));
      return kept.subList(0, rules.most());
    }
    return kept;
  }

  @Test
  void stoppingEarlyGivesWhatSuppressionByClassAndACutGive() {
    SplittableRandom random = new SplittableRandom(1);
    for (int trial = 0; trial < 200; trial++) {
      int rows = random.nextInt(40);
      int classes = 2 + random.nextInt(5);
      int slots = random.nextBoolean() ? 1 : classes;
      int[] slot = IntStream.range(0, classes).map(c -> slots == 1 ? 0 : c).toArray();
      float[] boxes = new float[4 * rows * slots];
      for (int i = 0; i < boxes.length; i += 4) {
        boxes[i] = random.nextInt(30);
        boxes[i + 1] = random.nextInt(30);
        // Also boxes that end before they begin.
        boxes[i + 2] = boxes[i] + random.nextInt(-3, 20);
        boxes[i + 3] = boxes[i + 1] + random.nextInt(-3, 20);
      }
      float[] scores = new float[rows * classes];
      for (int i = 0; i < scores.length; i++) {
        // Few values, so that many scores are equal; some below zero.
        scores[i] = random.nextInt(-4, 12) / 10f;
      }
      double least = random.nextBoolean() ? 0.05 : -1;
      Detections.Rules rules = new Detections.Rules(least, 0.5, 1 + random.nextInt(30));
      Detections found = Detections.select(boxes, slots, slot, scores, rules);
      List<int[]> expected = slowly(boxes, slots, slot, scores, rules);
      assertEquals(expected.size(), found.size());
      for (int i = 0; i < found.size(); i++) {
        assertArrayEquals(expected.get(i), new int[] {found.classes()[i], found.rows()[i]});
      }
    }
  }

  /** Suppression of proposals stops when no more are wanted, unless a level is cut by order. */
  @Test
  void fewProposalsAreTheBestOfMany() {
    SplittableRandom random = new SplittableRandom(2);
    for (int trial = 0; trial < 60; trial++) {
      List<Proposals.Level> levels = new ArrayList<>();
      List<float[]> anchors = new ArrayList<>();
      for (int level = 0; level < 2; level++) {
        int side = 8 >> level;
        float[] scores = new float[6 * side * side];
        for (int i = 0; i < scores.length; i++) {
          scores[i] = random.nextInt(8); // many are equal
        }
        levels.add(new Proposals.Level(scores, new float[12 * side * side]));
        anchors.add(Anchors.PUBLISHED.grid(level, side, side));
      }
      int before = random.nextBoolean() ? 40 : 1000;
      int after = random.nextBoolean() ? 30 : 1000;
      Proposals all =
          Proposals.of(levels, anchors, 64, 64, new Proposals.Rules(before, after, 1000, 0.4));
      int most = 1 + random.nextInt(40);
      Proposals few =
          Proposals.of(levels, anchors, 64, 64, new Proposals.Rules(before, after, most, 0.4));
      int count = Math.min(most, all.size());
      assertArrayEquals(Arrays.copyOf(all.scores(), count), few.scores());
      assertArrayEquals(Arrays.copyOf(all.boxes(), 4 * count), few.boxes());
    }
  }

  @Test
  void nothingToSelectFromIsNothing() {
    Detections found =
        Detections.select(
            new float[0], 3, new int[] {0, 1, 2}, new float[0], new Detections.Rules(0.05, 0.5, 9));
    assertEquals(0, found.size());
  }
}
