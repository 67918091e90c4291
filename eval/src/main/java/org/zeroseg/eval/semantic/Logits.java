package org.zeroseg.eval.semantic;

import org.zeroseg.core.supervision.LabelMap;

/** Resizes class scores to the truth's size: truth itself is never resized. */
final class Logits {

  private Logits() {}

  /**
   * Bilinear interpolation between pixel centres without antialiasing: PyTorch's {@code
   * interpolate(mode="bilinear", align_corners=False)}.
   *
   * @param maps [channels, height, width]
   * @param channels how many maps
   * @param height rows
   * @param width columns
   * @param newHeight rows of the result
   * @param newWidth columns of the result
   * @return [channels, newHeight, newWidth]
   */
  public static float[] resize(
      float[] maps, int channels, int height, int width, int newHeight, int newWidth) {
    if (maps.length != (long) channels * height * width) {
      throw new IllegalArgumentException(
          maps.length + " values for [" + channels + ", " + height + ", " + width + "]");
    }
    Line rows = new Line(height, newHeight);
    Line columns = new Line(width, newWidth);
    float[] resized = new float[Math.multiplyExact(channels, newHeight * newWidth)];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < newHeight; y++) {
        int top = (c * height + rows.near[y]) * width;
        int bottom = (c * height + rows.far[y]) * width;
        float down = rows.share[y];
        for (int x = 0; x < newWidth; x++) {
          float right = columns.share[x];
          int left = columns.near[x];
          int next = columns.far[x];
          float above = (1 - right) * maps[top + left] + right * maps[top + next];
          float below = (1 - right) * maps[bottom + left] + right * maps[bottom + next];
          resized[(c * newHeight + y) * newWidth + x] = (1 - down) * above + down * below;
        }
      }
    }
    return resized;
  }

  /** Where each output position lies between two inputs. */
  private static final class Line {
    private final int[] near;
    private final int[] far;
    private final float[] share; // of the far one

    Line(int in, int out) {
      near = new int[out];
      far = new int[out];
      share = new float[out];
      float scale = (float) in / out;
      for (int i = 0; i < out; i++) {
        float source = Math.max(0, scale * (i + 0.5f) - 0.5f);
        near[i] = Math.min((int) source, in - 1);
        far[i] = Math.min(near[i] + 1, in - 1);
        share[i] = source - near[i];
      }
    }
  }

  /**
   * The channel with the largest score at each pixel; of equal ones the first.
   *
   * @param maps [channels, height, width]
   * @param channels how many maps
   * @param height rows
   * @param width columns
   * @return labels 0 to channels - 1
   */
  public static LabelMap argMax(float[] maps, int channels, int height, int width) {
    int pixels = height * width;
    int[] labels = new int[pixels];
    for (int i = 0; i < pixels; i++) {
      for (int c = 1; c < channels; c++) {
        if (maps[c * pixels + i] > maps[labels[i] * pixels + i]) {
          labels[i] = c;
        }
      }
    }
    return LabelMap.of(width, height, labels);
  }
}
