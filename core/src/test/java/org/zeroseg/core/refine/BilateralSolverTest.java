package org.zeroseg.core.refine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;

class BilateralSolverTest {

  private static final int SIDE = 96;

  /** A bright square from 32 to 63 on a dark ground. */
  private static Picture square() {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
      boolean inside = inside(i % SIDE, i / SIDE);
      Arrays.fill(rgb, 3 * i, 3 * i + 3, (byte) (inside ? 220 : 30));
    }
    return Picture.of(PixelFormat.RGB, SIDE, SIDE, rgb);
  }

  private static boolean inside(int x, int y) {
    return x >= 32 && x < 64 && y >= 32 && y < 64;
  }

  private static Picture constant(int width, int height) {
    return Picture.of(PixelFormat.RGB, width, height, new byte[3 * width * height]);
  }

  @Test
  void snapsACoarseMaskToTheEdgesOfThePicture() {
    Mask truth = Mask.of(SIDE, SIDE, BilateralSolverTest::inside);
    Mask coarse = Mask.of(SIDE, SIDE, (x, y) -> x >= 28 && x < 60 && y >= 37 && y < 69);
    Mask refined = BilateralSolver.DEFAULT.guide(square()).refine(coarse);
    assertTrue(coarse.iou(truth) < 0.8);
    assertEquals(truth, refined);
  }

  @Test
  void leavesEmptyAndFullMasksAlone() {
    BilateralSolver.Guide guide = BilateralSolver.DEFAULT.guide(square());
    Mask empty = Mask.empty(SIDE, SIDE);
    assertEquals(empty, guide.refine(empty));
    assertEquals(empty.not(), guide.refine(empty.not()));
    float[] ones = new float[SIDE * SIDE];
    Arrays.fill(ones, 1);
    for (double value : guide.solve(ones)) {
      assertEquals(1, value, 1e-9);
    }
  }

  @Test
  void aConstantPictureGivesNearlyTheMeanOfTheMask() {
    BilateralSolver.Guide guide = BilateralSolver.DEFAULT.guide(constant(32, 32));
    float[] target = new float[32 * 32];
    Arrays.fill(target, 0, 32 * 16, 1);
    for (double value : guide.solve(target)) {
      assertEquals(0.5, value, 0.1);
    }
  }

  @Test
  void onePixelIsItsOwnAnswer() {
    BilateralSolver.Guide guide = BilateralSolver.DEFAULT.guide(constant(1, 1));
    assertEquals(0.25, guide.solve(new float[] {0.25f})[0], 1e-12);
  }

  @Test
  void keepsTheMaskWhereLittleWouldBeLeftIfAsked() {
    Mask speck = Mask.of(SIDE, SIDE, (x, y) -> x < 3 && y < 3);
    BilateralSolver.Guide plain = BilateralSolver.DEFAULT.guide(constant(SIDE, SIDE));
    BilateralSolver.Guide careful =
        BilateralSolver.DEFAULT.keepingBelowIou(0.5).guide(constant(SIDE, SIDE));
    assertTrue(plain.refine(speck).isEmpty());
    assertEquals(speck, careful.refine(speck));
  }

  @Test
  void namesWhatIsWrong() {
    BilateralSolver.Guide guide = BilateralSolver.DEFAULT.guide(constant(4, 3));
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> guide.refine(Mask.empty(3, 4)))
            .getMessage()
            .contains("3 x 4"));
    assertThrows(IllegalArgumentException.class, () -> guide.solve(new float[5]));
    float[] broken = new float[12];
    broken[6] = Float.NaN;
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> guide.solve(broken))
            .getMessage()
            .contains("x 2, y 1"));
    assertThrows(
        IllegalArgumentException.class, () -> new BilateralSolver(16, 16, 8, 256, 0, 25, 1e-5, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new BilateralSolver(0, 16, 8, 256, 1, 25, 1e-5, 0));
  }
}
