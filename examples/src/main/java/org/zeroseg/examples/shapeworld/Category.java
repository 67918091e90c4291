package org.zeroseg.examples.shapeworld;

import java.util.List;
import java.util.stream.Stream;

/**
 * A look and a shape: one of 64 things that a scene may hold.
 *
 * @param look its surface
 * @param shape its outline
 */
@SuppressWarnings("EnumOrdinal") // the order of words is the order of ids
public record Category(Look look, Shape shape) {

  private static final List<Category> ALL =
      Stream.of(Look.values())
          .flatMap(look -> Stream.of(Shape.values()).map(shape -> new Category(look, shape)))
          .toList();

  /**
   * All 64, look by look.
   *
   * @return the categories, each at index {@code id() - 1}
   */
  public static List<Category> all() {
    return ALL;
  }

  /**
   * The number in label maps and COCO files, where 0 is the background.
   *
   * @return 1 to 64
   */
  public int id() {
    return look.ordinal() * Shape.values().length + shape.ordinal() + 1;
  }

  /**
   * The category's name.
   *
   * @return such as {@code "striped star"}
   */
  public String words() {
    return look.word() + " " + shape.word();
  }

  /**
   * Whether models may be trained on it. Each look is unseen with two shapes and each shape with
   * two looks, so that every word is known and only the combination is new.
   *
   * @return true for 48 of the 64
   */
  public boolean seen() {
    int shift = Math.floorMod(shape.ordinal() - look.ordinal(), Shape.values().length);
    return shift != 1 && shift != 4;
  }
}
