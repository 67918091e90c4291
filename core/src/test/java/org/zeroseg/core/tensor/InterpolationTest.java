package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zeroseg.core.tensor.Interpolation.Mode;
import org.zeroseg.core.tensor.Interpolation.Padding;

class InterpolationTest {

  private final NDManager manager = NDManager.newBaseManager("PyTorch");

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray random(long... shape) {
    float[] values = new float[(int) new Shape(shape).size()];
    Random random = new Random(7);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return manager.create(values, new Shape(shape));
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void keepsAConstantPicture(Mode mode) {
    NDArray resized = Interpolation.resize(manager.ones(new Shape(1, 2, 5, 3)), 4, 9, mode);
    assertEquals(new Shape(1, 2, 4, 9), resized.getShape());
    assertEquals(0, resized.sub(1).abs().max().getFloat(), 1e-6);
  }

  @Test
  void keepsTheCornersWhenTheyAreAligned() {
    NDArray x = manager.create(new float[] {1, 2, 3, 4}, new Shape(1, 1, 2, 2));
    assertArrayEquals(
        new float[] {1, 1.5f, 2, 2, 2.5f, 3, 3, 3.5f, 4},
        Interpolation.resize(x, 3, 3, Mode.BILINEAR, true).toFloatArray());
    assertArrayEquals(
        new float[] {1, 1.5f, 2, 2, 2.5f, 3, 3, 3.5f, 4},
        Interpolation.resize(x, 3, 3, Mode.BILINEAR, false).toFloatArray());
    assertArrayEquals(
        new float[] {1, 1.25f, 1.75f, 2},
        Interpolation.resize(x.get(":,:,:1,:"), 1, 4, Mode.BILINEAR, false).toFloatArray());
  }

  @Test
  void stepsByTheFactorNotByTheRatioOfTheSizes() {
    NDArray x = random(1, 1, 5, 5);
    NDArray byFactor = Interpolation.scale(x, 1.5, 1.5, Mode.BILINEAR);
    NDArray bySize = Interpolation.resize(x, 7, 7, Mode.BILINEAR);
    assertEquals(bySize.getShape(), byFactor.getShape());
    // Output 1 lies at (1 + 0.5) / 1.5 - 0.5 = 0.5: midway between the first two.
    float[] row = x.get("0,0,0").toFloatArray();
    float[] first = byFactor.get("0,0,0").toFloatArray();
    assertEquals((row[0] + row[1]) / 2, first[1], 1e-6);
  }

  @Test
  void samplesAnIdentityGridToThePictureItself() {
    NDArray x = random(1, 2, 3, 3);
    float[] grid = new float[18];
    for (int i = 0; i < 9; i++) {
      grid[2 * i] = i % 3 - 1;
      grid[2 * i + 1] = i / 3 - 1;
    }
    NDArray places = manager.create(grid, new Shape(1, 3, 3, 2));
    assertArrayEquals(
        x.toFloatArray(),
        Interpolation.gridSample(x, places, Mode.BILINEAR, Padding.ZEROS, true).toFloatArray(),
        1e-6f);
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"BILINEAR", "BICUBIC", "AREA"})
  void lendsGradientsToResizing(Mode mode) {
    checkGradient(random(1, 2, 4, 5), x -> Interpolation.resize(x, 6, 3, mode));
  }

  @Test
  void lendsGradientsToScalingAntialiasingAndGridSampling() {
    checkGradient(random(1, 2, 4, 5), x -> Interpolation.scale(x, 1.7, 0.6, Mode.BICUBIC));
    checkGradient(random(1, 2, 7, 5), x -> Interpolation.resizeAntialiased(x, 3, 3, Mode.BICUBIC));
    NDArray grid = random(1, 3, 2, 2).mul(0.9f);
    checkGradient(
        random(1, 2, 4, 5),
        x -> Interpolation.gridSample(x, grid, Mode.BICUBIC, Padding.REFLECTION, false));
    NDArray x = random(1, 2, 4, 5);
    checkGradient(
        manager.create(new float[] {-0.55f, 0.31f, 0.12f, -0.47f}, new Shape(1, 1, 2, 2)),
        g -> Interpolation.gridSample(x, g, Mode.BILINEAR, Padding.ZEROS, false));
  }

  /** Compares the gradient of sum(f(x)^2) with central differences. */
  private void checkGradient(NDArray x, Function<NDArray, NDArray> f) {
    float[] values = x.toFloatArray();
    float[] gradient;
    x.setRequiresGradient(true);
    try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
      collector.backward(f.apply(x).square().sum());
      gradient = x.getGradient().toFloatArray();
    }
    float step = 1e-2f;
    for (int i = 0; i < values.length; i++) {
      float[] moved = values.clone();
      moved[i] += step;
      float above = f.apply(manager.create(moved, x.getShape())).square().sum().getFloat();
      moved[i] -= 2 * step;
      float below = f.apply(manager.create(moved, x.getShape())).square().sum().getFloat();
      assertEquals((above - below) / (2 * step), gradient[i], 5e-3, "element " + i);
    }
  }

  @Test
  void refusesShapesThatAreNotPictures() {
    NDArray flat = manager.ones(new Shape(4, 4));
    assertThrows(
        IllegalArgumentException.class, () -> Interpolation.resize(flat, 2, 2, Mode.BILINEAR));
    NDArray x = manager.ones(new Shape(1, 1, 4, 4));
    assertThrows(
        IllegalArgumentException.class, () -> Interpolation.resize(x, 0, 2, Mode.BILINEAR));
    assertThrows(
        IllegalArgumentException.class, () -> Interpolation.resize(x, 2, 2, Mode.AREA, true));
    assertThrows(
        IllegalArgumentException.class, () -> Interpolation.scale(x, 0.1, 1, Mode.BILINEAR));
    assertThrows(
        IllegalArgumentException.class,
        () -> Interpolation.gridSample(x, x, Mode.BILINEAR, Padding.ZEROS, false));
  }
}
