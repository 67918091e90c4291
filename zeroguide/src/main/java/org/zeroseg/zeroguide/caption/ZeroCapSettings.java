package org.zeroseg.zeroguide.caption;

/**
 * The numbers of ZeroCap (Tewel et al. 2022), named after the published code.
 *
 * @param beams texts that are continued at a time
 * @param tokens longest text in tokens
 * @param iterations gradient steps before each token
 * @param stepSize of a gradient step
 * @param normExponent how much of a gradient's norm is divided away
 * @param temperature of CLIP's opinion on the candidates
 * @param clipScale weight of agreeing with CLIP
 * @param fluencyScale weight of staying near the unsteered language model
 * @param candidates likeliest tokens that CLIP is asked about
 * @param endFactor boosts the end token from the second token on
 * @param firstEndFactor cuts the end token as the first
 * @param forbiddenFactor cuts forbidden tokens
 * @param repetitionPenalty cuts the last four tokens; 1 does not
 * @param fusion share of the steered distribution in the geometric mean with the unsteered
 */
public record ZeroCapSettings(
    int beams,
    int tokens,
    int iterations,
    double stepSize,
    double normExponent,
    double temperature,
    double clipScale,
    double fluencyScale,
    int candidates,
    double endFactor,
    double firstEndFactor,
    double forbiddenFactor,
    double repetitionPenalty,
    double fusion) {

  /** ZeroCap's own numbers. */
  public static final ZeroCapSettings ZERO_CAP =
      new ZeroCapSettings(5, 15, 5, 0.3, 0.9, 0.01, 1, 0.2, 512, 1.01, 1.6, 20, 1, 0.99);

  /** Those of Zero-guidance segmentation, which ends texts sooner. */
  public static final ZeroCapSettings ZERO_GUIDANCE = ZERO_CAP.withEndFactor(1.1);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if a count is not positive or a number not finite
   */
  public ZeroCapSettings {
    if (beams < 1 || tokens < 1 || iterations < 0 || candidates < 1) {
      throw new IllegalArgumentException(
          "%d beams, %d tokens, %d iterations, %d candidates"
              .formatted(beams, tokens, iterations, candidates));
    }
    for (double factor :
        new double[] {temperature, endFactor, firstEndFactor, forbiddenFactor, repetitionPenalty}) {
      if (!(factor > 0) || Double.isInfinite(factor)) {
        throw new IllegalArgumentException("a factor or temperature of " + factor);
      }
    }
    if (!Double.isFinite(stepSize + normExponent + clipScale + fluencyScale)
        || !(fusion >= 0 && fusion <= 1)) {
      throw new IllegalArgumentException(
          "step %s, exponent %s, scales %s and %s, fusion %s"
              .formatted(stepSize, normExponent, clipScale, fluencyScale, fusion));
    }
  }

  /**
   * Another search.
   *
   * @param newBeams texts that are continued at a time; 1 is greedy
   * @param newTokens longest text in tokens
   * @return changed settings
   */
  public ZeroCapSettings withSearch(int newBeams, int newTokens) {
    return with(newBeams, newTokens, iterations, candidates, stepSize, fluencyScale, endFactor);
  }

  /**
   * Less steering than published, for speed; the texts differ.
   *
   * @param newIterations gradient steps before each token
   * @param newCandidates likeliest tokens that CLIP is asked about
   * @return changed settings
   */
  public ZeroCapSettings withEffort(int newIterations, int newCandidates) {
    return with(beams, tokens, newIterations, newCandidates, stepSize, fluencyScale, endFactor);
  }

  /**
   * Other steering: a small language model, of few layers that could be shifted, needs longer steps
   * than GPT-2, and more to keep it to its grammar.
   *
   * @param step of a gradient step
   * @param fluency weight of staying near the unsteered language model
   * @return changed settings
   */
  public ZeroCapSettings withSteering(double step, double fluency) {
    return with(beams, tokens, iterations, candidates, step, fluency, endFactor);
  }

  /**
   * Texts that end sooner or later.
   *
   * @param factor boosts the end token from the second token on
   * @return changed settings
   */
  public ZeroCapSettings withEndFactor(double factor) {
    return with(beams, tokens, iterations, candidates, stepSize, fluencyScale, factor);
  }

  private ZeroCapSettings with(
      int newBeams,
      int newTokens,
      int newIterations,
      int newCandidates,
      double newStepSize,
      double newFluencyScale,
      double newEndFactor) {
    return new ZeroCapSettings(
        newBeams,
        newTokens,
        newIterations,
        newStepSize,
        normExponent,
        temperature,
        clipScale,
        newFluencyScale,
        newCandidates,
        newEndFactor,
        firstEndFactor,
        forbiddenFactor,
        repetitionPenalty,
        fusion);
  }
}
