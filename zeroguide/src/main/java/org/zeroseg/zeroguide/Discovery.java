package org.zeroseg.zeroguide;

import java.util.List;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.mask.Mask;

/**
 * What was found in a picture: segments that share out its pixels, by falling area, and the tree
 * that they come from. Immutable.
 *
 * @param width columns of the picture
 * @param height rows of the picture
 * @param segments those that remain after merging
 * @param tree all nodes that were looked at, the candidates and what was made of them; empty if the
 *     picture took several tiles
 */
public record Discovery(
    int width, int height, List<DiscoveredSegment> segments, List<TreeNode> tree) {

  /**
   * A node of the merge tree.
   *
   * @param id the root is 0, the children of t are 2t + 1 and 2t + 2
   * @param label its best name; empty without a namer
   * @param leaves the candidates below it
   * @param mask its pixels, of the picture's size
   * @param similarity how alike its children were; 1 for a candidate
   * @param remains whether it is one of the segments
   */
  public record TreeNode(
      long id, String label, List<Integer> leaves, Mask mask, double similarity, boolean remains) {

    /** Copies the list. */
    public TreeNode {
      leaves = List.copyOf(leaves);
    }
  }

  /** Copies the lists. */
  public Discovery {
    segments = List.copyOf(segments);
    tree = List.copyOf(tree);
  }

  /**
   * The result in the form that all segmenters share: one category a segment, named by its label,
   * or by its number where there is no namer.
   *
   * @return labels 1 to n in the order of the segments
   */
  public Segmentation segmentation() {
    List<Segment> plain = segments.stream().map(DiscoveredSegment::segment).toList();
    List<String> names = plain.stream().map(Segment::name).toList();
    return Segmentation.ofSegments(width, height, names, plain);
  }
}
