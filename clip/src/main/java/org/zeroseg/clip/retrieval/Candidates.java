package org.zeroseg.clip.retrieval;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The rows that can still be among the best k of one query, given scores that may be wrong by up to
 * {@code error}. Holds little more than k rows unless many score alike.
 */
final class Candidates {

  private final int k;
  private final float error;
  private int[] rows;
  private float[] scores;
  private int size;

  /** Scores below this cannot be among the best k any more. */
  private float threshold = Float.NEGATIVE_INFINITY;

  Candidates(int k, float error) {
    this.k = k;
    this.error = error;
    this.rows = new int[Math.max(64, k + k / 2)];
    this.scores = new float[rows.length];
  }

  /**
   * Looks at {@code count} scores from {@code offset} on, which belong to rows from {@code row}.
   */
  void offer(FloatBuffer block, int offset, int count, int row) {
    for (int i = 0; i < count; i++) {
      float score = block.get(offset + i);
      if (score >= threshold) {
        add(row + i, score);
      }
    }
  }

  private void add(int row, float score) {
    if (size == rows.length) {
      prune();
      if (size > rows.length / 4 * 3) {
        rows = Arrays.copyOf(rows, 2 * rows.length);
        scores = Arrays.copyOf(scores, rows.length);
      }
      if (score < threshold) {
        return;
      }
    }
    rows[size] = row;
    scores[size++] = score;
  }

  private void prune() {
    if (size <= k) {
      return;
    }
    float[] sorted = Arrays.copyOf(scores, size);
    Arrays.sort(sorted);
    // A row that is truly among the best k can be seen as worse than the k-th by two errors.
    threshold = sorted[size - k] - 2 * error;
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (scores[i] >= threshold) {
        rows[kept] = rows[i];
        scores[kept++] = scores[i];
      }
    }
    size = kept;
  }

  /** What is left at the end, in the order of the rows. */
  int[] rows() {
    prune();
    return Arrays.copyOf(rows, size);
  }
}
