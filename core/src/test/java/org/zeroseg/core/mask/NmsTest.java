package org.zeroseg.core.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.mask.Nms.BoxRule;
import org.zeroseg.core.mask.Nms.Gaussian;
import org.zeroseg.core.mask.Nms.Hard;
import org.zeroseg.core.mask.Nms.Kept;
import org.zeroseg.core.mask.Nms.Linear;

class NmsTest {

  private static Mask columns(int from, int to) {
    return Mask.of(30, 2, (x, y) -> x >= from && x < to);
  }

  // The first two overlap by 8 / 12, the third stands alone.
  private static final List<Mask> MASKS = List.of(columns(0, 10), columns(2, 12), columns(20, 25));
  private static final double[] SCORES = {.8, .9, .3};

  @Test
  void keepsTheHighestScoringOfTwoOverlappingMasks() {
    assertEquals(
        List.of(new Kept(1, .9), new Kept(2, .3)), Nms.masks(MASKS, SCORES, new Hard(.5), .01));
  }

  @Test
  void anOverlapAtTheThresholdSuppressesNothing() {
    assertEquals(3, Nms.masks(MASKS, SCORES, new Hard(8 / 12.), .01).size());
  }

  @Test
  void softSuppressionLowersScoresAndSortsAgain() {
    List<Kept> linear = Nms.masks(MASKS, SCORES, new Linear(.5), .01);
    assertEquals(List.of(1, 2, 0), linear.stream().map(Kept::index).toList());
    assertEquals(.8 / 3, linear.get(2).score(), 1e-12);
    List<Kept> gaussian = Nms.masks(MASKS, SCORES, new Gaussian(.5), .01);
    assertEquals(.8 * Math.exp(-2 * 4 / 9.), gaussian.get(1).score(), 1e-12);
  }

  @Test
  void categoriesLeaveEachOtherAlone() {
    assertEquals(
        List.of(new Kept(1, .9), new Kept(0, .8), new Kept(2, .3)),
        Nms.masks(MASKS, SCORES, new int[] {5, 2, 5}, new Hard(.5), .01));
  }

  @Test
  void theOrderOfTheCandidatesDoesNotMatterWithoutTies() {
    List<Kept> kept =
        Nms.masks(
            List.of(MASKS.get(2), MASKS.get(0), MASKS.get(1)),
            new double[] {.3, .8, .9},
            new Hard(.5),
            .01);
    assertEquals(List.of(new Kept(2, .9), new Kept(0, .3)), kept);
  }

  @Test
  void everyReferenceHasItsOwnRuleAtTheThreshold() {
    // Both ways the second box is half of the first.
    float[] edges = {0, 0, 4, 4, 0, 0, 4, 2};
    float[] lastPixels = {0, 0, 3, 3, 0, 0, 3, 1};
    float[] scores = {.9f, .8f};
    assertEquals(2, Nms.boxes(edges, scores, .5, BoxRule.TORCHVISION).size());
    assertEquals(1, Nms.boxes(edges, scores, .49, BoxRule.TORCHVISION).size());
    assertEquals(2, Nms.boxes(lastPixels, scores, .5, BoxRule.MMDET_CUDA).size());
    assertEquals(1, Nms.boxes(lastPixels, scores, .5, BoxRule.MMDET_CPU).size());
  }

  @Test
  void boxesWithoutAreaNeverSuppressEachOther() {
    float[] points = {1, 1, 1, 1, 1, 1, 1, 1};
    assertEquals(2, Nms.boxes(points, new float[2], .5, BoxRule.TORCHVISION).size());
  }

  @Test
  void stoppedEarlyItGivesTheBestOfWhatStays() {
    float[] boxes = {0, 0, 4, 4, 0, 0, 4, 3, 9, 9, 12, 12, 20, 0, 24, 4};
    float[] scores = {.7f, .9f, .8f, .6f};
    List<Kept> all = Nms.boxes(boxes, scores, .5, BoxRule.TORCHVISION);
    assertEquals(List.of(1, 2, 3), all.stream().map(Kept::index).toList());
    for (int most = 0; most <= 4; most++) {
      assertEquals(
          all.subList(0, Math.min(most, 3)),
          Nms.boxes(boxes, scores, .5, BoxRule.TORCHVISION, most));
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> Nms.masks(MASKS, new double[2], new Hard(.5), 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> Nms.boxes(new float[7], new float[2], .5, BoxRule.TORCHVISION));
    assertThrows(
        IllegalArgumentException.class,
        () -> Nms.boxes(new float[4], new float[] {Float.NaN}, .5, BoxRule.TORCHVISION));
    assertThrows(
        IllegalArgumentException.class,
        () -> Nms.masks(MASKS, new double[] {.8, Double.NaN, .3}, new Hard(.5), 0));
    assertThrows(IllegalArgumentException.class, () -> new Gaussian(0));
  }
}
