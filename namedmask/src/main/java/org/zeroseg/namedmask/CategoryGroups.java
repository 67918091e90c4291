package org.zeroseg.namedmask;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.core.cluster.KMeans;
import org.zeroseg.core.supervision.Archives;

/**
 * Categories that share an expert, where there are too many for one each: k-means on their words'
 * embeddings (Shin et al. 2023, Sec. 4.3), 30 groups for ImageNet-S300, 90 for 919.
 */
public final class CategoryGroups {

  private CategoryGroups() {}

  /**
   * Groups the archives of categories whose words are alike.
   *
   * @param archives of all categories
   * @param embeddings of their words, of unit length, in the order of the archives
   * @param groups k; with as many as categories each is a group of its own
   * @param seed of the first centres
   * @return at most k groups that are not empty, in the order of their first categories
   * @throws IllegalArgumentException if numbers do not fit together
   */
  public static List<Archives> of(Archives archives, float[][] embeddings, int groups, long seed) {
    List<String> names = archives.categories();
    if (names.size() != embeddings.length || groups < 1 || groups > names.size()) {
      throw new IllegalArgumentException(
          "%d groups of %d categories with %d embeddings"
              .formatted(groups, names.size(), embeddings.length));
    }
    int dimension = embeddings[0].length;
    double[] points = new double[embeddings.length * dimension];
    for (int i = 0; i < points.length; i++) {
      points[i] = embeddings[i / dimension][i % dimension];
    }
    int[] labels = KMeans.of(groups).fit(points, dimension, new SplittableRandom(seed)).labels();
    Map<Integer, Map<String, List<String>>> members = new LinkedHashMap<>();
    for (int i = 0; i < labels.length; i++) {
      members
          .computeIfAbsent(labels[i], label -> new LinkedHashMap<>())
          .put(names.get(i), archives.pictures().get(names.get(i)));
    }
    List<Archives> result = new ArrayList<>();
    members.values().forEach(pictures -> result.add(new Archives(pictures)));
    return List.copyOf(result);
  }
}
