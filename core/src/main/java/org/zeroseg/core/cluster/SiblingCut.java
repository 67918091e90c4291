package org.zeroseg.core.cluster;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The top of a merge tree, from which segments are taken by splitting siblings only where their
 * means differ (Rewatbowornwong et al. 2023, Zero-guidance segmentation, Sec. 3.1: prune siblings
 * of high similarity). Immutable; serves any number of thresholds.
 */
public final class SiblingCut {

  private final MergeTree tree;
  private final float[] vectors;
  private final int dimension;
  private final int[] splits;
  private final double[] cosines;

  private SiblingCut(MergeTree tree, float[] vectors, int dimension, int[] splits) {
    this.tree = tree;
    this.vectors = vectors.clone();
    this.dimension = dimension;
    this.splits = splits;
    cosines = new double[splits.length];
    for (int i = 0; i < splits.length; i++) {
      double[] left = mean(tree.members(tree.left(splits[i])));
      double[] right = mean(tree.members(tree.right(splits[i])));
      double norms = Math.sqrt(Vectors.dot(left, left)) * Math.sqrt(Vectors.dot(right, right));
      cosines[i] = norms > 0 ? Vectors.dot(left, right) / norms : 0;
    }
  }

  /**
   * Cuts a tree into clusters and compares the two sides of every split.
   *
   * @param tree a tree over the vectors
   * @param vectors what was clustered, {@code [n, dimension]}
   * @param dimension numbers a vector
   * @param clusters number of clusters, at least 2
   * @return the cut
   * @throws IllegalArgumentException if the tree is of another number of points, or of fewer than
   *     clusters
   */
  public static SiblingCut of(MergeTree tree, float[] vectors, int dimension, int clusters) {
    int count = Vectors.count(vectors, dimension);
    if (count != tree.leaves() || clusters < 2) {
      throw new IllegalArgumentException(
          clusters + " clusters of " + count + " vectors in a tree of " + tree.leaves());
    }
    return new SiblingCut(tree, vectors, dimension, tree.splits(clusters));
  }

  /**
   * The nodes that splits make.
   *
   * @return {@code [clusters - 1, 2]}: both children of each split, in the order of the splits
   */
  public int[] nodes() {
    int[] nodes = new int[2 * splits.length];
    for (int i = 0; i < splits.length; i++) {
      nodes[2 * i] = tree.left(splits[i]);
      nodes[2 * i + 1] = tree.right(splits[i]);
    }
    return nodes;
  }

  /**
   * How alike the two sides of each split are.
   *
   * @return cosines of the two mean vectors, in the order of the splits
   */
  public double[] cosines() {
    return cosines.clone();
  }

  /**
   * Segments of the points.
   *
   * @param labels the segment of every point
   * @param treeIds where each segment is: the root's children are 1 and 2, those of t are 2t + 1
   *     and 2t + 2
   * @param centroids mean vectors, {@code [segments, dimension]}
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Segments(int[] labels, long[] treeIds, double[] centroids) {}

  /**
   * Splits what differs: the root always, any other node if it was made by a split and the cosine
   * of its sides is below the threshold.
   *
   * @param threshold cosine from which siblings are one segment, 0.9 in the paper
   * @param examined number of splits looked at. The reference looks at {@code clusters / 2},
   *     rounded up, because its loop counts masks instead of splits; the paper's text says all
   * @return at least two segments, in the order in which splits made them
   */
  public Segments segments(double threshold, int examined) {
    List<Integer> open = new ArrayList<>(List.of(tree.root()));
    List<Long> ids = new ArrayList<>(List.of(0L));
    for (int i = 0; i < Math.min(examined, splits.length); i++) {
      int place = open.indexOf(splits[i]);
      if (i == 0 || (place >= 0 && cosines[i] < threshold)) {
        open.remove(place);
        long id = ids.remove(place);
        open.add(tree.left(splits[i]));
        open.add(tree.right(splits[i]));
        ids.add(2 * id + 1);
        ids.add(2 * id + 2);
      }
    }
    int[] labels = new int[tree.leaves()];
    double[] centroids = new double[open.size() * dimension];
    for (int label = 0; label < open.size(); label++) {
      int[] members = tree.members(open.get(label));
      for (int member : members) {
        labels[member] = label;
      }
      System.arraycopy(mean(members), 0, centroids, label * dimension, dimension);
    }
    return new Segments(labels, ids.stream().mapToLong(Long::longValue).toArray(), centroids);
  }

  private double[] mean(int[] members) {
    int[] ascending = members.clone();
    Arrays.sort(ascending);
    double[] mean = new double[dimension];
    for (int member : ascending) {
      for (int k = 0; k < dimension; k++) {
        mean[k] += vectors[member * dimension + k];
      }
    }
    for (int k = 0; k < dimension; k++) {
      mean[k] /= members.length;
    }
    return mean;
  }

  /**
   * Squared distances of the points to the segments' centroids, less the greatest at each point:
   * unary energies for a CRF, at most 0.
   *
   * @param segments segments of this cut
   * @return {@code [segments, n]}
   */
  public float[] energies(Segments segments) {
    int count = tree.leaves();
    int labels = segments.treeIds.length;
    float[] energies = new float[labels * count];
    double[] distances = new double[labels];
    for (int i = 0; i < count; i++) {
      double greatest = 0;
      for (int label = 0; label < labels; label++) {
        double sum = 0;
        for (int k = 0; k < dimension; k++) {
          double d = vectors[i * dimension + k] - segments.centroids[label * dimension + k];
          sum += d * d;
        }
        distances[label] = sum;
        greatest = Math.max(greatest, sum);
      }
      for (int label = 0; label < labels; label++) {
        energies[label * count + i] = (float) (distances[label] - greatest);
      }
    }
    return energies;
  }
}
