package org.zeroseg.core.segment;

import java.util.OptionalDouble;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Decides the pixels of a picture band by band, from the top. */
final class PixelLabels {

  /** Rows that one task works through with one set of buffers. */
  private static final int BAND = 16;

  /** Gives the values of a row of the picture to any thread. */
  @FunctionalInterface
  interface Rows {
    /** Fills {@code [count][width]} values. */
    void row(int y, float[][] row);
  }

  private final int width;
  private final int named;
  private final IntUnaryOperator labelOf;
  private final Scoring scoring;
  private final OptionalDouble threshold;
  private final short[] labels;
  // By bands, so that sums are the same however many threads work.
  private final double[][] sums;
  private int done;

  /** The first maps have the labels, the others are background. */
  PixelLabels(int width, int height, int named, Scoring scoring, OptionalDouble threshold) {
    this(width, height, named, map -> map < named ? map + 1 : 0, scoring, threshold);
  }

  /** Labels 1 to {@code named}, or 0 for background, by the numbers of maps. */
  PixelLabels(
      int width,
      int height,
      int named,
      IntUnaryOperator labelOf,
      Scoring scoring,
      OptionalDouble threshold) {
    this.width = width;
    this.named = named;
    this.labelOf = labelOf;
    this.scoring = scoring;
    this.threshold = threshold;
    labels = new short[Math.multiplyExact(height, width)];
    sums = new double[(height + BAND - 1) / BAND][named];
  }

  /** Decides the rows up to one, which is left out. */
  void decide(Rows rows, int count, int end) {
    int begin = done;
    IntStream.range(begin / BAND, (end + BAND - 1) / BAND)
        .parallel()
        .forEach(
            band -> {
              float[][] row = new float[count][width];
              int last = Math.min(end, (band + 1) * BAND);
              for (int y = Math.max(begin, band * BAND); y < last; y++) {
                rows.row(y, row);
                decide(row, y * width, sums[band]);
              }
            });
    done = end;
  }

  private void decide(float[][] row, int offset, double[] sum) {
    int[] winners = new int[width];
    float[] best = row[0].clone();
    // Category by category along the row, which the processor does several pixels at a time.
    for (int category = 1; category < row.length; category++) {
      float[] value = row[category];
      for (int x = 0; x < best.length; x++) {
        if (value[x] > best[x]) {
          best[x] = value[x];
          winners[x] = category;
        }
      }
    }
    for (int x = 0; x < winners.length; x++) {
      int label = labelOf.applyAsInt(winners[x]);
      if (label == 0) {
        continue;
      }
      double probability = scoring.probability(row, winners[x], x);
      if (threshold.isEmpty() || probability >= threshold.getAsDouble()) {
        labels[offset + x] = (short) label;
        sum[label - 1] += probability;
      }
    }
  }

  Labelling.Labels finish() {
    int[] pixels = new int[named + 1];
    for (short label : labels) {
      pixels[Short.toUnsignedInt(label)]++;
    }
    double[] means = new double[named];
    for (double[] sum : sums) {
      for (int category = 0; category < named; category++) {
        means[category] += sum[category] / Math.max(1, pixels[category + 1]);
      }
    }
    return new Labelling.Labels(labels, means);
  }
}
