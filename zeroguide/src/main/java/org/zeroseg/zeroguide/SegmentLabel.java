package org.zeroseg.zeroguide;

/**
 * A name for a segment.
 *
 * @param text in lower case, without full stops
 * @param confidence cosine of the segment's and the text's embedding, about 0.15 to 0.35 in CLIP's
 *     published models; no probability
 * @param logProbability mean over its tokens in the language model; 0 if it comes from a list
 * @param textEmbedding of the text in its prompt, {@code [D]}, not of unit length
 */
@SuppressWarnings("ArrayRecordComponent")
public record SegmentLabel(
    String text, double confidence, double logProbability, float[] textEmbedding) {}
