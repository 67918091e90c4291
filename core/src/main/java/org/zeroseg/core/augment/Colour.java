package org.zeroseg.core.augment;

import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;

/**
 * Changes of colour of 8-bit pictures with the bits of Pillow's {@code ImageEnhance} and of
 * torchvision's operations on Pillow pictures.
 */
final class Colour {

  private Colour() {}

  /**
   * Brightness: a blend with black.
   *
   * @param picture any mode; its colours count
   * @param factor 0 gives black, 1 the picture, more is brighter
   * @return an RGB picture
   */
  public static Picture brightness(Picture picture, double factor) {
    byte[] rgb = picture.rgb().samples();
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = blend(0, rgb[i] & 0xff, (float) factor);
    }
    return rgb(picture, rgb);
  }

  /**
   * Contrast: a blend with the rounded mean of the grey picture.
   *
   * @param picture any mode; its colours count
   * @param factor 0 gives grey, 1 the picture
   * @return an RGB picture
   */
  public static Picture contrast(Picture picture, double factor) {
    byte[] rgb = picture.rgb().samples();
    long sum = 0;
    for (int i = 0; i < rgb.length; i += 3) {
      sum += luma(rgb, i);
    }
    int mean = (int) (sum / (rgb.length / 3.0) + 0.5);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = blend(mean, rgb[i] & 0xff, (float) factor);
    }
    return rgb(picture, rgb);
  }

  /**
   * Saturation: a blend with the grey picture.
   *
   * @param picture any mode; its colours count
   * @param factor 0 gives grey, 1 the picture
   * @return an RGB picture
   */
  public static Picture saturation(Picture picture, double factor) {
    byte[] rgb = picture.rgb().samples();
    for (int i = 0; i < rgb.length; i += 3) {
      int grey = luma(rgb, i);
      for (int c = i; c < i + 3; c++) {
        rgb[c] = blend(grey, rgb[c] & 0xff, (float) factor);
      }
    }
    return rgb(picture, rgb);
  }

  /**
   * Hue, through 8-bit HSV.
   *
   * @param picture any mode; its colours count
   * @param factor turn of the colour circle, -0.5 to 0.5
   * @return an RGB picture
   */
  public static Picture hue(Picture picture, double factor) {
    byte[] pixels = hsv(picture);
    int shift = (int) (factor * 255);
    for (int i = 0; i < pixels.length; i += 3) {
      pixels[i] += (byte) shift;
      toRgb(pixels, i);
    }
    return rgb(picture, pixels);
  }

  /**
   * Three equal channels of ITU-R 601 luma.
   *
   * @param picture any mode; its colours count
   * @return an RGB picture
   */
  public static Picture greyscale(Picture picture) {
    byte[] rgb = picture.rgb().samples();
    for (int i = 0; i < rgb.length; i += 3) {
      byte grey = (byte) luma(rgb, i);
      rgb[i] = grey;
      rgb[i + 1] = grey;
      rgb[i + 2] = grey;
    }
    return rgb(picture, rgb);
  }

  private static Picture rgb(Picture like, byte[] rgb) {
    return Picture.of(PixelFormat.RGB, like.width(), like.height(), rgb);
  }

  /** Pillow's L of the pixel that begins at i. */
  static int luma(byte[] rgb, int i) {
    return (19595 * (rgb[i] & 0xff)
            + 38470 * (rgb[i + 1] & 0xff)
            + 7471 * (rgb[i + 2] & 0xff)
            + 32768)
        >> 16;
  }

  private static byte blend(int from, int to, float factor) {
    float value = from + factor * (to - from);
    return (byte) Math.max(0, Math.min(255, (int) value));
  }

  /** 8-bit hue, saturation and value of all pixels. */
  static byte[] hsv(Picture picture) {
    byte[] pixels = picture.rgb().samples();
    for (int i = 0; i < pixels.length; i += 3) {
      int r = pixels[i] & 0xff;
      int g = pixels[i + 1] & 0xff;
      int b = pixels[i + 2] & 0xff;
      int greatest = Math.max(r, Math.max(g, b));
      int least = Math.min(r, Math.min(g, b));
      float hue = 0;
      float saturation = 0;
      if (greatest > least) {
        float range = greatest - least;
        saturation = range / greatest;
        float rc = (greatest - r) / range;
        float gc = (greatest - g) / range;
        float bc = (greatest - b) / range;
        if (r == greatest) {
          hue = bc - gc;
        } else if (g == greatest) {
          hue = (float) (2.0 + rc - bc);
        } else {
          hue = (float) (4.0 + gc - rc);
        }
        hue = (float) ((hue / 6.0 + 1.0) % 1.0);
      }
      pixels[i] = (byte) (int) (hue * 255.0);
      pixels[i + 1] = (byte) (int) (saturation * 255.0);
      pixels[i + 2] = (byte) greatest;
    }
    return pixels;
  }

  private static void toRgb(byte[] pixels, int at) {
    int h = pixels[at] & 0xff;
    int v = pixels[at + 2] & 0xff;
    float s = (float) ((pixels[at + 1] & 0xff) / 255.0);
    int i = (int) Math.floor(h * 6.0 / 255.0);
    float f = (float) (h * 6.0 / 255.0 - i);
    byte p = round(v * (1.0 - s));
    byte q = round(v * (1.0 - s * f));
    byte t = round(v * (1.0 - s * (1.0 - f)));
    byte full = (byte) v;
    switch (s == 0 ? -1 : i % 6) {
      case 0 -> put(pixels, at, full, t, p);
      case 1 -> put(pixels, at, q, full, p);
      case 2 -> put(pixels, at, p, full, t);
      case 3 -> put(pixels, at, p, q, full);
      case 4 -> put(pixels, at, t, p, full);
      case 5 -> put(pixels, at, full, p, q);
      default -> put(pixels, at, full, full, full);
    }
  }

  private static byte round(double value) {
    return (byte) (int) Math.floor((float) value + 0.5);
  }

  private static void put(byte[] pixels, int at, byte r, byte g, byte b) {
    pixels[at] = r;
    pixels[at + 1] = g;
    pixels[at + 2] = b;
  }
}
