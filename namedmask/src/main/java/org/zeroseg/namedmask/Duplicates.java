package org.zeroseg.namedmask;

import org.zeroseg.core.supervision.PastedScenes;

/** What becomes of a picture that is in the archives of several categories. */
public enum Duplicates {
  /** It has a mask and a label of its own in each of them. */
  APART,
  /**
   * As in the released code: the last category's expert overwrites its mask, and all its uses have
   * the last category's label.
   */
  REFERENCE;

  /**
   * The labels of its objects.
   *
   * @return for {@link PastedScenes.Options#withLabels}
   */
  public PastedScenes.Labels labels() {
    return this == APART ? PastedScenes.Labels.OF_ARCHIVE : PastedScenes.Labels.OF_LAST_ARCHIVE;
  }
}
