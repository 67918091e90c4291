package org.zeroseg.core.image;

/** Conversions between modes, pixel by pixel, with Pillow's integer arithmetic. */
final class Colours {

  private Colours() {}

  /** Interleaved RGB of a picture in any other mode. */
  static byte[] rgb(Picture picture) {
    byte[] in = picture.raw();
    int pixels = picture.width() * picture.height();
    byte[] out = new byte[Math.multiplyExact(3, pixels)];
    switch (picture.mode()) {
      case RGB -> System.arraycopy(in, 0, out, 0, out.length);
      case BITS, GREY, GREY_ALPHA -> {
        int step = picture.mode().channels();
        for (int i = 0, o = 0; o < out.length; i += step, o += 3) {
          out[o] = in[i];
          out[o + 1] = in[i];
          out[o + 2] = in[i];
        }
      }
      case GREY16 -> {
        for (int i = 0, o = 0; o < out.length; i += 2, o += 3) {
          byte grey = in[i + 1] == 0 ? in[i] : (byte) 255;
          out[o] = grey;
          out[o + 1] = grey;
          out[o + 2] = grey;
        }
      }
      case PALETTE -> {
        // An index beyond the palette is black, as in Pillow.
        int[] palette = java.util.Arrays.copyOf(picture.palette(), 256);
        for (int i = 0, o = 0; o < out.length; i++, o += 3) {
          int colour = palette[in[i] & 0xff];
          out[o] = (byte) (colour >> 16);
          out[o + 1] = (byte) (colour >> 8);
          out[o + 2] = (byte) colour;
        }
      }
      case RGBA -> {
        for (int i = 0, o = 0; o < out.length; i += 4, o += 3) {
          out[o] = in[i];
          out[o + 1] = in[i + 1];
          out[o + 2] = in[i + 2];
        }
      }
      case CMYK -> {
        for (int i = 0, o = 0; o < out.length; i += 4, o += 3) {
          int white = 255 - (in[i + 3] & 0xff);
          for (int c = 0; c < 3; c++) {
            out[o + c] = (byte) (white - times255(in[i + c] & 0xff, white));
          }
        }
      }
    }
    return out;
  }

  /** {@code a * b / 255}, rounded: Pillow's {@code MULDIV255}. */
  private static int times255(int a, int b) {
    int product = a * b + 128;
    return ((product >> 8) + product) >> 8;
  }

  /** Colours multiplied by alpha, which is the last channel. */
  static byte[] premultiplied(byte[] samples, int channels) {
    byte[] out = samples.clone();
    for (int i = 0; i < out.length; i += channels) {
      int alpha = out[i + channels - 1] & 0xff;
      for (int c = i; c < i + channels - 1; c++) {
        out[c] = (byte) times255(out[c] & 0xff, alpha);
      }
    }
    return out;
  }

  /** Undoes {@link #premultiplied} in place, cutting the quotients to whole numbers. */
  static void divideByAlpha(byte[] samples, int channels) {
    for (int i = 0; i < samples.length; i += channels) {
      int alpha = samples[i + channels - 1] & 0xff;
      if (alpha != 0 && alpha != 255) {
        for (int c = i; c < i + channels - 1; c++) {
          samples[c] = (byte) Math.min(255, 255 * (samples[c] & 0xff) / alpha);
        }
      }
    }
  }

  /**
   * YCbCr to RGB in place, with libjpeg's 16-bit fixed-point tables ({@code jdcolor.c}).
   *
   * @param step bytes a pixel; a fourth channel is left alone
   */
  static void yccToRgb(byte[] samples, int step) {
    int half = 1 << 15;
    for (int i = 0; i < samples.length; i += step) {
      int y = samples[i] & 0xff;
      int cb = (samples[i + 1] & 0xff) - 128;
      int cr = (samples[i + 2] & 0xff) - 128;
      samples[i] = clip(y + ((91881 * cr + half) >> 16)); // 1.40200
      samples[i + 1] = clip(y + ((-22554 * cb - 46802 * cr + half) >> 16)); // 0.34414, 0.71414
      samples[i + 2] = clip(y + ((116130 * cb + half) >> 16)); // 1.77200
    }
  }

  private static byte clip(int value) {
    return (byte) Math.max(0, Math.min(255, value));
  }
}
