package org.zeroseg.examples.shapeworld;

import java.util.List;

/** Which combinations of look and shape a world may show. */
public enum Split {
  /** The 48 for training. */
  SEEN,
  /** The 16 that training never shows. */
  UNSEEN,
  /** All 64. */
  ALL;

  /**
   * The combinations of this split.
   *
   * @return categories in the order of their ids
   */
  public List<Category> categories() {
    return Category.all().stream()
        .filter(category -> this == ALL || category.seen() == (this == SEEN))
        .toList();
  }
}
