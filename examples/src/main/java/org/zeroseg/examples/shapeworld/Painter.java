package org.zeroseg.examples.shapeworld;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Makes one scene: the background first, then objects, each in front of those before it. */
final class Painter {

  /** An object finds a place only where all earlier ones keep this part of their area visible. */
  private static final double VISIBLE = 0.4;

  private static final int TRIES = 12;

  /** Radii in a picture of side 64. */
  private static final double SMALLEST = 10;

  private static final double LARGEST = 22;

  private final int size;
  private final SplittableRandom random;
  private final double unit;
  private final int[] rgb;
  private final byte[] owners;
  private final Background background;
  private final List<Category> objects = new ArrayList<>();
  private final List<Integer> areas = new ArrayList<>();

  Painter(int size, SplittableRandom random) {
    this.size = size;
    this.random = random;
    this.unit = size / 64.0;
    this.rgb = new int[size * size];
    this.owners = new byte[size * size];
    this.background = Background.ALL.get(random.nextInt(Background.ALL.size()));
    background.paint(rgb, size, size, unit, random);
  }

  /**
   * Adds an object, or leaves it out where it finds no room.
   *
   * @param companions how many objects the scene is to hold: the more, the smaller each
   */
  void add(Category category, int companions) {
    Look.Surface surface = category.look().surface(random, unit);
    double largest = LARGEST * Math.sqrt(Math.min(1, 3.0 / companions));
    for (int attempt = 0; attempt < TRIES; attempt++) {
      double radius = unit * (SMALLEST + (largest - SMALLEST) * random.nextDouble());
      // A fifth of the radius may lie outside.
      double centreX = radius * 0.8 + (size - 1.6 * radius) * random.nextDouble();
      double centreY = radius * 0.8 + (size - 1.6 * radius) * random.nextDouble();
      double angle = 2 * StrictMath.PI * random.nextDouble();
      Stamp stamp = new Stamp(category.shape(), centreX, centreY, radius, angle, size);
      if (leavesOthersVisible(stamp)) {
        objects.add(category);
        areas.add(stamp.area());
        stamp.blend(surface, rgb, owners, (byte) objects.size());
        return;
      }
    }
  }

  private boolean leavesOthersVisible(Stamp stamp) {
    int[] visible = new int[objects.size() + 1];
    for (int i = 0; i < owners.length; i++) {
      if (owners[i] != 0 && !stamp.covers(i % size, i / size)) {
        visible[owners[i]]++;
      }
    }
    for (int i = 0; i < areas.size(); i++) {
      if (visible[i + 1] < VISIBLE * areas.get(i)) {
        return false;
      }
    }
    return true;
  }

  Scene scene() {
    return new Scene(size, rgb, owners, objects, background, caption());
  }

  /** Two thirds are sentences, the others lists of tags; two thirds mention the background. */
  private String caption() {
    List<Category> order = new ArrayList<>(objects);
    for (int i = order.size() - 1; i > 0; i--) {
      order.set(i, order.set(random.nextInt(i + 1), order.get(i)));
    }
    Set<String> words = new LinkedHashSet<>();
    order.forEach(category -> words.add(category.words()));
    boolean mention = random.nextInt(3) > 0;
    if (random.nextInt(3) == 0) {
      if (mention) {
        words.add(background.word());
      }
      return String.join(", ", words);
    }
    String sentence = "a " + String.join(" and a ", words);
    return mention ? sentence + " " + background.phrase() : sentence;
  }
}
