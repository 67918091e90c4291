package org.zeroseg.eval.semantic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.Boundaries;

/**
 * The ImageNet-S protocol (Gao et al. 2022, "Large-scale Unsupervised Semantic Segmentation";
 * LUSSeg/ImageNet-S toolbox): mean IoU, boundary IoU, both by object size, image-level accuracy and
 * foreground F-measure. Counts are exact where the toolbox uses 32-bit floats.
 *
 * <p>Not thread-safe.
 */
public final class ImageNetSEvaluator {

  /** The label of pixels that do not count. */
  public static final int IGNORE = 1000;

  private static final double BOUNDARY_RATIO = 0.03; // toolbox
  private static final double BETA_SQUARE = 0.3; // toolbox, of the F-measure
  private static final double TINY = 1e-20; // toolbox, against division by 0

  // The sizes of a class's total area in a picture, and their limits in percent of valid pixels.
  private static final List<String> SIZES = List.of("S", "MS", "ML", "L");
  private static final int[] PERCENT = {5, 25, 50, 100};

  /** Intersection, predicted and true pixels by label. */
  private static final class Counts {
    private final long[] intersection;
    private final long[] predicted;
    private final long[] truth;

    Counts(int labels) {
      intersection = new long[labels];
      predicted = new long[labels];
      truth = new long[labels];
    }

    void add(int trueLabel, int predictedLabel) {
      if (trueLabel >= 0 && trueLabel < truth.length) {
        truth[trueLabel]++;
        intersection[trueLabel] += trueLabel == predictedLabel ? 1 : 0;
      }
      if (predictedLabel >= 0 && predictedLabel < predicted.length) {
        predicted[predictedLabel]++;
      }
    }

    void merge(Counts other) {
      for (int c = 0; c < truth.length; c++) {
        intersection[c] += other.intersection[c];
        predicted[c] += other.predicted[c];
        truth[c] += other.truth[c];
      }
    }

    double iou(int label) {
      return 100
          * (intersection[label] / (predicted[label] + truth[label] - intersection[label] + 1e-10));
    }

    /** Over all labels, or over those with true pixels; NaN if there are none. */
    double meanIou(boolean onlyTrue) {
      double sum = 0;
      int n = 0;
      for (int c = 0; c < truth.length; c++) {
        if (!onlyTrue || truth[c] > 0) {
          sum += iou(c);
          n++;
        }
      }
      return sum / n;
    }
  }

  private final int classes;
  private final Counts regions;
  private final Counts boundaries;
  private final List<Counts> regionsBySize = new ArrayList<>();
  private final List<Counts> boundariesBySize = new ArrayList<>();
  private long images;
  private long recognised;
  private double fMeasures;

  /**
   * An empty evaluation.
   *
   * @param classes 50, 300 or 919, the background not counted
   */
  public ImageNetSEvaluator(int classes) {
    this.classes = classes;
    regions = new Counts(classes + 1);
    boundaries = new Counts(classes + 1);
    for (int size = 0; size < PERCENT.length; size++) {
      regionsBySize.add(new Counts(classes + 1));
      boundariesBySize.add(new Counts(classes + 1));
    }
  }

  /**
   * Adds a picture.
   *
   * @param truth labels from 1, 0 for other things, {@link #IGNORE} for pixels that do not count
   * @param prediction labels of the same kind and size
   * @param picture its name, for messages
   */
  public void add(LabelMap truth, LabelMap prediction, String picture) {
    int width = truth.width();
    int height = truth.height();
    if (width != prediction.width() || height != prediction.height()) {
      throw new IllegalArgumentException(
          picture + ": the truth is " + truth + ", the prediction " + prediction);
    }
    int[] trueLabels = truth.labels();
    int[] predictedLabels = prediction.labels();
    for (int label : predictedLabels) {
      if (label < 0 || (label > classes && label != IGNORE)) {
        throw new IllegalArgumentException(
            "%s: predicted label %d; there are classes 0 to %d".formatted(picture, label, classes));
      }
    }
    Counts own = new Counts(classes + 1);
    long valid = 0;
    long bothObject = 0;
    for (int i = 0; i < trueLabels.length; i++) {
      if (trueLabels[i] != IGNORE) {
        valid++;
        own.add(trueLabels[i], predictedLabels[i]);
        bothObject += trueLabels[i] > 0 && predictedLabels[i] > 0 ? 1 : 0;
      }
    }
    images++;
    regions.merge(own);
    recognised += isRecognised(own) ? 1 : 0;
    fMeasures += fMeasure(own, valid, bothObject);
    addBySize(trueLabels, predictedLabels, width, height, own, valid);
  }

  /** The predicted class with most pixels, the first of equal ones, occurs in the truth. */
  private boolean isRecognised(Counts own) {
    int largest = 1;
    for (int c = 2; c <= classes; c++) {
      if (own.predicted[c] > own.predicted[largest]) {
        largest = c;
      }
    }
    return own.predicted[largest] > 0 && own.truth[largest] > 0;
  }

  private static double fMeasure(Counts own, long valid, long bothObject) {
    double precision = bothObject / (valid - own.predicted[0] + TINY);
    double recall = bothObject / (valid - own.truth[0] + TINY);
    return (1 + BETA_SQUARE) * precision * recall / (BETA_SQUARE * precision + recall + TINY);
  }

  private void addBySize(
      int[] truth, int[] prediction, int width, int height, Counts own, long valid) {
    int distance = Boundaries.distance(width, height, BOUNDARY_RATIO);
    boolean[] atTruth = Boundaries.of(truth, width, height, distance);
    boolean[] atPrediction = Boundaries.of(prediction, width, height, distance);
    int[] sizes = new int[classes + 1];
    Arrays.fill(sizes, -1);
    boolean[] present = new boolean[PERCENT.length];
    for (int c = 1; c <= classes; c++) {
      if (own.truth[c] > 0) {
        sizes[c] = size(own.truth[c], valid);
        present[sizes[c]] = true;
      }
    }
    for (int i = 0; i < truth.length; i++) {
      if (truth[i] == IGNORE) {
        continue;
      }
      // -1 is no label: only boundary pixels are counted.
      int trueEdge = atTruth[i] ? truth[i] : -1;
      int predictedEdge = atPrediction[i] ? prediction[i] : -1;
      boundaries.add(trueEdge, predictedEdge);
      for (int b = 0; b < present.length; b++) {
        boolean isOwn = truth[i] > 0 && truth[i] <= classes && sizes[truth[i]] == b;
        // Background belongs to every size that occurs in the picture.
        if (present[b] && (truth[i] == 0 || isOwn)) {
          regionsBySize.get(b).add(truth[i], prediction[i]);
          boundariesBySize.get(b).add(trueEdge, predictedEdge);
        }
      }
    }
  }

  /** Compares integers, where the toolbox divides 32-bit floats and rounds up. */
  private static int size(long pixels, long valid) {
    int size = 0;
    while (100 * pixels > PERCENT[size] * valid) {
      size++;
    }
    return size;
  }

  /**
   * IoU of a label over all pictures.
   *
   * @param label 0 for other things, or a class
   * @return in percent; 0 if it never occurs
   */
  public double iou(int label) {
    return regions.iou(label);
  }

  /**
   * Pixels of a label that were predicted as such.
   *
   * @param label a label
   * @return how many
   */
  public long intersection(int label) {
    return regions.intersection[label];
  }

  /**
   * Pixels predicted as a label.
   *
   * @param label a label
   * @return how many
   */
  public long predicted(int label) {
    return regions.predicted[label];
  }

  /**
   * True pixels of a label.
   *
   * @param label a label
   * @return how many
   */
  public long truth(int label) {
    return regions.truth[label];
  }

  /**
   * All numbers by the toolbox's names: Acc, mIoU and mBIoU over all labels (those that never occur
   * count 0), S, MS, ML, L and BS, BMS, BML, BL over labels with true pixels of that size,
   * FMeasure.
   *
   * @return in percent; NaN for a size that no object has
   */
  public Map<String, Double> summary() {
    Map<String, Double> summary = new LinkedHashMap<>();
    summary.put("Acc", 100.0 * recognised / images);
    summary.put("mIoU", regions.meanIou(false));
    summary.put("mBIoU", boundaries.meanIou(false));
    for (int b = 0; b < PERCENT.length; b++) {
      summary.put(SIZES.get(b), regionsBySize.get(b).meanIou(true));
    }
    for (int b = 0; b < PERCENT.length; b++) {
      summary.put("B" + SIZES.get(b), boundariesBySize.get(b).meanIou(true));
    }
    summary.put("FMeasure", 100 * fMeasures / images);
    return summary;
  }
}
