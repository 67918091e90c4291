package org.zeroseg.examples.shapeworld;

import java.util.SplittableRandom;

/** Integer arithmetic on packed {@code 0xRRGGBB} colours, the same on every platform. */
final class Colours {

  private Colours() {}

  static int of(int red, int green, int blue) {
    return clamp(red) << 16 | clamp(green) << 8 | clamp(blue);
  }

  static int jitter(int rgb, int most, SplittableRandom random) {
    return of(
        (rgb >> 16 & 0xff) + random.nextInt(-most, most + 1),
        (rgb >> 8 & 0xff) + random.nextInt(-most, most + 1),
        (rgb & 0xff) + random.nextInt(-most, most + 1));
  }

  static int brighter(int rgb, int by) {
    return of((rgb >> 16 & 0xff) + by, (rgb >> 8 & 0xff) + by, (rgb & 0xff) + by);
  }

  /** {@code parts} of {@code whole} of the second colour, the rest of the first. */
  static int mix(int under, int over, int parts, int whole) {
    int rest = whole - parts;
    return of(
        ((under >> 16 & 0xff) * rest + (over >> 16 & 0xff) * parts + whole / 2) / whole,
        ((under >> 8 & 0xff) * rest + (over >> 8 & 0xff) * parts + whole / 2) / whole,
        ((under & 0xff) * rest + (over & 0xff) * parts + whole / 2) / whole);
  }

  /** Rec. 601 luma, 0 to 255. */
  static int brightness(int rgb) {
    return (299 * (rgb >> 16 & 0xff) + 587 * (rgb >> 8 & 0xff) + 114 * (rgb & 0xff)) / 1000;
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
