package org.zeroseg.eval.naming;

import java.util.List;

/** Vectors of texts: Sentence-BERT, CLIP's text side, or a table. */
@FunctionalInterface
public interface TextEmbedder {

  /**
   * Embeds texts.
   *
   * @param texts any number
   * @return a vector for each, all of one length, of any norm
   */
  float[][] embed(List<String> texts);
}
