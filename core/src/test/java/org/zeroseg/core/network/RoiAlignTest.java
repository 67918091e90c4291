package org.zeroseg.core.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import org.junit.jupiter.api.Test;

class RoiAlignTest {

  private static final RoiAlign HALF = new RoiAlign(2, 2, 1, 2, RoiAlign.Convention.HALF_PIXEL);

  @Test
  void theMeanOfALinearRampIsItsValueAtTheBinsCentre() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray ramp = manager.arange(10f).reshape(1, 1, 1, 10).repeat(2, 8);
      float[] pooled = HALF.pool(ramp, new float[] {0, 2, 1, 8, 7}, Mode.INFERENCE).toFloatArray();
      assertArrayEquals(new float[] {3, 6, 3, 6}, pooled, 1e-5f);
    }
  }

  @Test
  void boxesOutsideTheMapGiveZeros() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray ones = manager.ones(new Shape(1, 3, 4, 4));
      NDArray pooled = HALF.pool(ones, new float[] {0, 50, 50, 60, 60}, Mode.INFERENCE);
      assertEquals(new Shape(1, 3, 2, 2), pooled.getShape());
      assertEquals(0, pooled.abs().max().getFloat());
    }
  }

  @Test
  void noBoxesGiveAnEmptyResult() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray ones = manager.ones(new Shape(1, 3, 4, 4));
      assertEquals(new Shape(0, 3, 2, 2), HALF.pool(ones, new float[0], Mode.INFERENCE).getShape());
    }
  }

  @Test
  void gradientsReachTheFeaturesWithTheWeightsOfTheSamples() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray features = manager.ones(new Shape(1, 2, 6, 6));
      features.setRequiresGradient(true);
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        collector.backward(
            HALF.pool(features, new float[] {0, 1, 1, 5, 5}, Mode.DIFFERENTIABLE).sum());
      }
      try (NDArray gradient = features.getGradient()) {
        // Four bins a channel, each a weighted mean: the weights sum to 1 a bin.
        assertEquals(8, gradient.sum().getFloat(), 1e-4);
        assertEquals(0, gradient.getFloat(0, 0, 0, 0));
      }
    }
  }

  @Test
  void namesABoxThatIsWrong() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray ones = manager.ones(new Shape(1, 1, 4, 4));
      assertThrows(
          IllegalArgumentException.class,
          () -> HALF.pool(ones, new float[] {1, 0, 0, 1, 1}, Mode.INFERENCE));
      assertThrows(
          IllegalArgumentException.class,
          () -> HALF.pool(ones, new float[] {0, Float.NaN, 0, 1, 1}, Mode.INFERENCE));
      assertThrows(
          IllegalArgumentException.class, () -> HALF.pool(ones, new float[4], Mode.INFERENCE));
    }
  }

  @Test
  void recordingChangesNoResult() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray map = manager.arange(2 * 3 * 6 * 5f).reshape(2, 3, 6, 5);
      float[] boxes = {0, 1, 1, 5, 5, 1, 0.3f, 2, 4, 3.5f};
      assertArrayEquals(
          HALF.pool(map, boxes, Mode.INFERENCE).toFloatArray(),
          HALF.pool(map, boxes, Mode.DIFFERENTIABLE).toFloatArray());
    }
  }

  @Test
  void manyBoxesOfManySamplesArePooledInParts() {
    RoiAlign adaptive = new RoiAlign(7, 7, 1, 0, RoiAlign.Convention.CORNERS);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray map = manager.arange(2 * 300 * 300f).reshape(1, 2, 300, 300).div(1000);
      float[] box = {0, -20, -30, 310, 320};
      float[] one = adaptive.pool(map, box, Mode.INFERENCE).toFloatArray();
      int count = 40; // at 360,000 cells each, more than are gathered at once
      float[] boxes = new float[5 * count];
      for (int i = 0; i < boxes.length; i++) {
        boxes[i] = box[i % 5];
      }
      NDArray all = adaptive.pool(map, boxes, Mode.INFERENCE);
      assertEquals(new Shape(count, 2, 7, 7), all.getShape());
      for (int i = 0; i < count; i += count - 1) {
        assertArrayEquals(one, all.get(i).toFloatArray());
      }
    }
  }

  @Test
  void aHugeBoxCostsWhatTheMapCosts() {
    RoiAlign adaptive = new RoiAlign(2, 2, 1, 0, RoiAlign.Convention.CORNERS);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray ones = manager.ones(new Shape(1, 1, 4, 4));
      float[] box = {0, -500_000, -500_000, 500_000, 500_000};
      float[] pooled = adaptive.pool(ones, box, Mode.INFERENCE).toFloatArray();
      for (float value : pooled) {
        // About 5 by 5 of 500,000 by 500,000 samples meet the map.
        assertEquals(6e-12, value, 6e-11);
      }
      float[] endless = {0, 0, 0, 1e30f, 1};
      IllegalArgumentException error =
          assertThrows(
              IllegalArgumentException.class, () -> adaptive.pool(ones, endless, Mode.INFERENCE));
      assertEquals(true, error.getMessage().contains("1.0E30"), error.getMessage());
    }
  }

  @Test
  void whatTheBackwardPassReadsOutlivesACollection() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray features = manager.ones(new Shape(1, 4, 40, 40));
      features.setRequiresGradient(true);
      float[] boxes = new float[500];
      for (int i = 0; i < boxes.length; i += 5) {
        System.arraycopy(new float[] {0, 1, 1, 30, 20}, 0, boxes, i, 5);
      }
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        NDArray sum = HALF.pool(features, boxes, Mode.DIFFERENTIABLE).sum();
        for (int i = 0; i < 20; i++) {
          System.gc();
          manager.create(new long[100 + 300 * i]).close();
        }
        collector.backward(sum);
      }
      try (NDArray gradient = features.getGradient()) {
        assertEquals(100 * 4 * 4, gradient.sum().getFloat(), 0.1);
      }
    }
  }
}
