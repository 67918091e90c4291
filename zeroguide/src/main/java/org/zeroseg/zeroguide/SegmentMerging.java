package org.zeroseg.zeroguide;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.zeroseg.core.cluster.Vectors;

/**
 * Joins siblings that look alike and are named alike, from the leaves up (Rewatbowornwong et al.
 * 2023, Sec. 3.4). A parent is described only once its children have been found alike, all parents
 * of a round at once.
 *
 * @param threshold mixed similarity from which siblings become one
 * @param visualWeight weight of the embeddings' cosine; that of the texts has the rest
 */
record SegmentMerging(double threshold, double visualWeight) {

  SegmentMerging {
    if (Double.isNaN(threshold) || !(visualWeight >= 0 && visualWeight <= 1)) {
      throw new IllegalArgumentException(
          "merge threshold " + threshold + ", visual weight " + visualWeight);
    }
  }

  /**
   * A node of the tree with what is known of it.
   *
   * @param id root 0, children of t are 2t + 1 and 2t + 2
   * @param leaves the candidates below it, ascending
   * @param embedding {@code [D]}
   * @param saliency of each masked block; empty where nothing was masked
   * @param labels best first; empty without a namer
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Node(
      long id, int[] leaves, float[] embedding, double[] saliency, List<SegmentLabel> labels) {}

  /** Embeds and names segments. */
  interface Describer {

    /**
     * Describes nodes, all at once.
     *
     * @param ids of the nodes
     * @param leaves the candidates below each
     */
    List<Node> describe(List<Long> ids, List<int[]> leaves);
  }

  /**
   * A node that was made, and how alike its children were.
   *
   * @param parent the node's number
   * @param similarity mixed similarity of its children
   */
  record Comparison(long parent, double similarity) {}

  /**
   * What merging gives.
   *
   * @param segments those that remain, in the order of their numbers
   * @param nodes all that were described
   * @param comparisons of siblings, in order
   */
  record Result(List<Node> segments, List<Node> nodes, List<Comparison> comparisons) {}

  /** Merges; a node's children are candidates or have been merged themselves. */
  Result merge(long[] leafIds, Describer describer) {
    Map<Long, Node> complete = new LinkedHashMap<>();
    List<Comparison> comparisons = new ArrayList<>();
    List<Node> described =
        describer.describe(
            Arrays.stream(leafIds).boxed().toList(),
            IntStream.range(0, leafIds.length).mapToObj(leaf -> new int[] {leaf}).toList());
    described.forEach(node -> complete.put(node.id(), node));
    List<Node> nodes = new ArrayList<>(described);
    List<Long> candidates = complete.keySet().stream().toList();
    while (!candidates.isEmpty()) {
      List<Long> parents = new ArrayList<>();
      List<int[]> leaves = new ArrayList<>();
      for (long parent : candidates.stream().map(id -> (id - 1) / 2).distinct().toList()) {
        Node left = complete.get(2 * parent + 1);
        Node right = complete.get(2 * parent + 2);
        if (left != null && right != null) {
          double similarity = similarity(left, right);
          comparisons.add(new Comparison(parent, similarity));
          if (similarity >= threshold) {
            parents.add(parent);
            leaves.add(
                IntStream.concat(Arrays.stream(left.leaves()), Arrays.stream(right.leaves()))
                    .sorted()
                    .toArray());
          }
        }
      }
      List<Node> made = parents.isEmpty() ? List.of() : describer.describe(parents, leaves);
      for (Node node : made) {
        complete.remove(2 * node.id() + 1);
        complete.remove(2 * node.id() + 2);
        complete.put(node.id(), node);
      }
      nodes.addAll(made);
      candidates = parents;
    }
    List<Node> segments = complete.keySet().stream().sorted().map(complete::get).toList();
    return new Result(segments, nodes, comparisons);
  }

  /** Without names, segments are compared by sight alone. */
  private double similarity(Node left, Node right) {
    double visual = cosine(left.embedding(), right.embedding());
    if (left.labels().isEmpty() || right.labels().isEmpty()) {
      return visual;
    }
    double text =
        cosine(left.labels().get(0).textEmbedding(), right.labels().get(0).textEmbedding());
    return visualWeight * visual + (1 - visualWeight) * text;
  }

  /** Whether segments of different trees are alike enough to be one. */
  boolean alike(DiscoveredSegment a, DiscoveredSegment b) {
    return similarity(node(a), node(b)) >= threshold;
  }

  private static Node node(DiscoveredSegment segment) {
    return new Node(
        segment.treeNode(), new int[0], segment.embedding(), segment.saliency(), segment.labels());
  }

  static double cosine(float[] a, float[] b) {
    double norms = Math.sqrt(Vectors.dot(a, a)) * Math.sqrt(Vectors.dot(b, b));
    return norms > 0 ? Vectors.dot(a, b) / norms : 0;
  }
}
