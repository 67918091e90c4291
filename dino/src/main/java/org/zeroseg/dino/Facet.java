package org.zeroseg.dino;

/** Which of a block's vectors describes a position (Amir et al. 2021, Sec. 3). */
public enum Facet {
  /** What other tokens are compared by: the usual descriptor. */
  KEY,
  /** What a token asks with. */
  QUERY,
  /** What a token passes on. */
  VALUE,
  /** The block's output, before the final norm. */
  TOKEN
}
