package org.zeroseg.core.cluster;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Spectral clustering by normalised cuts (Shi and Malik 2000), as SelfMask makes its pseudo-masks:
 * k-means on the k smallest generalised eigenvectors of the affinity's Laplacian as they are, the
 * constant one included.
 */
public final class SpectralClustering {

  /** The reference's k-means: 10 restarts, 300 iterations, tolerance 1e-4. */
  private static final int RESTARTS = 10;

  private static final int ITERATIONS = 300;
  private static final double TOLERANCE = 1e-4;

  private SpectralClustering() {}

  /**
   * Clusters positions.
   *
   * @param spectrum at least {@code clusters} eigenvectors of the positions
   * @param clusters number of clusters, at least 1
   * @param seed of the k-means seeds; the same seed gives the same labels
   * @return a label for every position, numbered by first appearance
   * @throws IllegalArgumentException if there are fewer eigenvectors or positions than clusters
   */
  public static int[] labels(CosineAffinity.Spectrum spectrum, int clusters, long seed) {
    int known = spectrum.values().length;
    if (clusters < 1 || clusters > known) {
      throw new IllegalArgumentException(clusters + " clusters by " + known + " eigenvectors");
    }
    int count = spectrum.vectors().length / known;
    double[] points = new double[count * clusters];
    for (int i = 0; i < count; i++) {
      System.arraycopy(spectrum.vectors(), i * known, points, i * clusters, clusters);
    }
    int[] labels =
        new KMeans(clusters, RESTARTS, ITERATIONS, TOLERANCE)
            .fit(points, clusters, new SplittableRandom(seed))
            .labels();
    int[] number = new int[clusters];
    Arrays.fill(number, -1);
    int next = 0;
    for (int i = 0; i < count; i++) {
      if (number[labels[i]] < 0) {
        number[labels[i]] = next++;
      }
      labels[i] = number[labels[i]];
    }
    return labels;
  }
}
