package org.zeroseg.clip.text;

import java.util.List;

/** Encodes texts as vectors, as a text tower does. Safe for use by several threads at once. */
@FunctionalInterface
public interface TextEncoder {

  /**
   * Encodes texts.
   *
   * @param texts N texts, any number; the encoder sees to batches
   * @return embeddings [N, D], not normalised
   */
  float[][] encode(List<String> texts);
}
