package org.zeroseg.core.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ScoringTest {

  private static final float[][] ROW = {{0.1f}, {0.3f}};

  @Test
  void aSoftmaxCountsTheOthersASigmoidDoesNot() {
    assertEquals(1 / (1 + Math.exp(-2)), Scoring.softmax(10).probability(ROW, 1, 0), 1e-6);
    assertEquals(1 / (1 + Math.exp(-1.5)), Scoring.sigmoid(5).probability(ROW, 1, 0), 1e-6);
    assertEquals(0.75, Scoring.share().probability(ROW, 1, 0), 1e-6);
  }
}
