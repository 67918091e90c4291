package org.zeroseg.eval.naming;

import java.util.Arrays;

/**
 * Text generation quality: true masks are named, and a name is a hit if its text is similar enough
 * to the true class's. Not thread-safe.
 */
final class TextQuality {

  private final double threshold;
  private long segments;
  private long hits;
  private int pictures;
  private double shares;

  /** An empty evaluation; the threshold is what the similarity must reach. */
  TextQuality(double threshold) {
    this.threshold = threshold;
  }

  /**
   * Adds a picture; one without segments counts nowhere.
   *
   * @param similarities of each segment's label and its true class, unlabelled segments left out
   * @return the picture's share of hits; NaN if it has no segments
   */
  double add(double... similarities) {
    if (similarities.length == 0) {
      return Double.NaN;
    }
    long own = Arrays.stream(similarities).filter(value -> value >= threshold).count();
    double share = (double) own / similarities.length;
    segments += similarities.length;
    hits += own;
    pictures++;
    shares += share;
    return share;
  }

  /** The share of hits over all segments, as the paper defines it; NaN if there are none. */
  double overSegments() {
    return segments == 0 ? Double.NaN : (double) hits / segments;
  }

  /** The mean over pictures of their shares, as the reference code; NaN if there are none. */
  double overPictures() {
    return shares / pictures;
  }
}
