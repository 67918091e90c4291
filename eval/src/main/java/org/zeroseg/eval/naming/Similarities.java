package org.zeroseg.eval.naming;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.zeroseg.core.cluster.Vectors;

/** Cosines between segments (or their labels) and classes, and the choice that follows. */
public final class Similarities {

  /** The threshold for Sentence-BERT's vectors of label and class name. */
  public static final double TEXT_TO_TEXT = 0.5;

  /** The threshold for CLIP's vectors of a segment and of "Image of a {class}." */
  public static final double SEGMENT_TO_TEXT = 0.1;

  /** No class. */
  public static final int NONE = -1;

  private Similarities() {}

  /**
   * The cosine of two vectors.
   *
   * @param a a vector
   * @param b another of the same length
   * @return in [-1, 1]; 0 if either is 0
   * @throws IllegalArgumentException if the lengths differ
   */
  public static double cosine(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException("vectors of " + a.length + " and " + b.length + " values");
    }
    double squaresA = Vectors.dot(a, a);
    double squaresB = Vectors.dot(b, b);
    return squaresA == 0 || squaresB == 0 ? 0 : Vectors.dot(a, b) / Math.sqrt(squaresA * squaresB);
  }

  /**
   * All cosines.
   *
   * @param segments [n, d], embeddings of segments or of their labels' texts
   * @param classes [m, d], embeddings of class names
   * @return [n, m]
   */
  public static double[][] between(float[][] segments, float[][] classes) {
    return Arrays.stream(segments)
        .map(segment -> Arrays.stream(classes).mapToDouble(name -> cosine(segment, name)).toArray())
        .toArray(double[][]::new);
  }

  /**
   * The most similar class of each segment.
   *
   * @param similarities [n, m]
   * @param threshold what it must reach: {@link #TEXT_TO_TEXT} or {@link #SEGMENT_TO_TEXT}
   * @return n indices of classes, the first of equal ones, or {@link #NONE}
   */
  public static int[] assign(double[][] similarities, double threshold) {
    return Arrays.stream(similarities).mapToInt(row -> best(row, threshold)).toArray();
  }

  private static int best(double[] row, double threshold) {
    int best =
        IntStream.range(0, row.length).reduce((a, b) -> row[b] > row[a] ? b : a).orElse(NONE);
    return best != NONE && row[best] >= threshold ? best : NONE;
  }
}
