package org.zeroseg.examples.shapeworld;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** What an object's surface looks like: five plain colours and three patterns of two tones. */
public enum Look {
  /** Plain red. */
  RED(0xd23232),
  /** Plain green. */
  GREEN(0x36a546),
  /** Plain blue. */
  BLUE(0x2e55d2),
  /** Plain yellow. */
  YELLOW(0xe6cd2d),
  /** Plain purple. */
  PURPLE(0x8f37b4),
  /** Parallel bands of two tones. */
  STRIPED(-1),
  /** Discs of one tone on another. */
  DOTTED(-1),
  /** A chessboard of two tones. */
  CHECKED(-1);

  static final List<Look> ALL = List.of(values());

  /** How far a plain colour may stray in each channel. */
  private static final int JITTER = 26;

  /** The smallest difference in brightness, of 255, that two tones of a pattern have. */
  private static final int CONTRAST = 90;

  private final int colour;

  Look(int colour) {
    this.colour = colour;
  }

  /**
   * The look's name in captions.
   *
   * @return an English adjective
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * A surface of this look, its colours and the pattern's angle, phase and period drawn at random.
   *
   * @param random the scene's generator
   * @param unit pixels of the surface for one pixel of a picture of side 64
   * @return the surface
   */
  Surface surface(SplittableRandom random, double unit) {
    if (colour >= 0) {
      int plain = Colours.jitter(colour, JITTER, random);
      return (x, y) -> plain;
    }
    int[] tones = tones(random);
    int one = tones[0];
    int other = tones[1];
    double angle = random.nextDouble() * 2 * StrictMath.PI;
    double period = unit * (5.5 + 2 * random.nextDouble());
    double cos = StrictMath.cos(angle) / period;
    double sin = StrictMath.sin(angle) / period;
    double phaseU = random.nextDouble();
    double phaseV = random.nextDouble();
    return switch (this) {
      case STRIPED -> (x, y) -> fraction(cos * x + sin * y + phaseU) < 0.5 ? one : other;
      case CHECKED ->
          (x, y) -> {
            boolean column = fraction(0.8 * (cos * x + sin * y) + phaseU) < 0.5;
            boolean row = fraction(0.8 * (cos * y - sin * x) + phaseV) < 0.5;
            return column == row ? one : other;
          };
      default ->
          (x, y) -> {
            double u = fraction(cos * x + sin * y + phaseU) - 0.5;
            double v = fraction(cos * y - sin * x + phaseV) - 0.5;
            return u * u + v * v < 0.3 * 0.3 ? one : other;
          };
    };
  }

  private static double fraction(double value) {
    return value - Math.floor(value);
  }

  private static int[] tones(SplittableRandom random) {
    while (true) {
      int one = pale(random.nextInt(1 << 24));
      int other = pale(random.nextInt(1 << 24));
      if (Math.abs(Colours.brightness(one) - Colours.brightness(other)) >= CONTRAST) {
        return new int[] {one, other};
      }
    }
  }

  /** Half as saturated, so that no tone of a pattern passes for one of the plain colours. */
  private static int pale(int rgb) {
    int grey = Colours.brightness(rgb);
    return Colours.mix(rgb, Colours.of(grey, grey, grey), 1, 2);
  }

  /** The colour at a place, in pixels from the object's centre. */
  @FunctionalInterface
  interface Surface {
    int rgb(double x, double y);
  }
}
