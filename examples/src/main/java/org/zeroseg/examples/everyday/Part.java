package org.zeroseg.examples.everyday;

/** Which pictures of the list a world shows. */
public enum Part {
  /** Drawings to train with. */
  TRAIN("train"),
  /** Drawings that are never trained with. */
  TEST("test"),
  /** Photographs of the same things, only for testing. */
  PHOTOS("photos");

  private final String key;

  Part(String key) {
    this.key = key;
  }

  /** The list's name for it. */
  String key() {
    return key;
  }
}
