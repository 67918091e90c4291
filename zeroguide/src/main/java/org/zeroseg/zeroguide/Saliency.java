package org.zeroseg.zeroguide;

/**
 * What is compared to tell how much of a picture's global content a segment shares (Rewatbowornwong
 * et al. 2023, Eq. 2): the less, the larger the share of the global token's attention that is
 * subtracted.
 */
public enum Saliency {
  /** Rows of attention probabilities, by heads: the published code, and its numbers. */
  ROWS,
  /** Outputs of attention with heads joined: the paper's text. */
  OUTPUTS
}
