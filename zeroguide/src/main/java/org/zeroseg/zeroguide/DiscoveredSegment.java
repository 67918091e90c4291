package org.zeroseg.zeroguide;

import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Segment;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/**
 * A segment found without a vocabulary.
 *
 * @param id its place in {@link Discovery#segments()}
 * @param treeNode its node in the tree: the root is 0, the children of t are 2t + 1 and 2t + 2; -1
 *     if it is of no tree
 * @param leaves the candidates that it is made of
 * @param mask its pixels, of the picture's size
 * @param labels its names, best first; empty without a namer
 * @param embedding its unit vector in CLIP's joint space {@code [D]}
 * @param saliency S of each masked block
 */
@SuppressWarnings("ArrayRecordComponent")
public record DiscoveredSegment(
    int id,
    long treeNode,
    List<Integer> leaves,
    Mask mask,
    List<SegmentLabel> labels,
    float[] embedding,
    double[] saliency) {

  /** Copies the lists. */
  public DiscoveredSegment {
    leaves = List.copyOf(leaves);
    labels = List.copyOf(labels);
  }

  /**
   * The best name.
   *
   * @return a label, if there is a namer
   */
  public Optional<SegmentLabel> label() {
    return labels.stream().findFirst();
  }

  /**
   * The tight box.
   *
   * @return in pixels of the picture
   */
  public Box box() {
    return mask.box();
  }

  /**
   * Its share of the picture.
   *
   * @return more than 0, at most 1
   */
  public double areaFraction() {
    return (double) mask.area() / ((long) mask.width() * mask.height());
  }

  /**
   * How well a vector of the joint space fits, such as a text's.
   *
   * @param vector {@code [D]} of any length but zero
   * @return the cosine
   */
  public double similarity(float[] vector) {
    return SegmentMerging.cosine(embedding, vector);
  }

  /**
   * The segment in the form that all segmenters share, as a category of its own: named by its label
   * or, where there is no namer, by its number; the score is the label's confidence.
   *
   * @return with label {@code id + 1} and its embedding
   */
  public Segment segment() {
    String name = label().map(SegmentLabel::text).orElse("segment " + (id + 1));
    double confidence = label().map(SegmentLabel::confidence).orElse(0.0);
    return Segment.of(id + 1, name, confidence, mask).withEmbedding(embedding);
  }

  @Override
  public String toString() {
    String name = label().map(SegmentLabel::text).orElse("unnamed");
    return "DiscoveredSegment[%d '%s', node %d, %s]".formatted(id, name, treeNode, mask);
  }
}
