package org.zeroseg.eval.semantic;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.zeroseg.core.match.Assignment;
import org.zeroseg.core.supervision.LabelMap;

/**
 * Finds which class each cluster of an unsupervised prediction stands for, as the ImageNet-S
 * toolbox does: clusters and classes are assigned one to one so that they occur in the same
 * pictures. Not thread-safe.
 */
public final class ClusterMatching {

  private final int classes;
  private final int[] together; // [cluster - 1, class - 1], pictures
  private int pictures;

  /**
   * No pictures yet.
   *
   * @param classes how many, and how many clusters, background not counted
   */
  public ClusterMatching(int classes) {
    this.classes = classes;
    together = new int[classes * classes];
  }

  /**
   * Adds a picture.
   *
   * @param truth labels; those outside 1 to classes do not matter
   * @param prediction clusters 1 to classes, 0 for background
   */
  public void add(LabelMap truth, LabelMap prediction) {
    boolean[] trueClasses = present(truth);
    boolean[] clusters = present(prediction);
    for (int i = 0; i < classes; i++) {
      for (int j = 0; clusters[i] && j < classes; j++) {
        together[i * classes + j] += trueClasses[j] ? 1 : 0;
      }
    }
    pictures++;
  }

  private boolean[] present(LabelMap map) {
    boolean[] present = new boolean[classes];
    for (int label : map.labels()) {
      if (label >= 1 && label <= classes) {
        present[label - 1] = true;
      }
    }
    return present;
  }

  /**
   * The best assignment.
   *
   * @return class by cluster, and 0 for 0; clusters that never occur get what is left
   */
  public Map<Integer, Integer> match() {
    double[] costs =
        Arrays.stream(together).mapToDouble(count -> 1 - (double) count / pictures).toArray();
    int[] columns = Assignment.minimise(costs, classes, classes);
    Map<Integer, Integer> match = new TreeMap<>();
    match.put(0, 0);
    for (int i = 0; i < classes; i++) {
      match.put(i + 1, columns[i] + 1);
    }
    return match;
  }

  /**
   * How good an assignment is: the sum over clusters of the pictures in which a cluster was
   * predicted and its class is there. {@link #match} makes it as large as possible; several
   * assignments may reach that, differing in clusters that share no picture with their class.
   *
   * @param match class by cluster
   * @return a number of pictures
   */
  public long sharedPictures(Map<Integer, Integer> match) {
    return match.entrySet().stream()
        .filter(entry -> entry.getKey() > 0 && entry.getValue() > 0)
        .mapToLong(entry -> together[(entry.getKey() - 1) * classes + entry.getValue() - 1])
        .sum();
  }

  /**
   * Renames clusters to classes.
   *
   * @param prediction clusters
   * @param match class by cluster
   * @return classes
   * @throws IllegalArgumentException if a cluster has no class
   */
  public static LabelMap rename(LabelMap prediction, Map<Integer, Integer> match) {
    return prediction.map(
        cluster -> {
          Integer label = match.get(cluster);
          if (label == null) {
            throw new IllegalArgumentException("cluster " + cluster + " has no class");
          }
          return label;
        });
  }
}
