package org.zeroseg.examples.scenes;

import java.util.List;

/**
 * An endless sequence of scenes with exact labels. A scene is a pure function of the world and its
 * index.
 */
public interface World {

  /**
   * The side of the square pictures.
   *
   * @return pixels
   */
  int size();

  /**
   * What a scene may show.
   *
   * @return names, each at the index {@code id - 1} of its category
   */
  List<String> names();

  /**
   * One scene.
   *
   * @param index any number
   * @return the scene
   */
  LabelledScene scene(long index);

  /**
   * A scene that shows one given thing, alone.
   *
   * @param index any number
   * @param id of its category, from 1
   * @return the scene
   */
  LabelledScene alone(long index, int id);

  /**
   * Whether models are trained with a category.
   *
   * @param id from 1
   * @return true unless it is kept for testing
   */
  default boolean seen(int id) {
    return true;
  }

  /**
   * The kind that a category is of, COCO's "supercategory".
   *
   * @param id from 1
   * @return a noun
   */
  default String kind(int id) {
    return "thing";
  }

  /**
   * Stafford's mix 13: neighbouring numbers become unrelated seeds.
   *
   * @param number any
   * @return a seed
   */
  static long mix(long number) {
    long z = number + 0x9e3779b97f4a7c15L;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
