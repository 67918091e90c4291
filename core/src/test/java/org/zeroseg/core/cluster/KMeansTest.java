package org.zeroseg.core.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class KMeansTest {

  /** Three well separated clouds of 20 points each. */
  private static double[] clouds() {
    SplittableRandom random = new SplittableRandom(1);
    double[] points = new double[60 * 2];
    for (int i = 0; i < 60; i++) {
      points[2 * i] = 10 * (i / 20) + random.nextDouble();
      points[2 * i + 1] = 5 * (i / 20 % 2) + random.nextDouble();
    }
    return points;
  }

  @Test
  void findsSeparatedClouds() {
    int[] labels = KMeans.of(3).fit(clouds(), 2, new SplittableRandom(0)).labels();
    for (int i = 0; i < 60; i++) {
      assertEquals(labels[i / 20 * 20], labels[i]);
    }
    assertEquals(3, Arrays.stream(labels).distinct().count());
  }

  @Test
  void theSameSeedGivesTheSameClusters() {
    KMeans.Clusters one = KMeans.of(7).fit(clouds(), 2, new SplittableRandom(5));
    KMeans.Clusters two = KMeans.of(7).fit(clouds(), 2, new SplittableRandom(5));
    assertArrayEquals(one.labels(), two.labels());
    assertArrayEquals(one.centres(), two.centres());
  }

  @Test
  void moreRestartsAreNeverWorse() {
    double few = new KMeans(9, 1, 300, 0).fit(clouds(), 2, new SplittableRandom(3)).inertia();
    double many = new KMeans(9, 20, 300, 0).fit(clouds(), 2, new SplittableRandom(3)).inertia();
    assertTrue(many <= few);
  }

  @Test
  void everyPointIsAtItsNearestCentre() {
    double[] points = clouds();
    KMeans.Clusters found = KMeans.of(5).fit(points, 2, new SplittableRandom(9));
    for (int i = 0; i < 60; i++) {
      double own =
          Vectors.squaredDistance(points, 2 * i, found.centres(), 2 * found.labels()[i], 2);
      for (int c = 0; c < 5; c++) {
        assertTrue(own <= Vectors.squaredDistance(points, 2 * i, found.centres(), 2 * c, 2));
      }
    }
  }

  @Test
  void asManyClustersAsPointsLeaveNoInertia() {
    double[] points = {0, 1, 4, 9};
    assertEquals(0, KMeans.of(4).fit(points, 1, new SplittableRandom(0)).inertia());
  }

  @Test
  void equalPointsAreFine() {
    KMeans.Clusters found = KMeans.of(3).fit(new double[10], 1, new SplittableRandom(0));
    assertEquals(0, found.inertia());
    assertEquals(10, found.labels().length);
  }

  @Test
  void namesWhatIsWrong() {
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> KMeans.of(5).fit(new double[4], 1, new SplittableRandom(0)))
            .getMessage()
            .contains("5 clusters of 4 points"));
    assertThrows(
        IllegalArgumentException.class,
        () -> KMeans.of(1).fit(new double[] {Double.NaN}, 1, new SplittableRandom(0)));
    assertThrows(
        IllegalArgumentException.class,
        () -> KMeans.of(2).fitFrom(new double[4], 2, new double[2]));
    assertThrows(IllegalArgumentException.class, () -> KMeans.of(0));
  }
}
