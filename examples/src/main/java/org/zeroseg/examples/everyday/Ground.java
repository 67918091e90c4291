package org.zeroseg.examples.everyday;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** What things lie or stand on. */
public enum Ground {
  /** Planks with a grain. */
  WOOD(false),
  /** A lawn. */
  GRASS(true),
  /** A beach. */
  SAND(true),
  /** Squares with joints. */
  TILES(false),
  /** Grey slabs with cracks. */
  STONE(true),
  /** Nearly white. */
  SNOW(true),
  /** Blue, with waves. */
  WATER(true),
  /** A checked tablecloth. */
  CLOTH(false);

  static final List<Ground> ALL = List.of(values());

  private final boolean outdoors;

  Ground(boolean outdoors) {
    this.outdoors = outdoors;
  }

  /** Whether a sky and not a wall is behind it. */
  boolean outdoors() {
    return outdoors;
  }

  /**
   * The ground's name in captions, which speak of things "on" it.
   *
   * @return an English noun
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** A ground of this kind with colours and a pattern of its own. */
  Surface surface(SplittableRandom random) {
    double[] base = new double[3];
    double[] other = new double[3];
    switch (this) {
      case WOOD -> {
        double dark = random.nextDouble();
        set(base, 205 - 105 * dark, 160 - 98 * dark, 112 - 76 * dark);
        set(other, 168 - 98 * dark, 118 - 84 * dark, 74 - 56 * dark);
      }
      case GRASS -> {
        double dry = random.nextDouble();
        set(base, 88 + 50 * dry, 142 - 8 * dry, 56);
        set(other, 48 + 46 * dry, 98, 32);
      }
      case SAND -> {
        double wet = random.nextDouble();
        set(base, 226 - 40 * wet, 203 - 42 * wet, 158 - 36 * wet);
        set(other, 204 - 44 * wet, 176 - 44 * wet, 128 - 36 * wet);
      }
      case TILES -> {
        int kind = random.nextInt(4);
        set(
            base,
            List.of(232.0, 190.0, 176.0, 214.0).get(kind),
            List.of(230.0, 112.0, 196.0, 205.0).get(kind),
            List.of(224.0, 82.0, 206.0, 184.0).get(kind));
        set(other, 0.74 * base[0], 0.74 * base[1], 0.76 * base[2]);
      }
      case STONE -> {
        double grey = 110 + 70 * random.nextDouble();
        set(base, grey + 4, grey + 2, grey - 4);
        set(other, grey - 34, grey - 35, grey - 36);
      }
      case SNOW -> {
        set(base, 244, 247, 251);
        set(other, 212, 222, 236);
      }
      case WATER -> {
        double green = random.nextDouble();
        set(base, 70 + 20 * green, 140 + 26 * green, 190 - 10 * green);
        set(other, 34, 92 + 26 * green, 150 - 16 * green);
      }
      case CLOTH -> {
        set(base, 240, 236, 226);
        int kind = random.nextInt(4);
        set(
            other,
            List.of(196.0, 84.0, 112.0, 206.0).get(kind),
            List.of(74.0, 118.0, 158.0, 176.0).get(kind),
            List.of(70.0, 170.0, 104.0, 92.0).get(kind));
      }
    }
    for (int c = 0; c < 3; c++) {
      double shift = 16 * random.nextDouble() - 8;
      base[c] += shift;
      other[c] += shift;
    }
    return new Surface(this, base, other, new Noise(random));
  }

  private static void set(double[] colour, double red, double green, double blue) {
    colour[0] = red;
    colour[1] = green;
    colour[2] = blue;
  }

  /** How much of the second colour is at a place: 0 to 1. */
  private double pattern(Noise noise, double u, double v) {
    return switch (this) {
      case WOOD -> {
        double plank = Math.floor(v / 13);
        double along = u + 37 * noise.at(plank * 3.7, 0.5);
        double grain = noise.at(along / 16, v * 0.9 + 5 * plank);
        double fine = noise.at(along / 5, v * 2.3 + 9 * plank);
        double joint = v / 13 - plank < 0.07 ? 0.45 : 0;
        yield 0.4 + 0.3 * noise.at(plank * 5.3, 7.5) + 0.3 * grain + 0.14 * fine + joint;
      }
      case GRASS ->
          0.5
              + 0.32 * noise.at(u * 0.95, v * 0.42)
              + 0.22 * noise.at(u * 0.4, v * 0.2)
              + 0.2 * noise.at(u / 21, v / 21);
      case SAND ->
          0.45
              + 0.26 * noise.at(u / 14, v / 6)
              + 0.14 * noise.at(u / 3, v / 3)
              + 0.16 * noise.at(u * 1.3, v * 1.3);
      case TILES -> {
        double column = Math.floor(u / 17);
        double row = Math.floor(v / 17);
        boolean joint = u / 17 - column < 0.06 || v / 17 - row < 0.06;
        yield joint
            ? 1
            : 0.12 + 0.14 * noise.at(column * 3.3, row * 3.7) + 0.05 * noise.at(u / 3, v / 3);
      }
      case STONE -> {
        double bent = 0.12 * noise.at(u / 9, v / 9);
        double row = Math.floor(v / 15 + bent);
        double place = u / 22 + 0.5 * (row - 2 * Math.floor(row / 2)) + bent;
        boolean joint = place - Math.floor(place) < 0.05 || v / 15 + bent - row < 0.07;
        yield joint
            ? 1
            : 0.32
                + 0.24 * noise.at(Math.floor(place) * 2.9, row * 4.1)
                + 0.16 * noise.at(u / 2.2, v / 2.2);
      }
      case SNOW ->
          0.35
              + 0.4 * noise.at(u / 19, v / 12)
              + 0.1 * noise.at(u / 5, v / 4)
              + 0.05 * noise.at(u * 1.2, v * 1.2);
      case WATER -> {
        double swell = noise.at(u / 15, v / 4.2) + 0.6 * noise.at(u / 6, v / 2);
        yield 0.5 + 0.42 * swell;
      }
      case CLOTH -> {
        boolean across = u / 12 - Math.floor(u / 12) < 0.5;
        boolean down = v / 12 - Math.floor(v / 12) < 0.5;
        double weave = 0.04 * noise.at(u * 1.4, v * 1.4);
        yield (across ? 0.42 : 0) + (down ? 0.42 : 0) + 0.05 + weave;
      }
    };
  }

  /** One ground. */
  @SuppressWarnings("ArrayRecordComponent")
  record Surface(Ground kind, double[] base, double[] other, Noise noise) {

    /**
     * The colour at a place.
     *
     * @param u from left to right, 64 for the width of a picture that shows the ground from above
     * @param v from back to front
     * @param contrast of the pattern, 1 near by and less far away
     * @param into red, green, blue
     */
    void read(double u, double v, double contrast, double[] into) {
      double share = 0.4 + contrast * (kind.pattern(noise, u, v) - 0.4);
      double part = Math.max(0, Math.min(1, share));
      for (int c = 0; c < 3; c++) {
        into[c] = base[c] + part * (other[c] - base[c]);
      }
    }
  }

  /** Smooth values between -1 and 1, random at whole numbers. */
  static final class Noise {

    private static final int SIDE = 32; // a power of two: indices wrap by a bit mask

    private final float[] lattice = new float[SIDE * SIDE];

    Noise(SplittableRandom random) {
      for (int i = 0; i < lattice.length; i++) {
        lattice[i] = (float) (2 * random.nextDouble() - 1);
      }
    }

    double at(double u, double v) {
      double column = Math.floor(u);
      double row = Math.floor(v);
      int left = (int) column & SIDE - 1;
      int top = ((int) row & SIDE - 1) * SIDE;
      int right = left + 1 & SIDE - 1;
      int bottom = top + SIDE & SIDE * SIDE - 1;
      double a = ease(u - column);
      double b = ease(v - row);
      double above = lattice[top + left] * (1 - a) + lattice[top + right] * a;
      double below = lattice[bottom + left] * (1 - a) + lattice[bottom + right] * a;
      return above * (1 - b) + below * b;
    }

    private static double ease(double t) {
      return t * t * (3 - 2 * t);
    }
  }
}
