package org.zeroseg.zsi;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * What the proposal network is to answer for the anchors of one picture.
 *
 * @param labels for each anchor of all levels 1 for an object, 0 for background, -1 for one that is
 *     not learnt from
 * @param deltas {@code [n, 4]}, from each anchor with an object to it
 * @param positives anchors with an object
 * @param negatives anchors in the background
 */
@SuppressWarnings("ArrayRecordComponent")
record AnchorTargets(int[] labels, float[] deltas, int positives, int negatives) {

  /**
   * Which anchors take part.
   *
   * @param matching by overlap
   * @param sampling how many
   * @param border how far an anchor may reach beyond the picture; 0 as published
   */
  record Rules(Matching matching, Sampling sampling, int border) {}

  /**
   * Targets of a picture.
   *
   * @param anchors of all levels, {@code [n, 4]}
   * @param valid whether their cells lie in the padded picture
   * @param objects boxes {@code [k, 4]}
   * @param width of the picture without padding
   * @param height likewise
   */
  static AnchorTargets of(
      float[] anchors,
      boolean[] valid,
      float[] objects,
      int width,
      int height,
      Rules rules,
      RandomGenerator random) {
    int[] inside = new int[valid.length];
    int count = 0;
    for (int i = 0; i < valid.length; i++) {
      int at = 4 * i;
      if (valid[i]
          && anchors[at] >= -rules.border()
          && anchors[at + 1] >= -rules.border()
          && anchors[at + 2] < width + rules.border()
          && anchors[at + 3] < height + rules.border()) {
        inside[count++] = i;
      }
    }
    float[] boxes = new float[4 * count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(anchors, 4 * inside[i], boxes, 4 * i, 4);
    }
    int[] matched = rules.matching().of(boxes, objects).objects();
    Sampling.Chosen chosen = rules.sampling().draw(matched, random);
    int[] labels = new int[valid.length];
    Arrays.fill(labels, Matching.IGNORED);
    float[] deltas = new float[anchors.length];
    for (int i : chosen.negatives()) {
      labels[inside[i]] = 0;
    }
    for (int i : chosen.positives()) {
      labels[inside[i]] = 1;
      Deltas.PROPOSALS.encode(boxes, 4 * i, objects, 4 * (matched[i] - 1), deltas, 4 * inside[i]);
    }
    return new AnchorTargets(labels, deltas, chosen.positives().length, chosen.negatives().length);
  }

  /** What the losses of a batch are divided by is the sum of these. */
  int samples() {
    return Math.max(positives, 1) + Math.max(negatives, 1);
  }
}
