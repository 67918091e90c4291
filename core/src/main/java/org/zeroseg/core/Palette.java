package org.zeroseg.core;

/**
 * One colour for each label, the same everywhere: in overlays, legends and label pictures. Hues
 * follow each other by the golden angle, so that neighbouring labels differ most, at lightnesses
 * that look equally far apart (OKLab, Ottosson 2020).
 */
public final class Palette {

  private static final double GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
  // Five, because the golden angle nearly returns after 8, 13, 21 and 34 steps, no multiples of 5.
  private static final double[] LIGHTNESS = {.68, .52, .76, .60, .84};
  private static final double CHROMA = .17;

  private Palette() {}

  /**
   * The colour of a label.
   *
   * @param label 0, background, is black
   * @return {@code 0xRRGGBB}
   */
  public static int rgb(int label) {
    if (label == 0) {
      return 0;
    }
    double hue = label * GOLDEN_ANGLE;
    double lightness = LIGHTNESS[label % LIGHTNESS.length];
    double a = CHROMA * Math.cos(hue);
    double b = CHROMA * Math.sin(hue);
    double l = cube(lightness + .3963377774 * a + .2158037573 * b);
    double m = cube(lightness - .1055613458 * a - .0638541728 * b);
    double s = cube(lightness - .0894841775 * a - 1.2914855480 * b);
    return channel(4.0767416621 * l - 3.3077115913 * m + .2309699292 * s) << 16
        | channel(-1.2684380046 * l + 2.6097574011 * m - .3413193965 * s) << 8
        | channel(-.0041960863 * l - .7034186147 * m + 1.7076147010 * s);
  }

  private static double cube(double value) {
    return value * value * value;
  }

  /** From linear light to an sRGB sample, cut to what a screen can show. */
  private static int channel(double linear) {
    double light = Math.max(0, Math.min(1, linear));
    double sample = light <= .0031308 ? 12.92 * light : 1.055 * Math.pow(light, 1 / 2.4) - .055;
    return (int) Math.round(255 * sample);
  }
}
