package org.zeroseg.zsi;

/** Whose box corrections an unseen class takes; the network learns them for seen classes alone. */
public enum UnseenDeltas {
  /**
   * Those of the seen class at the same place of its list, as in the released code; unseen classes
   * beyond the number of seen ones take the mean.
   */
  PUBLISHED,
  /** The mean of all seen classes', weighted by their probabilities. */
  MEAN
}
