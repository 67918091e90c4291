package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class CoSegmentationTest {

  private static CoSegmentation.Found find(
      CoSegmentation chosen, float[] features, float[] weights, int pictures) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      return chosen.find(features, weights, pictures, manager);
    }
  }

  private static float[] noise(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] ones(int length) {
    float[] values = new float[length];
    Arrays.fill(values, 1);
    return values;
  }

  /** Noise with one and the same feature at a cell of its own in each picture. */
  private static float[] planted(int pictures, int cells, int channels) {
    float[] features = noise(pictures * cells * channels, 1);
    float[] common = noise(channels, 2);
    for (int i = 0; i < pictures; i++) {
      System.arraycopy(common, 0, features, (i * cells + place(i, cells)) * channels, channels);
    }
    return features;
  }

  private static int place(int picture, int cells) {
    return picture * 7 % cells;
  }

  @Test
  void whatRecursInEveryPictureIsFound() {
    int pictures = 9;
    int cells = 20;
    float[] features = planted(pictures, cells, 16);
    CoSegmentation.Found found =
        find(CoSegmentation.DEFAULT, features, ones(pictures * cells), pictures);
    for (int i = 0; i < pictures; i++) {
      assertEquals(place(i, cells), found.seeds()[i]);
    }
    assertEquals(1, found.confidence(), 1e-5);
    float[] alone = noise(pictures * cells * 16, 3);
    assertTrue(
        find(CoSegmentation.DEFAULT, alone, ones(pictures * cells), pictures).confidence() < 0.8);
  }

  @Test
  void theOrderOfThePicturesIsNothingToThePapersRule() {
    int cells = 12;
    int channels = 8;
    float[] features = noise(5 * cells * channels, 4);
    float[] weights = new float[5 * cells];
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextDouble();
    }
    float[] turned = new float[features.length];
    float[] turnedWeights = new float[weights.length];
    for (int i = 0; i < 5; i++) {
      int size = cells * channels;
      System.arraycopy(features, i * size, turned, (4 - i) * size, size);
      System.arraycopy(weights, i * cells, turnedWeights, (4 - i) * cells, cells);
    }
    float[] one = find(CoSegmentation.DEFAULT, features, weights, 5).embedding();
    float[] other = find(CoSegmentation.DEFAULT, turned, turnedWeights, 5).embedding();
    assertArrayEquals(one, other, 1e-6f);
  }

  @Test
  void onePictureIsDecidedByItsWeights() {
    float[] weights = {0.2f, 0.9f, 0.9f, 0.1f};
    CoSegmentation.Found found = find(CoSegmentation.DEFAULT, noise(12, 6), weights, 1);
    // Its cells are like themselves, and like others that count for more.
    assertTrue(found.seeds()[0] == 1 || found.seeds()[0] == 2);
    assertEquals(1, length(found.embedding()), 1e-6);
  }

  @Test
  void featuresOfNoLengthGiveNumbers() {
    CoSegmentation.Found found = find(CoSegmentation.DEFAULT, new float[24], ones(6), 2);
    assertEquals(0, found.seeds()[0]);
    assertTrue(Float.isFinite(found.embedding()[0]));
  }

  private static double length(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares);
  }

  @Test
  void sizesThatDoNotFitAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> find(CoSegmentation.DEFAULT, new float[7], ones(6), 2));
    assertThrows(
        IllegalArgumentException.class,
        () -> find(CoSegmentation.DEFAULT, new float[12], ones(6), 4));
    assertThrows(
        IllegalArgumentException.class,
        () -> find(CoSegmentation.DEFAULT, new float[12], ones(6), 0));
  }

  @Test
  @Tag("slow")
  void manyPicturesNeedNoMatrixOfAllCells() {
    int pictures = 500;
    int cells = 196;
    float[] features = planted(pictures, cells, 32);
    CoSegmentation.Found found =
        find(CoSegmentation.DEFAULT, features, ones(pictures * cells), pictures);
    assertEquals(place(77, cells), found.seeds()[77]);
  }
}
