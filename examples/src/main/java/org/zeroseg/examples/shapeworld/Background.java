package org.zeroseg.examples.shapeworld;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** What objects lie on: muted tones with a texture. */
public enum Background {
  /** Nearly plain. */
  PAPER("on"),
  /** Strong grain. */
  SAND("on"),
  /** Soft blobs, brighter and darker. */
  CLOUDS("in"),
  /** Bent bands of low contrast. */
  WAVES("on"),
  /** A grid of thin dark lines. */
  TILES("on"),
  /** A gradient from dark to bright. */
  MIST("in");

  static final List<Background> ALL = List.of(values());

  private static final int LATTICE = 8; // a power of two: indices wrap by a bit mask

  private final String preposition;

  Background(String preposition) {
    this.preposition = preposition;
  }

  /**
   * The background's name in captions.
   *
   * @return an English noun
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * How a caption ends that mentions the background.
   *
   * @return a preposition and the word
   */
  public String phrase() {
    return preposition + " " + word();
  }

  /**
   * Fills a picture.
   *
   * @param rgb packed colours, row-major, width x height of them
   * @param unit pixels of the picture for one pixel of a picture of side 64
   */
  void paint(int[] rgb, int width, int height, double unit, SplittableRandom random) {
    int grey = random.nextInt(70, 190);
    int base = Colours.jitter(Colours.of(grey, grey, grey), 22, random);
    double angle = random.nextDouble() * 2 * StrictMath.PI;
    double cos = StrictMath.cos(angle) / unit;
    double sin = StrictMath.sin(angle) / unit;
    double phase = random.nextDouble();
    double[] lattice = new double[LATTICE * LATTICE];
    for (int i = 0; i < lattice.length; i++) {
      lattice[i] = 2 * random.nextDouble() - 1;
    }
    double range = 2 / (Math.abs(cos) * width + Math.abs(sin) * height);
    int grain = this == SAND ? 30 : 6;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double u = cos * (x + 0.5) + sin * (y + 0.5);
        double v = cos * (y + 0.5) - sin * (x + 0.5);
        double shade =
            switch (this) {
              case PAPER, SAND -> 0;
              case CLOUDS -> 34 * smooth(lattice, u / 13, v / 13);
              case WAVES -> 20 * wave(u / 9 + 0.3 * wave(v / 26) + phase);
              case TILES -> line(u / 12 + phase) || line(v / 12 + phase) ? -34 : 0;
              case MIST -> 44 * range * (u - (cos * width + sin * height) / 2);
            };
        int noise = random.nextInt(-grain, grain + 1);
        rgb[y * width + x] = Colours.brighter(base, (int) Math.floor(shade + 0.5) + noise);
      }
    }
  }

  private static boolean line(double place) {
    return place - Math.floor(place) < 0.12;
  }

  /** A smoothed triangle wave of period 1 between -1 and 1. */
  private static double wave(double place) {
    double t = Math.abs(2 * (place - Math.floor(place)) - 1);
    return 2 * ease(t) - 1;
  }

  /** Value noise: random values at whole numbers, eased in between. */
  private static double smooth(double[] lattice, double u, double v) {
    double column = Math.floor(u);
    double row = Math.floor(v);
    int left = (int) column & LATTICE - 1;
    int top = (int) row & LATTICE - 1;
    int right = left + 1 & LATTICE - 1;
    int bottom = top + 1 & LATTICE - 1;
    double a = ease(u - column);
    double b = ease(v - row);
    double above = lattice[top * LATTICE + left] * (1 - a) + lattice[top * LATTICE + right] * a;
    double below =
        lattice[bottom * LATTICE + left] * (1 - a) + lattice[bottom * LATTICE + right] * a;
    return above * (1 - b) + below * b;
  }

  private static double ease(double t) {
    return t * t * (3 - 2 * t);
  }
}
