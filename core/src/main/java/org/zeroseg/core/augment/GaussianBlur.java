package org.zeroseg.core.augment;

import java.util.stream.IntStream;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;

/**
 * OpenCV's Gaussian blur of 8-bit pictures, in whole numbers: weights of 8 fractional bits, exact
 * sums, one rounding at the end, border reflected without its edge.
 *
 * @param kernelSize odd number of taps
 * @param sigma standard deviation in pixels, above 0
 */
record GaussianBlur(int kernelSize, double sigma) {

  private static final int ONE = 256;

  GaussianBlur {
    if (kernelSize < 1 || kernelSize % 2 == 0 || !(sigma > 0)) {
      throw new IllegalArgumentException("A blur of " + kernelSize + " taps, sigma " + sigma);
    }
  }

  /** The kernel size that the published methods choose: a tenth of the shorter side, made odd. */
  static int kernelSize(int width, int height) {
    return (int) (Math.floor(0.1 * Math.min(width, height) / 2) * 2 + 1);
  }

  /** Blurs a picture of any mode; its colours count, the result is RGB. */
  Picture apply(Picture picture) {
    int width = picture.width();
    int height = picture.height();
    byte[] rgb = picture.rgb().samples();
    int[] weights = weights();
    int radius = kernelSize / 2;
    int[] columns = reflected(width, radius);
    int[] rows = reflected(height, radius);
    int stride = 3 * width;
    int[] across = new int[rgb.length];
    IntStream.range(0, height)
        .parallel()
        .forEach(
            y -> {
              for (int i = 0; i < stride; i++) {
                int sum = 0;
                for (int k = 0; k < kernelSize; k++) {
                  sum += weights[k] * (rgb[y * stride + 3 * columns[i / 3 + k] + i % 3] & 0xff);
                }
                across[y * stride + i] = sum;
              }
            });
    byte[] blurred = new byte[rgb.length];
    IntStream.range(0, height)
        .parallel()
        .forEach(
            y -> {
              int[] sums = new int[stride];
              for (int k = 0; k < kernelSize; k++) {
                int row = rows[y + k] * stride;
                int weight = weights[k];
                for (int i = 0; i < stride; i++) {
                  sums[i] += weight * across[row + i];
                }
              }
              for (int i = 0; i < stride; i++) {
                blurred[y * stride + i] = (byte) ((sums[i] + (1 << 15)) >> 16);
              }
            });
    return Picture.of(PixelFormat.RGB, width, height, blurred);
  }

  /**
   * Weights that sum to 256: rounding errors are carried inwards, the centre takes what is left.
   */
  int[] weights() {
    double[] exact = new double[kernelSize];
    double centre = (kernelSize - 1) / 2.0;
    double sum = 0;
    for (int i = 0; i < kernelSize; i++) {
      exact[i] = Math.exp(-(i - centre) * (i - centre) / (2 * sigma * sigma));
      sum += exact[i];
    }
    int[] weights = new int[kernelSize];
    int left = ONE;
    double error = 0;
    for (int i = 0; i < kernelSize / 2; i++) {
      double wanted = exact[i] / sum * ONE + error;
      weights[i] = (int) Math.rint(wanted);
      weights[kernelSize - 1 - i] = weights[i];
      error = wanted - weights[i];
      left -= 2 * weights[i];
    }
    weights[kernelSize / 2] = left;
    return weights;
  }

  /** Where each place from {@code -radius} to {@code size + radius - 1} is read: 2 1 0 1 2 1 0. */
  private static int[] reflected(int size, int radius) {
    int[] places = new int[size + 2 * radius];
    for (int i = 0; i < places.length; i++) {
      int period = Math.max(2 * size - 2, 1);
      int at = Math.floorMod(i - radius, period);
      places[i] = Math.min(at, period - at) % size;
    }
    return places;
  }
}
