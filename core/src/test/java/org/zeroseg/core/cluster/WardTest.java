package org.zeroseg.core.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WardTest {

  private static float[] random(int count, int dimension, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] vectors = new float[count * dimension];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = random.nextInt(-1000, 1000) / 1000f;
    }
    return vectors;
  }

  /** Greedy: always the pair of least height, over all pairs. */
  private static double[] greedyHeights(float[] vectors, int dimension) {
    int count = vectors.length / dimension;
    double[] means = new double[vectors.length];
    for (int i = 0; i < means.length; i++) {
      means[i] = vectors[i];
    }
    int[] sizes = new int[count];
    Arrays.fill(sizes, 1);
    double[] heights = new double[count - 1];
    for (int merge = 0; merge < heights.length; merge++) {
      double least = Double.POSITIVE_INFINITY;
      int a = -1;
      int b = -1;
      for (int i = 0; i < count; i++) {
        for (int j = i + 1; j < count; j++) {
          if (sizes[i] > 0 && sizes[j] > 0) {
            double weight = 2.0 * sizes[i] * sizes[j] / (sizes[i] + sizes[j]);
            double height =
                weight
                    * Vectors.squaredDistance(
                        means, i * dimension, means, j * dimension, dimension);
            if (height < least) {
              least = height;
              a = i;
              b = j;
            }
          }
        }
      }
      heights[merge] = Math.sqrt(least);
      for (int k = 0; k < dimension; k++) {
        int at = a * dimension + k;
        means[at] =
            (sizes[a] * means[at] + sizes[b] * means[b * dimension + k]) / (sizes[a] + sizes[b]);
      }
      sizes[a] += sizes[b];
      sizes[b] = 0;
    }
    return heights;
  }

  private static double[] heights(MergeTree tree) {
    double[] heights = new double[tree.leaves() - 1];
    for (int i = 0; i < heights.length; i++) {
      heights[i] = tree.height(tree.leaves() + i);
    }
    return heights;
  }

  @Test
  void mergesAsTheGreedyAlgorithmDoes() {
    for (int trial = 0; trial < 20; trial++) {
      float[] vectors = random(80, 1 + trial, trial);
      assertArrayEquals(
          greedyHeights(vectors, 1 + trial), heights(Ward.tree(vectors, 1 + trial)), 1e-9);
    }
  }

  @Test
  void mergesVectorsOfAnyFiniteSizeAlike() {
    float[] vectors = random(120, 3, 7);
    double[] heights = heights(Ward.tree(vectors, 3));
    for (float size : new float[] {0x1p-100f, 0x1p100f}) {
      float[] sized = vectors.clone();
      double[] expected = heights.clone();
      for (int i = 0; i < sized.length; i++) {
        sized[i] *= size;
      }
      for (int i = 0; i < expected.length; i++) {
        expected[i] *= size;
      }
      assertArrayEquals(expected, heights(Ward.tree(sized, 3)));
    }
  }

  @Test
  void tiesAndDuplicatesEndInAProperTree() {
    // A lattice: nearly all distances are equal.
    float[] vectors = new float[2 * 400];
    for (int i = 0; i < 400; i++) {
      int x = i % 20 / 2;
      int y = i / 20;
      vectors[2 * i] = x;
      vectors[2 * i + 1] = y;
    }
    MergeTree tree = Ward.tree(vectors, 2);
    assertEquals(400, tree.size(tree.root()));
    double[] heights = heights(tree);
    assertEquals(200, Arrays.stream(heights).filter(height -> height == 0).count());
    double inertia = Arrays.stream(heights).map(height -> height * height / 2).sum();
    // The summed squared distance to the mean: 400 times (99 / 12 + 399 / 12).
    assertEquals(400 * (99 + 399) / 12.0, inertia, 1e-6);
    int[] sorted = tree.members(tree.root());
    Arrays.sort(sorted);
    assertEquals(399, sorted[399]);
  }

  @Test
  void constantVectorsAllMergeAtHeightZero() {
    float[] vectors = new float[300 * 16];
    Arrays.fill(vectors, 0.25f);
    assertEquals(0, Arrays.stream(heights(Ward.tree(vectors, 16))).max().orElseThrow());
  }

  @Test
  void oneVectorIsItsOwnTree() {
    MergeTree tree = Ward.tree(new float[] {1, 2}, 2);
    assertEquals(0, tree.root());
    assertArrayEquals(new int[1], tree.labels(1));
    assertEquals(0, Ward.tree(new float[] {1, 2}, 2, Neighbours.grid(1, 1)).root());
  }

  @Test
  void everyNodeHoldsTheMembersOfItsChildren() {
    MergeTree tree = Ward.tree(random(60, 5, 3), 5);
    for (int node = tree.leaves(); node <= tree.root(); node++) {
      int[] members = tree.members(node);
      int[] parts = new int[members.length];
      int[] left = tree.members(tree.left(node));
      System.arraycopy(left, 0, parts, 0, left.length);
      int[] right = tree.members(tree.right(node));
      System.arraycopy(right, 0, parts, left.length, right.length);
      Arrays.sort(members);
      Arrays.sort(parts);
      assertArrayEquals(members, parts);
    }
  }

  @Test
  void cutsIntoTheWantedNumberOfClusters() {
    MergeTree tree = Ward.tree(random(60, 5, 4), 5);
    for (int clusters = 1; clusters <= 60; clusters++) {
      assertEquals(clusters, Arrays.stream(tree.labels(clusters)).distinct().count());
    }
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> tree.labels(61))
            .getMessage()
            .contains("61 clusters of 60 points"));
  }

  @Test
  void everyoneANeighbourOfEveryoneGivesTheUnconstrainedTree() {
    float[] vectors = random(40, 6, 5);
    int[] edges = new int[40 * 39];
    for (int i = 0, size = 0; i < 40; i++) {
      for (int j = 0; j < i; j++) {
        edges[size++] = i;
        edges[size++] = j;
      }
    }
    assertArrayEquals(
        heights(Ward.tree(vectors, 6)),
        heights(Ward.tree(vectors, 6, Neighbours.of(40, edges))),
        1e-9);
  }

  @Test
  void neighboursKeepClustersConnected() {
    // Stripes of equal vectors that do not touch.
    float[] vectors = new float[9 * 9];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = i % 9 % 2;
    }
    int[] free = Ward.tree(vectors, 1).labels(2);
    assertEquals(free[0], free[2]);
    int[] bound = Ward.tree(vectors, 1, Neighbours.grid(9, 9)).labels(9);
    for (int i = 0; i < bound.length; i++) {
      assertEquals(i % 9, bound[i]);
    }
  }

  @Test
  void namesWhatIsWrong() {
    assertThrows(
        IllegalArgumentException.class, () -> Ward.tree(new float[] {1, Float.NaN, 2, 3}, 2));
    assertThrows(IllegalArgumentException.class, () -> Ward.tree(new float[3], 2));
    assertThrows(IllegalArgumentException.class, () -> Ward.tree(new float[0], 2));
    assertThrows(
        IllegalArgumentException.class, () -> Ward.tree(new float[4], 2, Neighbours.grid(1, 3)));
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> Ward.tree(new float[] {1, 2, 3}, 1, Neighbours.of(3, 0, 1)))
            .getMessage()
            .contains("2 parts"));
    assertThrows(IllegalArgumentException.class, () -> Neighbours.of(3, 0, 3));
    assertThrows(IllegalArgumentException.class, () -> Neighbours.of(3, 1));
  }

  @Test
  void siblingsThatAreAlikeStayOneSegment() {
    float[] vectors = {1, 0, 1, 0.01f, 1, 0.3f, 0, 1};
    SiblingCut cut = SiblingCut.of(Ward.tree(vectors, 2), vectors, 2, 3);
    SiblingCut.Segments apart = cut.segments(1, 2);
    assertEquals(3, apart.treeIds().length);
    SiblingCut.Segments together = cut.segments(0.5, 2);
    assertEquals(2, together.treeIds().length);
    assertArrayEquals(new long[] {1, 2}, together.treeIds());
    float[] energies = cut.energies(together);
    for (int i = 0; i < 4; i++) {
      assertEquals(0, Math.max(energies[i], energies[4 + i]));
    }
  }
}
