package org.zeroseg.eval.semantic;

import java.io.Serializable;
import java.util.Arrays;
import org.zeroseg.core.supervision.LabelMap;

/**
 * Counts pixels by true and predicted class over a whole set, and derives IoU and accuracies
 * ({@code RunningScore} of NoelShin/namedmask, zutis and reco). Exact: counts are longs. Pixels
 * whose truth is not a class, such as 255 or -1, are ignored.
 *
 * <pre>{@code
 * ConfusionMatrix matrix = new ConfusionMatrix(21);
 * matrix.add(LabelMap.read(Path.of("truth.png")), LabelMap.of(found), "photo.jpg");
 * System.out.println(matrix.meanIou());
 * }</pre>
 *
 * <p>Not thread-safe: give every thread its own and {@link #merge} them; the result does not depend
 * on the order.
 */
public final class ConfusionMatrix implements Serializable {

  private final int classes;
  private final long[] counts; // [truth, prediction]

  /**
   * An empty matrix.
   *
   * @param classes how many, the background included if it is one
   */
  public ConfusionMatrix(int classes) {
    if (classes < 1 || classes > 40_000) {
      throw new IllegalArgumentException("expected 1 to 40000 classes, found " + classes);
    }
    this.classes = classes;
    counts = new long[classes * classes];
  }

  /**
   * Adds a picture.
   *
   * @param truth its ground truth
   * @param prediction labels 0 to classes - 1 wherever the truth is a class, of the same size
   * @param picture its name, for messages
   * @throws IllegalArgumentException if sizes differ or a predicted label is no class; then nothing
   *     of the picture is counted
   */
  public void add(LabelMap truth, LabelMap prediction, String picture) {
    if (truth.width() != prediction.width() || truth.height() != prediction.height()) {
      throw new IllegalArgumentException(
          picture + ": the truth is " + truth + ", the prediction " + prediction);
    }
    try {
      add(truth.labels(), prediction.labels());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(picture + ": " + e.getMessage(), e);
    }
  }

  /**
   * Adds pixels.
   *
   * @param truth their true labels
   * @param prediction their predicted labels, as many
   * @throws IllegalArgumentException if a predicted label is no class; then nothing is counted
   */
  public void add(int[] truth, int[] prediction) {
    if (truth.length != prediction.length) {
      throw new IllegalArgumentException(
          truth.length + " true labels, " + prediction.length + " predicted ones");
    }
    // Neighbours mostly agree: counting runs keeps the additions off one memory cell's latency.
    int start = 0;
    for (int i = 1; i <= truth.length; i++) {
      if (i == truth.length || truth[i] != truth[start] || prediction[i] != prediction[start]) {
        if (truth[start] >= 0 && truth[start] < classes) {
          int predicted = prediction[start];
          if (predicted < 0 || predicted >= classes) {
            subtract(truth, prediction, start);
            throw new IllegalArgumentException(
                "predicted label %d at pixel %d; there are classes 0 to %d"
                    .formatted(predicted, start, classes - 1));
          }
          counts[truth[start] * classes + predicted] += i - start;
        }
        start = i;
      }
    }
  }

  private void subtract(int[] truth, int[] prediction, int end) {
    for (int i = 0; i < end; i++) {
      if (truth[i] >= 0 && truth[i] < classes) {
        counts[truth[i] * classes + prediction[i]]--;
      }
    }
  }

  /**
   * Adds another matrix to this one.
   *
   * @param other of as many classes
   */
  public void merge(ConfusionMatrix other) {
    if (other.classes != classes) {
      throw new IllegalArgumentException(other.classes + " classes merged into " + classes);
    }
    Arrays.setAll(counts, i -> counts[i] + other.counts[i]);
  }

  /**
   * How many classes there are.
   *
   * @return the background included
   */
  public int classes() {
    return classes;
  }

  /**
   * Pixels of one cell.
   *
   * @param truth the true class
   * @param prediction the predicted class
   * @return how many
   */
  public long count(int truth, int prediction) {
    return counts[truth * classes + prediction];
  }

  /**
   * Pixels of a true class.
   *
   * @param label the class
   * @return how many
   */
  public long truths(int label) {
    long sum = 0;
    for (int p = 0; p < classes; p++) {
      sum += count(label, p);
    }
    return sum;
  }

  /**
   * Pixels of a predicted class.
   *
   * @param label the class
   * @return how many, among those whose truth is a class
   */
  public long predictions(int label) {
    long sum = 0;
    for (int t = 0; t < classes; t++) {
      sum += count(t, label);
    }
    return sum;
  }

  /**
   * All pixels counted.
   *
   * @return how many
   */
  public long total() {
    return Arrays.stream(counts).sum();
  }

  /**
   * Intersection over union of a class.
   *
   * @param label the class
   * @return in [0, 1]; NaN if the class is neither in the truth nor predicted
   */
  public double iou(int label) {
    long hit = count(label, label);
    return (double) hit / (truths(label) + predictions(label) - hit);
  }

  /**
   * Mean IoU over the classes that occur; one that is only predicted counts as 0.
   *
   * @return in [0, 1]; NaN if no class occurs
   */
  public double meanIou() {
    return meanIou(0);
  }

  /**
   * Mean IoU over the classes from one on: with {@code 1} the background is left out of the mean,
   * though pixels taken for it still count against their class.
   *
   * @param first the first class of the mean
   * @return in [0, 1]; NaN if no such class occurs
   */
  public double meanIou(int first) {
    double sum = 0;
    int n = 0;
    for (int c = first; c < classes; c++) {
      double iou = iou(c);
      if (!Double.isNaN(iou)) {
        sum += iou;
        n++;
      }
    }
    return sum / n;
  }

  /**
   * The share of pixels whose class was predicted.
   *
   * @return in [0, 1]; NaN if there are none
   */
  public double pixelAccuracy() {
    long hits = 0;
    for (int c = 0; c < classes; c++) {
      hits += count(c, c);
    }
    return (double) hits / total();
  }

  /**
   * The mean over classes of the share of their pixels that was found.
   *
   * @return in [0, 1]; NaN if there are no pixels
   */
  public double meanAccuracy() {
    double sum = 0;
    int n = 0;
    for (int c = 0; c < classes; c++) {
      long truths = truths(c);
      if (truths > 0) {
        sum += (double) count(c, c) / truths;
        n++;
      }
    }
    return sum / n;
  }

  /**
   * IoU weighted by how frequent the true classes are.
   *
   * @return in [0, 1]; 0 if there are no pixels
   */
  public double frequencyWeightedIou() {
    double total = total();
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      long truths = truths(c);
      if (truths > 0) {
        sum += truths / total * iou(c);
      }
    }
    return sum;
  }
}
