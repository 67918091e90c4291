package org.zeroseg.core;

import java.util.Objects;
import java.util.Optional;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/** One segment found in a picture: its label, score and mask. Immutable. */
public final class Segment {

  private final int label;
  private final String name;
  private final double score;
  private final Mask mask;
  private final Box box;
  private final float[] embedding;

  private Segment(int label, String name, double score, Mask mask, Box box, float[] embedding) {
    this.label = label;
    this.name = name;
    this.score = score;
    this.mask = mask;
    this.box = box;
    this.embedding = embedding;
  }

  /**
   * A segment with the tight box of its mask.
   *
   * @param label the category's label, from 1; 0 is background and no segment
   * @param name the category's name
   * @param score how sure, on the segmenter's scale
   * @param mask its pixels, of the picture's size
   * @return the segment
   * @throws IllegalArgumentException if the label is below 1 or the score is not a finite number
   */
  public static Segment of(int label, String name, double score, Mask mask) {
    if (label < 1) {
      throw new IllegalArgumentException("A segment's label is " + label + "; labels begin at 1");
    }
    if (!Double.isFinite(score)) {
      throw new IllegalArgumentException("The score of '" + name + "' is " + score);
    }
    return new Segment(label, Objects.requireNonNull(name, "name"), score, mask, mask.box(), null);
  }

  /**
   * The same segment with a box of its own, such as a detector's.
   *
   * @param newBox may differ from the mask's tight box
   * @return a new segment
   */
  public Segment withBox(Box newBox) {
    return new Segment(label, name, score, mask, newBox, embedding);
  }

  /**
   * The same segment with its place in the space of a model's image or text vectors.
   *
   * @param vector copied
   * @return a new segment
   */
  public Segment withEmbedding(float[] vector) {
    return new Segment(label, name, score, mask, box, vector.clone());
  }

  /**
   * The category's label.
   *
   * @return from 1, as in {@link Segmentation#labelAt}
   */
  public int label() {
    return label;
  }

  /**
   * The category's name.
   *
   * @return the word
   */
  public String name() {
    return name;
  }

  /**
   * How sure the segmenter is.
   *
   * @return on its own scale, higher is surer
   */
  public double score() {
    return score;
  }

  /**
   * The pixels.
   *
   * @return a mask of the picture's size
   */
  public Mask mask() {
    return mask;
  }

  /**
   * The box around it.
   *
   * @return in pixels of the picture
   */
  public Box box() {
    return box;
  }

  /**
   * A vector that describes the segment, if the segmenter makes one.
   *
   * @return a copy
   */
  public Optional<float[]> embedding() {
    return Optional.ofNullable(embedding).map(float[]::clone);
  }

  @Override
  public String toString() {
    return "Segment[" + label + " '" + name + "', score " + score + ", " + mask + "]";
  }
}
