package org.zeroseg.eval.coco;

import java.util.List;

/**
 * Turns the matches of one category into precision, recall and score curves: cocodataset/cocoapi,
 * {@code COCOeval.accumulate}. Only true positives are looked at one by one: recall changes and
 * precision rises nowhere else.
 */
final class Accumulator {

  private static final double EPSILON = Math.ulp(1.0);

  private final CocoProtocol protocol;
  private final List<UnitResult> units;
  private final double[] scores;
  private final int[] rank; // of a detection within its unit
  private final int[] unit;

  /** Joins the units of a category, given in rising order of their images' ids. */
  Accumulator(CocoProtocol protocol, List<UnitResult> units) {
    this.protocol = protocol;
    this.units = units;
    int n = 0;
    for (UnitResult result : units) {
      n += result.scores().length;
    }
    double[] joined = new double[n];
    int[] joinedUnit = new int[n];
    int[] joinedRank = new int[n];
    int at = 0;
    for (int u = 0; u < units.size(); u++) {
      double[] own = units.get(u).scores();
      for (int i = 0; i < own.length; i++, at++) {
        joined[at] = own[i];
        joinedUnit[at] = u;
        joinedRank[at] = i;
      }
    }
    int[] order = StableOrder.falling(joined, n);
    scores = new double[n];
    rank = new int[n];
    unit = new int[n];
    for (int i = 0; i < n; i++) {
      scores[i] = joined[order[i]];
      rank[i] = joinedRank[order[i]];
      unit[i] = joinedUnit[order[i]];
    }
  }

  /** Fills the curves' part of one category. */
  void accumulate(int category, CocoScores.Curves curves) {
    long[] hits = new long[scores.length];
    long[] misses = new long[scores.length];
    boolean open = false;
    for (int a = 0; a < protocol.areas().size(); a++) {
      int regular = 0;
      for (UnitResult result : units) {
        regular += result.regular()[a];
      }
      if (regular == 0) {
        continue; // left at -1: nothing to find
      }
      if (!open) {
        curves.open(category);
        open = true;
      }
      for (int i = 0; i < scores.length; i++) {
        UnitResult result = units.get(unit[i]);
        int at = a * result.scores().length + rank[i];
        hits[i] = result.hits()[at];
        misses[i] = result.misses()[at];
      }
      for (int m = 0; m < protocol.limits().length; m++) {
        accumulate(hits, misses, regular, new CocoScores.Cell(category, a, m), curves);
      }
    }
  }

  private void accumulate(
      long[] hits, long[] misses, int regular, CocoScores.Cell cell, CocoScores.Curves curves) {
    int thresholds = protocol.thresholds().length;
    long all = thresholds == 64 ? -1L : (1L << thresholds) - 1;
    int most = protocol.limits()[cell.maxDetections()];
    double[][] precisions = new double[thresholds][Math.min(regular, scores.length)];
    double[][] reached = new double[thresholds][Math.min(regular, scores.length)];
    int[] found = new int[thresholds];
    int[] missed = new int[thresholds];
    int missedByAll = 0;
    int first = -1;
    for (int i = 0; i < scores.length; i++) {
      if (rank[i] >= most) {
        continue;
      }
      if (first < 0) {
        first = i;
      }
      if (misses[i] == all) {
        missedByAll++;
        continue;
      }
      for (long bits = misses[i]; bits != 0; bits &= bits - 1) {
        missed[Long.numberOfTrailingZeros(bits)]++;
      }
      for (long bits = hits[i]; bits != 0; bits &= bits - 1) {
        int t = Long.numberOfTrailingZeros(bits);
        int n = found[t]++;
        double hit = n + 1;
        precisions[t][n] = hit / (missedByAll + missed[t] + hit + EPSILON);
        reached[t][n] = scores[i];
      }
    }
    double firstScore = first < 0 ? 0 : scores[first];
    for (int t = 0; t < thresholds; t++) {
      curves.recall(t, cell, (double) found[t] / regular);
      sample(precisions[t], reached[t], found[t], regular, firstScore, t, cell, curves);
    }
  }

  /** Makes precision fall with recall and reads it off at the recall thresholds. */
  private void sample(
      double[] precision,
      double[] reached,
      int found,
      int regular,
      double firstScore,
      int t,
      CocoScores.Cell cell,
      CocoScores.Curves curves) {
    for (int i = found - 2; i >= 0; i--) {
      precision[i] = Math.max(precision[i], precision[i + 1]);
    }
    double[] recalls = protocol.recalls();
    int i = 0;
    for (int r = 0; r < recalls.length; r++) {
      if (recalls[r] <= 0) {
        // Recall 0 is reached before the first hit: by the first detection, whatever it is.
        curves.precision(t, r, cell, found == 0 ? 0 : precision[0], firstScore);
        continue;
      }
      while (i < found && (i + 1) / (double) regular < recalls[r]) {
        i++;
      }
      boolean isReached = i < found;
      curves.precision(t, r, cell, isReached ? precision[i] : 0, isReached ? reached[i] : 0);
    }
  }
}
