package org.zeroseg.core.augment;

import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;

/**
 * Changes of colour with the bits of torchvision's operations on 8-bit tensors, which differ from
 * those on Pillow pictures ({@link Colour}): grey is cut off instead of rounded, its mean is not
 * rounded, and hue is turned in float32.
 */
final class TensorColour {

  private TensorColour() {}

  /**
   * Brightness: a blend with black.
   *
   * @param picture any mode; its colours count
   * @param factor 0 gives black, 1 the picture
   * @return an RGB picture
   */
  public static Picture brightness(Picture picture, double factor) {
    return blend(picture, factor, (rgb, i) -> 0);
  }

  /**
   * Contrast: a blend with the mean of the grey picture.
   *
   * @param picture any mode; its colours count
   * @param factor 0 gives grey, 1 the picture
   * @return an RGB picture
   */
  public static Picture contrast(Picture picture, double factor) {
    byte[] rgb = picture.rgb().samples();
    double sum = 0;
    for (int i = 0; i < rgb.length; i += 3) {
      sum += grey(rgb, i);
    }
    float mean = (float) (sum / (rgb.length / 3.0));
    return blend(picture, factor, (samples, i) -> mean);
  }

  /**
   * Saturation: a blend with the grey picture.
   *
   * @param picture any mode; its colours count
   * @param factor 0 gives grey, 1 the picture
   * @return an RGB picture
   */
  public static Picture saturation(Picture picture, double factor) {
    return blend(picture, factor, TensorColour::grey);
  }

  /**
   * Three equal channels.
   *
   * @param picture any mode; its colours count
   * @return an RGB picture
   */
  public static Picture greyscale(Picture picture) {
    return blend(picture, 0, TensorColour::grey);
  }

  /**
   * Hue, through float32 HSV.
   *
   * @param picture any mode; its colours count
   * @param factor turn of the colour circle, -0.5 to 0.5
   * @return an RGB picture
   */
  public static Picture hue(Picture picture, double factor) {
    byte[] rgb = picture.rgb().samples();
    for (int i = 0; i < rgb.length; i += 3) {
      turn(rgb, i, (float) factor);
    }
    return Picture.of(PixelFormat.RGB, picture.width(), picture.height(), rgb);
  }

  @FunctionalInterface
  private interface From {
    float at(byte[] rgb, int pixel);
  }

  private static Picture blend(Picture picture, double factor, From from) {
    byte[] rgb = picture.rgb().samples();
    float ratio = (float) factor;
    float rest = (float) (1 - factor);
    for (int i = 0; i < rgb.length; i += 3) {
      float other = from.at(rgb, i);
      for (int c = i; c < i + 3; c++) {
        float value = ratio * (rgb[c] & 0xff) + rest * other;
        rgb[c] = (byte) Math.max(0, Math.min(255, (int) value));
      }
    }
    return Picture.of(PixelFormat.RGB, picture.width(), picture.height(), rgb);
  }

  private static float grey(byte[] rgb, int i) {
    return (int)
        (0.2989f * (rgb[i] & 0xff) + 0.587f * (rgb[i + 1] & 0xff) + 0.114f * (rgb[i + 2] & 0xff));
  }

  private static void turn(byte[] rgb, int at, float factor) {
    float r = (rgb[at] & 0xff) / 255f;
    float g = (rgb[at + 1] & 0xff) / 255f;
    float b = (rgb[at + 2] & 0xff) / 255f;
    float v = Math.max(r, Math.max(g, b));
    float range = v - Math.min(r, Math.min(g, b));
    float s = range == 0 ? 0 : range / v;
    float divisor = range == 0 ? 1 : range;
    float rc = (v - r) / divisor;
    float gc = (v - g) / divisor;
    float bc = (v - b) / divisor;
    float h = r == v ? bc - gc : g == v ? 2 + rc - bc : 4 + gc - rc;
    h = (h / 6 + 1) % 1;
    h = (h + factor) % 1;
    h = h < 0 ? h + 1 : h;
    float i = (float) Math.floor(h * 6);
    float f = h * 6 - i;
    float p = unit(v * (1 - s));
    float q = unit(v * (1 - s * f));
    float t = unit(v * (1 - s * (1 - f)));
    switch ((int) i % 6) {
      case 0 -> put(rgb, at, v, t, p);
      case 1 -> put(rgb, at, q, v, p);
      case 2 -> put(rgb, at, p, v, t);
      case 3 -> put(rgb, at, p, q, v);
      case 4 -> put(rgb, at, t, p, v);
      default -> put(rgb, at, v, p, q);
    }
  }

  private static float unit(float value) {
    return Math.max(0, Math.min(1, value));
  }

  private static void put(byte[] rgb, int at, float r, float g, float b) {
    rgb[at] = (byte) (int) (r * 255);
    rgb[at + 1] = (byte) (int) (g * 255);
    rgb[at + 2] = (byte) (int) (b * 255);
  }
}
