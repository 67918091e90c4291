package org.zeroseg.examples.everyday;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * How large a thing is beside others, softened: of an elephant and an ant in one picture both are
 * to be seen.
 *
 * @param factor of a middle-sized thing's side
 * @param flies whether it needs no ground to stand on
 */
record Size(double factor, boolean flies) {

  /** Longer sides in metres; what is not here is as large as a cat. */
  private static final String METRES =
      """
      ant 0.02, bee 0.02, ladybug 0.02, cherry 0.04, butterfly 0.06, spider 0.05, snail 0.06,
      strawberry 0.05, key 0.07, lemon 0.09, orange 0.09, apple 0.1, pear 0.11, mushroom 0.1,
      light bulb 0.12, computer mouse 0.12, CD 0.12, cup 0.13, lock 0.1, pen 0.15, pencil 0.18,
      mobile phone 0.15, camera 0.15, lollipop 0.18, grapes 0.2, ice cream 0.2, sandwich 0.2,
      magnifying glass 0.22, banana 0.2, croissant 0.18, hamburger 0.15, hot dog 0.2, spoon 0.2,
      knife 0.25, scissors 0.2, envelope 0.22, sunglasses 0.15, telephone 0.25, clock 0.3,
      book 0.26, bottle 0.3, ball 0.25, hammer 0.32, flower 0.3, bread 0.3, pizza 0.34, cake 0.3,
      hat 0.34, laptop 0.36, watermelon 0.36, pumpkin 0.35, box 0.4, drum 0.45, printer 0.5,
      cat 0.5, seagull 0.5, fish 0.4, duck 0.5, rooster 0.5, penguin 0.8, dog 0.8, guitar 1,
      umbrella 1, suitcase 0.7, chair 1, sheep 1.2, tiger 2, horse 2.2, bicycle 1.8, dolphin 2.5,
      motorcycle 2.1, tent 2.5, Christmas tree 2.2, elephant 4, car 4.2, tractor 4, bus 10,
      truck 8, boat 8, tree 8, house 10, dinosaur 8, whale 12, train 15, castle 30, airplane 30,
      rocket 30, moon 5, sun 5, cloud 10
      """;

  private static final Map<String, Double> KNOWN = new HashMap<>();

  static {
    for (String entry : METRES.strip().split(",\\s*", -1)) {
      int space = entry.lastIndexOf(' ');
      KNOWN.put(entry.substring(0, space), Double.valueOf(entry.substring(space + 1)));
    }
  }

  private static final Set<String> FLYING =
      Set.of(
          "airplane",
          "rocket",
          "moon",
          "sun",
          "cloud",
          "seagull",
          "eagle",
          "bee",
          "butterfly",
          "balloon");

  static Size of(String word) {
    double metres = KNOWN.getOrDefault(word, 0.5);
    double factor = StrictMath.pow(metres / 0.5, 0.14);
    return new Size(Math.max(0.72, Math.min(1.4, factor)), FLYING.contains(word));
  }
}
