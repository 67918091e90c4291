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
      float[] pooled = HALF.pool(ramp, new float[] {0, 2, 1, 8, 7}).toFloatArray();
      assertArrayEquals(new float[] {3, 6, 3, 6}, pooled, 1e-5f);
    }
  }

  @Test
  void boxesOutsideTheMapGiveZeros() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray ones = manager.ones(new Shape(1, 3, 4, 4));
      NDArray pooled = HALF.pool(ones, new float[] {0, 50, 50, 60, 60});
      assertEquals(new Shape(1, 3, 2, 2), pooled.getShape());
      assertEquals(0, pooled.abs().max().getFloat());
    }
  }

  @Test
  void noBoxesGiveAnEmptyResult() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray ones = manager.ones(new Shape(1, 3, 4, 4));
      assertEquals(new Shape(0, 3, 2, 2), HALF.pool(ones, new float[0]).getShape());
    }
  }

  @Test
  void gradientsReachTheFeaturesWithTheWeightsOfTheSamples() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray features = manager.ones(new Shape(1, 2, 6, 6));
      features.setRequiresGradient(true);
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        collector.backward(HALF.pool(features, new float[] {0, 1, 1, 5, 5}).sum());
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
          IllegalArgumentException.class, () -> HALF.pool(ones, new float[] {1, 0, 0, 1, 1}));
      assertThrows(
          IllegalArgumentException.class,
          () -> HALF.pool(ones, new float[] {0, Float.NaN, 0, 1, 1}));
      assertThrows(IllegalArgumentException.class, () -> HALF.pool(ones, new float[4]));
    }
  }
}
