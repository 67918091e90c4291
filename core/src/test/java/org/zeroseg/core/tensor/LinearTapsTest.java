package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LinearTapsTest {

  @Test
  void agreesWithTheEngineForOneStepAndForTwo() {
    try (NDManager manager = NDManager.newBaseManager()) {
      SplittableRandom random = new SplittableRandom(2);
      for (int trial = 0; trial < 200; trial++) {
        int from = 1 + random.nextInt(20);
        int middle = 1 + random.nextInt(60);
        int to = 1 + random.nextInt(60);
        float[] values = new float[from];
        for (int i = 0; i < from; i++) {
          values[i] = (float) random.nextDouble(-1, 1);
        }
        NDArray once = resize(manager.create(values, new Shape(1, 1, 1, from)), middle);
        float[] own = new float[middle];
        LinearTaps.of(from, middle).apply(values, own);
        assertArrayEquals(once.toFloatArray(), own, 1e-5f, from + " to " + middle);

        float[] ownTwice = new float[to];
        LinearTaps.of(from, middle).then(to).apply(values, ownTwice);
        assertArrayEquals(
            resize(once, to).toFloatArray(), ownTwice, 1e-5f, from + " to " + middle + " to " + to);
      }
    }
  }

  private static NDArray resize(NDArray row, int width) {
    return Interpolation.resize(row, 1, width, Interpolation.Mode.BILINEAR);
  }
}
