package org.zeroseg.zeroguide.caption;

/**
 * A text that may name a vector.
 *
 * @param text as generated, such as {@code " cat."}, or a word of a list
 * @param logProbability mean over its tokens in the language model; 0 where there is none
 */
public record Caption(String text, double logProbability) {}
