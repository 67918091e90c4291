package org.zeroseg.zsi;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.zeroseg.core.mask.Nms;

/**
 * From the detector's answer to the boxes of classes, seen and unseen ones apart, as in the
 * released code: each side has its own threshold, suppression and best hundred.
 *
 * @param seen the seen classes asked for
 * @param unseen the unseen ones
 */
record Detector(Side seen, Side unseen) {

  /**
   * Choices.
   *
   * @param rules what stays
   * @param deltas of unseen classes
   * @param calibration what is taken off the scores of seen classes (calibrated stacking, Chao et
   *     al. 2016)
   * @param direct whether unseen classes are compared with a box's place in the space of words, as
   *     in the paper, instead of by way of the seen ones, as in the released code
   * @param background whether a box's likeness to background has its part in the scores of classes
   */
  record Options(
      Detections.Rules rules,
      UnseenDeltas deltas,
      double calibration,
      boolean direct,
      boolean background) {

    /** The released code's, with other rules. */
    static Options published(Detections.Rules rules) {
      return new Options(rules, UnseenDeltas.PUBLISHED, 0, false, true);
    }
  }

  /** A detector of all classes of a split, with the background vector of the proposal network. */
  static Detector of(ClassVectors classes, float[] background, Options options) {
    float[][] seen = classes.seenRows(background);
    int[] all = IntStream.range(0, classes.seen().size()).toArray();
    return of(seen, all, MaskWords.unseenRows(classes, background), options);
  }

  /**
   * A detector of some seen and of any unseen classes.
   *
   * @param words rows of background and all seen classes
   * @param asked which of the seen classes are wanted, from 0
   * @param unseen rows of background and the unseen classes
   */
  static Detector of(float[][] words, int[] asked, float[][] unseen, Options options) {
    int slots = words.length;
    float[][] wanted = new float[1 + asked.length][];
    int[] slot = new int[wanted.length];
    wanted[0] = words[0];
    for (int i = 0; i < asked.length; i++) {
      slot[i + 1] = 1 + asked[i];
      wanted[i + 1] = words[1 + asked[i]];
    }
    int[] others = new int[unseen.length];
    for (int j = 1; j < others.length; j++) {
      boolean mean = options.deltas() == UnseenDeltas.MEAN || j >= slots;
      others[j] = mean ? slots : j;
    }
    ClassScores scores = ClassScores.of(words, unseen);
    return new Detector(
        new Side(
            ClassScores.of(words, wanted),
            Optional.empty(),
            slot,
            options.rules(),
            options.calibration(),
            options.background()),
        new Side(
            scores,
            options.direct() ? Optional.of(Matrix.rows(unseen).transposed()) : Optional.empty(),
            others,
            options.rules(),
            0,
            options.background()));
  }

  /**
   * What is known of a picture's proposals.
   *
   * @param probabilities of background and the seen classes, {@code [R, N]}
   * @param decoded boxes in pixels of the picture, {@code [R, N, 4]}
   * @param mean boxes of the mean of the seen classes' deltas, {@code [R, 4]}
   * @param semantic {@code [R, D]}: places in the space of words, or empty
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Boxes(float[] probabilities, float[] decoded, float[] mean, float[] semantic) {}

  /**
   * Decodes a picture's boxes.
   *
   * @param proposals {@code [R, 4]} in pixels of the input
   * @param logits {@code [R, N]}
   * @param deltas {@code [R, 4 N]}
   * @param semantic {@code [R, D]}, or empty
   * @param width of the input without padding
   * @param height likewise
   * @param scale of the input to the picture
   */
  Boxes boxes(
      float[] proposals,
      float[] logits,
      float[] deltas,
      float[] semantic,
      int width,
      int height,
      float scale) {
    int slots = deltas.length / Math.max(1, proposals.length);
    float[] probabilities = ClassScores.softmax(logits, slots);
    float[] decoded = Deltas.DETECTIONS.decode(proposals, deltas, slots, width, height);
    float[] mean =
        Deltas.DETECTIONS.decode(proposals, mean(deltas, probabilities, slots), 1, width, height);
    for (float[] boxes : new float[][] {decoded, mean}) {
      for (int i = 0; i < boxes.length; i++) {
        boxes[i] /= scale;
      }
    }
    return new Boxes(probabilities, decoded, mean, semantic);
  }

  private static float[] mean(float[] deltas, float[] probabilities, int slots) {
    float[] mean = new float[slots == 0 ? 0 : deltas.length / slots];
    for (int row = 0; row < mean.length / 4; row++) {
      double sum = 0;
      double[] sums = new double[4];
      for (int c = 1; c < slots; c++) {
        double p = probabilities[row * slots + c];
        sum += p;
        for (int i = 0; i < 4; i++) {
          sums[i] += p * deltas[4 * (row * slots + c) + i];
        }
      }
      for (int i = 0; i < 4; i++) {
        mean[4 * row + i] = (float) (sums[i] / Math.max(sum, Float.MIN_NORMAL));
      }
    }
    return mean;
  }

  /** What stays of a picture, seen classes first. */
  Detections select(Boxes boxes) {
    return both(boxes, false);
  }

  /**
   * A name for each thing: boxes that are more like background go, and of those that overlap, seen
   * or unseen, the best one stays.
   */
  Detections distinct(Boxes boxes) {
    Detections all = both(boxes, true);
    int[] best =
        Nms.boxes(all.boxes(), all.scores(), seen.rules().overlap(), Nms.BoxRule.MMDET_CUDA)
            .stream()
            .mapToInt(Nms.Kept::index)
            .toArray();
    return all.chosen(best);
  }

  private Detections both(Boxes boxes, boolean overBackground) {
    return seen.select(boxes, overBackground)
        .followedBy(unseen.select(boxes, overBackground), seen.slot().length - 1);
  }

  /**
   * One side.
   *
   * @param words of background and its classes
   * @param places of the words {@code [D, K]}, if boxes are compared with them directly
   * @param slot of each class's boxes; one beyond the last is the mean
   * @param rules what stays
   * @param calibration taken off the scores
   * @param background whether likeness to background has its part in them
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Side(
      ClassScores words,
      Optional<Matrix> places,
      int[] slot,
      Detections.Rules rules,
      double calibration,
      boolean background) {

    /** Scores {@code [R, K]} of background and the classes. */
    float[] scores(Boxes boxes) {
      if (places.isPresent()) {
        int dimensions = places.get().rows();
        int rows = boxes.semantic().length / dimensions;
        Matrix logits = Matrix.of(rows, dimensions, boxes.semantic()).times(places.get());
        return ClassScores.softmax(logits.floats(), slot.length);
      }
      float[] scores = words.of(boxes.probabilities());
      if (calibration != 0) {
        for (int i = 0; i < scores.length; i++) {
          scores[i] -= (float) calibration;
        }
      }
      return scores;
    }

    /** What stays of a picture. */
    Detections select(Boxes boxes) {
      return select(boxes, false);
    }

    private Detections select(Boxes boxes, boolean overBackground) {
      int slots = words.products().rows();
      float[] corners = boxes.decoded();
      int perRow = slots;
      if (Arrays.stream(slot).anyMatch(s -> s >= slots)) {
        perRow = slots + 1;
        corners = new float[boxes.mean().length * perRow];
        for (int row = 0; row < boxes.mean().length / 4; row++) {
          System.arraycopy(boxes.decoded(), 4 * row * slots, corners, 4 * row * perRow, 4 * slots);
          System.arraycopy(boxes.mean(), 4 * row, corners, 4 * (row * perRow + slots), 4);
        }
      }
      float[] scores = scores(boxes);
      if (overBackground) {
        for (int i = 0; i < scores.length; i++) {
          int background = i - i % slot.length;
          if (i != background && scores[i] <= scores[background]) {
            scores[i] = Float.NEGATIVE_INFINITY;
          }
        }
      }
      if (!background && places.isEmpty()) {
        withoutBackground(scores, boxes.probabilities());
      }
      return Detections.select(corners, perRow, slot, scores, rules);
    }

    /** Takes off what the scores of classes have by likeness to background. */
    private void withoutBackground(float[] scores, float[] probabilities) {
      int rows = scores.length / slot.length;
      double[] products = words.products().values(); // those with background come first
      for (int row = 0; row < rows; row++) {
        double sure = probabilities[row * words.products().rows()];
        for (int c = 1; c < slot.length; c++) {
          scores[row * slot.length + c] -= (float) (sure * products[c]);
        }
      }
    }
  }
}
