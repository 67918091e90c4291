package org.zeroseg.core.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SpectralClusteringTest {

  /** Two bundles of directions, the first {@code half} vectors in one, the others in the other. */
  private static float[] bundles(int half, int dimension) {
    SplittableRandom random = new SplittableRandom(11);
    float[] features = new float[2 * half * dimension];
    for (int i = 0; i < features.length; i++) {
      int bundle = i / dimension / half;
      features[i] = (float) ((i % dimension % 2 == bundle ? 1 : 0) + 0.3 * random.nextDouble());
    }
    return features;
  }

  @Test
  void separatesTwoBundlesOfDirections() {
    CosineAffinity affinity = CosineAffinity.of(bundles(30, 6), 6).orElseThrow();
    int[] labels = SpectralClustering.labels(affinity.spectrum(2), 2, 1);
    int[] expected = new int[60];
    Arrays.fill(expected, 30, 60, 1);
    assertArrayEquals(expected, labels);
  }

  @Test
  void namesAPositionWithoutAffinities() {
    for (int dimension : new int[] {2, 12}) { // the low-rank way, the dense way
      float[] features = bundles(5, dimension);
      Arrays.fill(features, 3 * dimension, 4 * dimension, 0);
      CosineAffinity affinity = CosineAffinity.of(features, dimension).orElseThrow();
      String message =
          assertThrows(IllegalArgumentException.class, () -> affinity.spectrum(2)).getMessage();
      assertTrue(message.contains("Position 3 "), message);
    }
  }

  @Test
  void lowRankAndDenseProblemsHaveTheSameSpectrum() {
    // Few positions take the dense way; the same positions twice have more than the rank.
    float[] once = bundles(10, 30);
    float[] twice = new float[2 * once.length];
    System.arraycopy(once, 0, twice, 0, once.length);
    System.arraycopy(once, 0, twice, once.length, once.length);
    double[] dense = CosineAffinity.of(once, 30).orElseThrow().spectrum(4).values();
    double[] lowRank = CosineAffinity.of(twice, 30).orElseThrow().spectrum(4).values();
    assertArrayEquals(dense, lowRank, 1e-6);
  }

  @Test
  void eigenvectorsSolveTheGeneralisedProblem() {
    CosineAffinity affinity = CosineAffinity.of(bundles(20, 5), 5).orElseThrow();
    int n = affinity.count();
    double[] degrees = affinity.degrees();
    CosineAffinity.Spectrum spectrum = affinity.spectrum(3);
    assertEquals(0, spectrum.values()[0], 1e-6);
    for (int v = 0; v < 3; v++) {
      for (int i = 0; i < n; i++) {
        double left = degrees[i] * spectrum.vectors()[i * 3 + v];
        for (int j = 0; j < n; j++) {
          left -= affinity.get(i, j) * spectrum.vectors()[j * 3 + v];
        }
        double right = spectrum.values()[v] * degrees[i] * spectrum.vectors()[i * 3 + v];
        assertEquals(right, left, 1e-5);
      }
    }
  }

  @Test
  void aConstantPictureHasNoClusters() {
    float[] same = new float[50 * 8];
    for (int i = 0; i < same.length; i++) {
      same[i] = 1 + i % 8;
    }
    assertTrue(CosineAffinity.of(same, 8).isEmpty());
    assertTrue(CosineAffinity.of(new float[8], 8).isEmpty());
  }

  @Test
  void namesWhatIsWrong() {
    float[] broken = bundles(4, 4);
    broken[9] = Float.NaN;
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> CosineAffinity.of(broken, 4))
            .getMessage()
            .contains("Number 1 of vector 2"));
    CosineAffinity affinity = CosineAffinity.of(bundles(4, 4), 4).orElseThrow();
    assertThrows(IllegalArgumentException.class, () -> affinity.spectrum(9));
    assertThrows(
        IllegalArgumentException.class,
        () -> SpectralClustering.labels(affinity.spectrum(2), 3, 0));
  }

  @Test
  void theEngineAndPlainJavaAgreeOnEigenvalues() {
    SplittableRandom random = new SplittableRandom(2);
    int n = 20;
    double[] matrix = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        matrix[i * n + j] = random.nextDouble(-1, 1);
        matrix[j * n + i] = matrix[i * n + j];
      }
    }
    SymmetricEigen java = SymmetricEigen.inJava(matrix, n);
    SymmetricEigen engine = SymmetricEigen.inEngine(matrix, n);
    assertArrayEquals(java.values(), engine.values(), 1e-12);
    for (SymmetricEigen eigen : new SymmetricEigen[] {java, engine}) {
      for (int i = 0; i < n; i++) {
        double product = 0;
        for (int j = 0; j < n; j++) {
          product += matrix[i * n + j] * eigen.vectors()[j * n + 3];
        }
        assertEquals(eigen.values()[3] * eigen.vectors()[i * n + 3], product, 1e-12);
      }
    }
  }
}
