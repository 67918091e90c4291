package org.zeroseg.eval.coco;

/** Sorts positions by falling score and keeps the order of equal scores. */
final class StableOrder {

  private static final int SMALL = 8;

  private StableOrder() {}

  /**
   * The positions 0..n-1 by falling score. Stretches that are sorted already cost one comparison an
   * element. 0.0 and -0.0 are equal, which is why the scores are compared by operators.
   */
  static int[] falling(double[] scores, int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    sort(order, new int[n], 0, n, scores);
    return order;
  }

  private static void sort(int[] order, int[] spare, int from, int to, double[] scores) {
    if (to - from <= SMALL) {
      for (int i = from + 1; i < to; i++) {
        int moved = order[i];
        int j = i;
        for (; j > from && scores[order[j - 1]] < scores[moved]; j--) {
          order[j] = order[j - 1];
        }
        order[j] = moved;
      }
      return;
    }
    int middle = (from + to) >>> 1;
    sort(order, spare, from, middle, scores);
    sort(order, spare, middle, to, scores);
    if (scores[order[middle - 1]] >= scores[order[middle]]) {
      return;
    }
    System.arraycopy(order, from, spare, from, middle - from);
    int left = from;
    int right = middle;
    for (int i = from; left < middle; i++) {
      if (right < to && scores[order[right]] > scores[spare[left]]) {
        order[i] = order[right++];
      } else {
        order[i] = spare[left++];
      }
    }
  }
}
