package org.zeroseg.zutis;

/**
 * Positions of a grid as sines and cosines of many wavelengths (DETR, Carion et al. 2020, App. A.4,
 * in its normalised form).
 */
final class SinePositions {

  private static final double TEMPERATURE = 10_000;
  private static final double EPSILON = 1e-6;

  private SinePositions() {}

  /** {@code [height width, channels]}, row-major: the first half for y, the second for x. */
  static float[] of(int height, int width, int channels) {
    int half = channels / 2;
    float[] rows = axis(height, half);
    float[] columns = axis(width, half);
    float[] positions = new float[height * width * channels];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int start = (y * width + x) * channels;
        System.arraycopy(rows, y * half, positions, start, half);
        System.arraycopy(columns, x * half, positions, start + half, half);
      }
    }
    return positions;
  }

  /** {@code [length, channels]}; cells count from 1. */
  private static float[] axis(int length, int channels) {
    float[] values = new float[length * channels];
    for (int cell = 0; cell < length; cell++) {
      double angle = (cell + 1) / (length + EPSILON) * 2 * Math.PI;
      for (int i = 0; i < channels; i++) {
        // A sine and a cosine share a wavelength.
        int even = i - i % 2;
        double scaled = angle / Math.pow(TEMPERATURE, (double) even / channels);
        values[cell * channels + i] = (float) (i % 2 == 0 ? Math.sin(scaled) : Math.cos(scaled));
      }
    }
    return values;
  }
}
