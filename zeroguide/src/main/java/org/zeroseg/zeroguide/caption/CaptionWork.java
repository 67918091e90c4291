package org.zeroseg.zeroguide.caption;

/**
 * What captioning cost, in units that do not depend on the machine.
 *
 * @param texts that CLIP's text tower encoded
 * @param positions token positions that its blocks ran for them, shared beginnings included
 * @param referencePositions those that the published code runs for the same captions: 77 for each
 *     candidate of each beam in each iteration
 * @param languageTokens tokens that went forwards or backwards through the language model
 */
public record CaptionWork(
    long texts, long positions, long referencePositions, long languageTokens) {

  /**
   * How many times less text work this was than the reference's.
   *
   * @return the quotient; 1 if nothing was done
   */
  public double saving() {
    return positions == 0 ? 1 : (double) referencePositions / positions;
  }
}
