package org.zeroseg.zeroguide.caption;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.zeroseg.clip.text.ByteLevelTokenizer;

/**
 * Tokens that ZeroCap treats apart: the one that ends a text, and those that must not occur.
 * Immutable.
 */
final class SpecialTokens {

  private static final String END = ".";

  /** Punctuation and the new line, which continue a label badly. */
  private static final String[] FORBIDDEN = {"!", "(", ")", ",", ":", "\n"};

  /** Numbers that the published list leaves out. */
  private static final String[] ALLOWED = {"200000", "66666666"};

  /** How many tokens back a repetition is seen. */
  private static final int REPETITION_WINDOW = 4;

  private final int end;
  private final int[] forbidden;

  private SpecialTokens(int end, int[] forbidden) {
    this.end = end;
    this.forbidden = forbidden;
  }

  /**
   * Given tokens.
   *
   * @param end the id that ends a text
   * @param forbidden ids that must not occur
   * @return the tokens
   */
  public static SpecialTokens of(int end, int... forbidden) {
    return new SpecialTokens(end, forbidden.clone());
  }

  /**
   * The full stop as the end, and the published list of forbidden tokens: some punctuation, and all
   * decimal numbers that are one token without a blank in front.
   *
   * @param tokenizer of the language model
   * @return the tokens
   * @throws IllegalArgumentException if the vocabulary has no token for the full stop
   */
  public static SpecialTokens of(ByteLevelTokenizer tokenizer) {
    int end =
        tokenizer
            .id(END)
            .orElseThrow(
                () -> new IllegalArgumentException("the vocabulary has no token \"" + END + "\""));
    int[] forbidden =
        IntStream.range(0, tokenizer.vocabularySize())
            .filter(id -> isForbidden(tokenizer.decodeRaw(id)))
            .toArray();
    return new SpecialTokens(end, forbidden);
  }

  private static boolean isForbidden(String text) {
    return Arrays.asList(FORBIDDEN).contains(text)
        || (text.matches("0|[1-9][0-9]*") && !Arrays.asList(ALLOWED).contains(text));
  }

  /**
   * The id that ends a text.
   *
   * @return an id
   */
  public int end() {
    return end;
  }

  /**
   * The ids that must not occur.
   *
   * @return ascending if found in a vocabulary
   */
  public int[] forbidden() {
    return forbidden.clone();
  }

  /**
   * Boosts and cuts logits in place. To cut by a is to divide what is positive and to multiply what
   * is not; to boost is the reverse.
   *
   * @param logits of one text's next token
   * @param context the text so far
   * @param step number of tokens generated so far
   */
  void apply(float[] logits, int[] context, int step, ZeroCapSettings settings) {
    Arrays.stream(context)
        .skip(Math.max(0, context.length - REPETITION_WINDOW))
        .distinct()
        .forEach(id -> logits[id] = cut(logits[id], settings.repetitionPenalty()));
    logits[end] =
        step == 0
            ? cut(logits[end], settings.firstEndFactor())
            : cut(logits[end], 1 / settings.endFactor());
    for (int id : forbidden) {
      logits[id] = cut(logits[id], settings.forbiddenFactor());
    }
  }

  private static float cut(float logit, double factor) {
    return (float) (logit > 0 ? logit / factor : logit * factor);
  }
}
