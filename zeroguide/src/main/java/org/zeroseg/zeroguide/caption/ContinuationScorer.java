package org.zeroseg.zeroguide.caption;

import java.util.List;

/**
 * Says how well continuations of texts go with vectors: CLIP's part in ZeroCap. One instance serves
 * one captioning; it may remember what it computed.
 */
interface ContinuationScorer {

  /**
   * Compares each text's continuations by one token with the text's target.
   *
   * @param contexts R texts as ids of the language model, start token first
   * @param candidates {@code [R, Q]} ids that may follow
   * @param targets R unit vectors
   * @return cosines {@code [R, Q]}
   */
  float[][] cosines(List<int[]> contexts, int[][] candidates, List<float[]> targets);
}
