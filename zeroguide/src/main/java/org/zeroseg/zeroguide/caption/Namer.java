package org.zeroseg.zeroguide.caption;

import java.util.List;

/** Finds texts for vectors of CLIP's joint space. Safe for use by several threads at once. */
public interface Namer extends AutoCloseable {

  /**
   * Texts for vectors, all at once.
   *
   * @param targets any number of vectors {@code [D]}; their length does not matter
   * @return at least one text for each, the namer's favourite first
   * @throws IllegalArgumentException if a vector is zero or not finite
   */
  List<List<Caption>> captions(List<float[]> targets);

  /** Frees the namer's models, but not those it was given. */
  @Override
  void close();
}
