package org.zeroseg.core.cluster;

import java.util.Arrays;
import java.util.function.DoubleSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Lloyd's k-means with greedy k-means++ seeds (Arthur and Vassilvitskii 2007), squared Euclidean
 * distances in double precision, with scikit-learn's rules for stopping and for empty clusters.
 *
 * @param clusters number of clusters
 * @param restarts seeds to try; the least inertia wins, the first one on a tie
 * @param iterations Lloyd iterations at most
 * @param tolerance ends when the summed squared shift of the centres is at most this times the mean
 *     variance of the components; 0 goes on until no label changes
 */
public record KMeans(int clusters, int restarts, int iterations, double tolerance) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public KMeans {
    if (clusters < 1 || restarts < 1 || iterations < 1 || !(tolerance >= 0)) {
      throw new IllegalArgumentException(
          clusters + " clusters, " + restarts + " restarts, " + iterations + " iterations");
    }
  }

  /**
   * Clusters as the published methods group text embeddings: 10 restarts, 300 iterations at most,
   * until no label changes.
   *
   * @param clusters number of clusters
   * @return the algorithm
   */
  public static KMeans of(int clusters) {
    return new KMeans(clusters, 10, 300, 0);
  }

  /**
   * What came out.
   *
   * @param labels the cluster of every point
   * @param centres {@code [clusters, dimension]}
   * @param inertia summed squared distance of the points to their centres
   * @param iterations Lloyd iterations done
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Clusters(int[] labels, double[] centres, double inertia, int iterations) {}

  /**
   * Clusters points.
   *
   * @param points {@code [n, dimension]}
   * @param dimension numbers a point
   * @param random draws the seeds; the same draws give the same clusters
   * @return the best of all restarts
   * @throws IllegalArgumentException if there are fewer points than clusters, or a number is not
   *     finite
   */
  public Clusters fit(double[] points, int dimension, RandomGenerator random) {
    int count = Vectors.count(points, dimension);
    requirePoints(count, clusters);
    Clusters best = fitOnce(points, dimension, count, random);
    for (int restart = 1; restart < restarts; restart++) {
      Clusters found = fitOnce(points, dimension, count, random);
      best = found.inertia < best.inertia ? found : best;
    }
    return best;
  }

  private Clusters fitOnce(double[] points, int dimension, int count, RandomGenerator random) {
    int[] seeds = seeds(points, dimension, clusters, random.nextInt(count), random::nextDouble);
    double[] centres = new double[clusters * dimension];
    for (int c = 0; c < clusters; c++) {
      System.arraycopy(points, seeds[c] * dimension, centres, c * dimension, dimension);
    }
    return lloyd(points, dimension, centres);
  }

  /**
   * Clusters points from given centres, without restarts.
   *
   * @param points {@code [n, dimension]}
   * @param dimension numbers a point
   * @param centres where the centres start, {@code [clusters, dimension]}
   * @return the clusters; a label is the index of its centre
   * @throws IllegalArgumentException if there are fewer points than clusters, or a number is not
   *     finite
   */
  public Clusters fitFrom(double[] points, int dimension, double[] centres) {
    requirePoints(Vectors.count(points, dimension), clusters);
    if (Vectors.count(centres, dimension) != clusters) {
      throw new IllegalArgumentException(
          centres.length + " numbers are not " + clusters + " centres of " + dimension);
    }
    return lloyd(points, dimension, centres.clone());
  }

  private static void requirePoints(int points, int clusters) {
    if (points < clusters) {
      throw new IllegalArgumentException(clusters + " clusters of " + points + " points");
    }
  }

  /**
   * Greedy k-means++: for each further centre {@code 2 + floor(ln k)} draws pick candidates with
   * odds by squared distance, and the one that lowers the sum most is kept.
   *
   * @param points {@code [n, dimension]}
   * @param dimension numbers a point
   * @param clusters number of seeds
   * @param first index of the first seed
   * @param uniform draws from [0, 1)
   * @return indices of points
   */
  public static int[] seeds(
      double[] points, int dimension, int clusters, int first, DoubleSupplier uniform) {
    int count = Vectors.count(points, dimension);
    requirePoints(count, clusters);
    int[] candidates = new int[2 + (int) Math.log(clusters)];
    int[] seeds = new int[clusters];
    seeds[0] = first;
    double[] nearest = new double[count];
    Arrays.fill(nearest, Double.POSITIVE_INFINITY);
    nearest = closer(points, dimension, first, nearest);
    for (int c = 1; c < clusters; c++) {
      double total = Arrays.stream(nearest).sum();
      for (int trial = 0; trial < candidates.length; trial++) {
        candidates[trial] = pick(nearest, uniform.getAsDouble() * total);
      }
      double least = Double.POSITIVE_INFINITY;
      double[] kept = nearest;
      for (int candidate : candidates) {
        double[] distances = closer(points, dimension, candidate, nearest);
        double potential = Arrays.stream(distances).sum();
        if (potential < least) {
          least = potential;
          kept = distances;
          seeds[c] = candidate;
        }
      }
      nearest = kept;
    }
    return seeds;
  }

  private static int pick(double[] shares, double target) {
    double running = 0;
    for (int i = 0; i < shares.length; i++) {
      running += shares[i];
      if (running >= target) {
        return i;
      }
    }
    return shares.length - 1;
  }

  private static double[] closer(double[] points, int dimension, int seed, double[] nearest) {
    double[] distances = new double[nearest.length];
    for (int i = 0; i < distances.length; i++) {
      distances[i] =
          Math.min(
              nearest[i],
              Vectors.squaredDistance(points, i * dimension, points, seed * dimension, dimension));
    }
    return distances;
  }

  private Clusters lloyd(double[] points, int dimension, double[] start) {
    int count = points.length / dimension;
    double bound = tolerance * meanVariance(points, dimension);
    double[] centres = start;
    int[] labels = new int[count];
    double[] distances = new double[count];
    int[] previous = new int[count];
    Arrays.fill(previous, -1);
    int iteration = 0;
    boolean settled = false;
    boolean still = false;
    while (iteration < iterations && !settled && !still) {
      iteration++;
      assign(points, dimension, centres, labels, distances);
      double[] moved = means(points, dimension, centres, labels, distances);
      settled = Arrays.equals(labels, previous);
      still = Vectors.squaredDistance(centres, 0, moved, 0, moved.length) <= bound;
      centres = moved;
      System.arraycopy(labels, 0, previous, 0, count);
    }
    if (!settled) {
      assign(points, dimension, centres, labels, distances);
    }
    double inertia = 0;
    for (int i = 0; i < count; i++) {
      int centre = labels[i] * dimension;
      inertia += Vectors.squaredDistance(points, i * dimension, centres, centre, dimension);
    }
    return new Clusters(labels, centres, inertia, iteration);
  }

  private static double meanVariance(double[] points, int dimension) {
    int count = points.length / dimension;
    double[] mean = new double[dimension];
    for (int i = 0; i < points.length; i++) {
      mean[i % dimension] += points[i] / count;
    }
    double sum = 0;
    for (int i = 0; i < points.length; i++) {
      double deviation = points[i] - mean[i % dimension];
      sum += deviation * deviation;
    }
    return sum / points.length;
  }

  /** The nearest centre of every point, the lowest index on a tie, and its squared distance. */
  private void assign(
      double[] points, int dimension, double[] centres, int[] labels, double[] distances) {
    IntStream.range(0, labels.length)
        .parallel()
        .forEach(
            i -> {
              int nearest = 0;
              double least = Double.POSITIVE_INFINITY;
              for (int c = 0; c < clusters; c++) {
                double d =
                    Vectors.squaredDistance(
                        points, i * dimension, centres, c * dimension, dimension);
                if (d < least) {
                  least = d;
                  nearest = c;
                }
              }
              labels[i] = nearest;
              distances[i] = least;
            });
  }

  private double[] means(
      double[] points, int dimension, double[] centres, int[] labels, double[] distances) {
    double[] sums = new double[centres.length];
    int[] sizes = new int[clusters];
    for (int i = 0; i < labels.length; i++) {
      sizes[labels[i]]++;
      add(points, i, 1, sums, labels[i], dimension);
    }
    double[] far = distances.clone();
    for (int c = 0; c < clusters; c++) {
      if (sizes[c] == 0) {
        // An empty cluster takes the point that is farthest from its own centre.
        int farthest = 0;
        for (int i = 1; i < far.length; i++) {
          farthest = far[i] > far[farthest] ? i : farthest;
        }
        far[farthest] = Double.NEGATIVE_INFINITY;
        sizes[labels[farthest]]--;
        add(points, farthest, -1, sums, labels[farthest], dimension);
        sizes[c] = 1;
        add(points, farthest, 1, sums, c, dimension);
      }
    }
    for (int i = 0; i < sums.length; i++) {
      // A cluster that lost its only point stays where it was.
      sums[i] = sizes[i / dimension] > 0 ? sums[i] / sizes[i / dimension] : centres[i];
    }
    return sums;
  }

  private static void add(
      double[] points, int point, double factor, double[] sums, int cluster, int dimension) {
    for (int k = 0; k < dimension; k++) {
      sums[cluster * dimension + k] += factor * points[point * dimension + k];
    }
  }
}
