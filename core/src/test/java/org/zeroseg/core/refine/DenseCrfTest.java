package org.zeroseg.core.refine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DenseCrfTest {

  private static final int WIDTH = 20;
  private static final int HEIGHT = 16;
  private static final int PIXELS = WIDTH * HEIGHT;

  /** Two halves of different colour with a little noise. */
  private static byte[] halves() {
    SplittableRandom random = new SplittableRandom(3);
    byte[] rgb = new byte[3 * PIXELS];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) ((i / 3 % WIDTH < WIDTH / 2 ? 60 : 180) + random.nextInt(10));
    }
    return rgb;
  }

  private static float[] noisyUnary(int labels) {
    SplittableRandom random = new SplittableRandom(5);
    float[] unary = new float[labels * PIXELS];
    for (int i = 0; i < unary.length; i++) {
      boolean likely = i % WIDTH * labels / WIDTH == i / PIXELS;
      unary[i] = (float) (random.nextDouble(2) - (likely ? 0.8 : 0));
    }
    return unary;
  }

  private static DenseCrf crf() {
    return DenseCrf.builder(WIDTH, HEIGHT)
        .gaussian(3, Compatibility.potts(3))
        .bilateral(halves(), 8, 13, Compatibility.potts(5))
        .build();
  }

  @Test
  void agreesWithTheSumOverAllPairsOfPixels() {
    BruteForceCrf exact = new BruteForceCrf(PIXELS);
    exact.add(BruteForceCrf.positions(WIDTH, HEIGHT, 3), 3);
    exact.add(BruteForceCrf.colours(WIDTH, halves(), 8, 13), 5);
    float[] unary = noisyUnary(3);
    int[] expected = DenseCrf.labels(exact.infer(unary, 3, 5), 3);
    int[] actual = DenseCrf.labels(crf().infer(unary, 3, 5), 3);
    double equal = IntStream.range(0, PIXELS).filter(i -> expected[i] == actual[i]).count();
    assertTrue(equal >= 0.93 * PIXELS, equal + " of " + PIXELS);
  }

  @Test
  void removesNoiseAlongTheEdgesOfThePicture() {
    int[] labels = DenseCrf.labels(crf().infer(noisyUnary(2), 2, 10), 2);
    for (int i = 0; i < PIXELS; i++) {
      assertEquals(i % WIDTH < WIDTH / 2 ? 0 : 1, labels[i], "pixel " + i);
    }
  }

  @Test
  void scoresAreDistributions() {
    float[] scores = crf().infer(noisyUnary(4), 4, 3);
    for (int i = 0; i < PIXELS; i++) {
      int pixel = i;
      assertEquals(
          1, IntStream.range(0, 4).mapToDouble(l -> scores[l * PIXELS + pixel]).sum(), 1e-5);
    }
  }

  @Test
  void noIterationsGiveTheSoftmaxAndOneLabelGivesOnes() {
    float[] unary = new float[2 * PIXELS];
    Arrays.fill(unary, 0, PIXELS, (float) Math.log(3));
    float[] scores = crf().infer(unary, 2, 0);
    assertEquals(0.25, scores[0], 1e-6);
    assertEquals(0.75, scores[PIXELS], 1e-6);
    for (float score : crf().infer(new float[PIXELS], 1, 5)) {
      assertEquals(1, score);
    }
  }

  @Test
  void itsExponentialIsExactToTheLastBitOrTwo() {
    for (float x = 0; x >= -87; x -= 0.0137f) {
      double exact = Math.exp(x);
      assertEquals(exact, DenseCrf.exp(x), 2e-7 * exact, "exp of " + x);
    }
  }

  private static float[] smoothed(int width, int height, float deviation) {
    float[] unary = new float[2 * width * height];
    for (int i = 0; i < unary.length; i++) {
      unary[i] = i % 7;
    }
    return DenseCrf.builder(width, height)
        .gaussian(deviation, Compatibility.potts(3))
        .build()
        .infer(unary, 2, 2);
  }

  @Test
  void aFieldIsNotThatOfThePictureBefore() {
    float[] wide = smoothed(8, 6, 3);
    float[] high = smoothed(6, 8, 3);
    float[] sharp = smoothed(8, 6, 1);
    assertFalse(Arrays.equals(wide, high));
    assertFalse(Arrays.equals(wide, sharp));
    assertArrayEquals(wide, smoothed(8, 6, 3));
    assertArrayEquals(wide, smoothed(8, 6, 3));
  }

  @Test
  void theSameBitsComeOutEveryTime() {
    float[] unary = noisyUnary(3);
    assertArrayEquals(crf().infer(unary, 3, 10), crf().infer(unary, 3, 10));
  }

  @Test
  void pottsIsTheNegativeDiagonalAndTheNegativeIdentity() {
    float[] unary = noisyUnary(2);
    float[] potts = compatible(Compatibility.potts(2)).infer(unary, 2, 4);
    float[] diagonal = compatible(Compatibility.diagonal(-2, -2)).infer(unary, 2, 4);
    float[] matrix = compatible(Compatibility.matrix(-2, 0, 0, -2)).infer(unary, 2, 4);
    assertArrayEquals(potts, diagonal, 1e-6f);
    assertArrayEquals(potts, matrix, 1e-6f);
  }

  private static DenseCrf compatible(Compatibility compatibility) {
    return DenseCrf.builder(WIDTH, HEIGHT).gaussian(2, compatibility).build();
  }

  @Test
  void onePixelAndAConstantPictureAreFine() {
    DenseCrf one =
        DenseCrf.builder(1, 1)
            .gaussian(1, Compatibility.potts(1))
            .bilateral(new byte[3], 5, 13, Compatibility.potts(1))
            .build();
    assertEquals(0.5, one.infer(new float[2], 2, 10)[0], 1e-6);
    DenseCrf constant =
        DenseCrf.builder(WIDTH, HEIGHT)
            .bilateral(new byte[3 * PIXELS], 5, 13, Compatibility.potts(10))
            .build();
    float[] scores = constant.infer(new float[2 * PIXELS], 2, 10);
    assertEquals(0.5, scores[0], 1e-5);
  }

  @Test
  void namesWhatIsWrong() {
    DenseCrf crf = crf();
    float[] unary = noisyUnary(2);
    for (float energy : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      unary[PIXELS + 7] = energy;
      String message =
          assertThrows(IllegalArgumentException.class, () -> crf.infer(unary, 2, 1)).getMessage();
      assertTrue(message.contains("label 1, pixel 7 is " + energy), message);
    }
    assertThrows(IllegalArgumentException.class, () -> crf.infer(new float[PIXELS], 2, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> compatible(Compatibility.diagonal(1, 2, 3)).infer(noisyUnary(2), 2, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> DenseCrf.builder(4, 4).bilateral(new byte[3], 1, 1, Compatibility.potts(1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> DenseCrf.builder(4, 4).gaussian(0, Compatibility.potts(1)));
    assertThrows(IllegalArgumentException.class, () -> Compatibility.matrix(1, 2, 3));
    assertThrows(IllegalArgumentException.class, () -> DenseCrf.builder(60000, 60000));
  }

  @Test
  void unaryEnergiesRefuseWhatIsNoDistribution() {
    assertThrows(
        IllegalArgumentException.class, () -> UnaryEnergies.fromLabels(new int[] {3}, 3, 0.7));
    assertThrows(
        IllegalArgumentException.class, () -> UnaryEnergies.fromLabels(new int[] {0}, 3, 1));
    assertThrows(
        IllegalArgumentException.class, () -> UnaryEnergies.fromSoftmax(new float[3], 3, 0, 1e-5f));
  }
}
