package org.zeroseg.clip;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.zeroseg.core.refine.Pamr;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * How much patches attend to those of the same label (semantic feedback of ResCLIP, Yang et al.
 * 2025), row by row: 1 for the same label, less the farther two patches are apart if they are not
 * connected by patches of that label, then smoothed along the row and divided by its sum.
 *
 * <p>As in the release, smoothing runs along the flattened row, from one row of the picture into
 * the next, and only the beginning of the way between two patches is looked at, which makes
 * "connected" not symmetric; with {@code wholePath} it is the whole way.
 */
final class FeedbackRows {

  private static final Pamr REFINEMENT = new Pamr(10, List.of(8, 16));

  private final int[] labels;
  private final int width;
  private final int count;
  private final int steps;
  private final boolean wholePath;
  private final float[] kernel;
  private final float[] fractions;
  private final float[] decay;

  FeedbackRows(int[] labels, int height, int width, double sigma, boolean wholePath) {
    this.labels = labels;
    this.width = width;
    this.count = height * width;
    this.steps = Math.max(height, width) - 1;
    this.wholePath = wholePath;
    this.kernel = kernel(sigma, count);
    this.fractions = fractions(steps);
    this.decay = new float[steps + 1];
    for (int distance = 0; distance <= steps; distance++) {
      decay[distance] = (float) Math.exp(-(double) distance / Math.max(1, steps));
    }
  }

  /** A normalised Gaussian of odd length. */
  private static float[] kernel(double sigma, int count) {
    int length = Math.min(count, (int) (6 * sigma + 1));
    length += 1 - length % 2;
    double[] values = new double[length];
    double sum = 0;
    int middle = length / 2;
    for (int i = 0; i < length; i++) {
      double distance = i - middle;
      values[i] = Math.exp(-distance * distance / (2 * sigma * sigma));
      sum += values[i];
    }
    float[] kernel = new float[length];
    for (int i = 0; i < length; i++) {
      kernel[i] = (float) (values[i] / sum);
    }
    return kernel;
  }

  /** From 0 to 1 in float32, counted from both ends, as the release's library does. */
  private static float[] fractions(int steps) {
    float[] fractions = new float[steps + 1];
    if (steps > 0) {
      float step = 1f / steps;
      int half = (steps + 1) / 2;
      for (int s = 0; s <= steps; s++) {
        fractions[s] = s < half ? s * step : 1 - step * (steps - s);
      }
    }
    return fractions;
  }

  /** The largest element of all rows; 0 if there is none but zeros. */
  float largest() {
    double largest =
        IntStream.rangeClosed(1, count)
            .parallel()
            .mapToDouble(
                token -> {
                  float[] row = new float[count + 1];
                  row(token, row, 0);
                  float most = 0;
                  for (float value : row) {
                    most = Math.max(most, value);
                  }
                  return most;
                })
            .max()
            .orElse(0);
    return (float) largest;
  }

  /**
   * The row of a token, the class token's being zero.
   *
   * @param token 0 for the class token, then the patches
   * @param rows takes {@code 1 + h w} values, which must be zero, from the offset
   */
  void row(int token, float[] rows, int offset) {
    if (token == 0) {
      return;
    }
    int cell = token - 1;
    float[] like = new float[count];
    for (int other = 0; other < count; other++) {
      like[other] = labels[other] == labels[cell] ? weight(cell, other) : 0;
    }
    int reach = kernel.length / 2;
    float[] smooth = new float[count];
    // Tap by tap along the row, which the processor does several cells at a time.
    for (int tap = 0; tap < kernel.length; tap++) {
      float weight = kernel[tap];
      int shift = tap - reach;
      int end = Math.min(count, count - shift);
      for (int i = Math.max(0, -shift); i < end; i++) {
        smooth[i] += weight * like[i + shift];
      }
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      rows[offset + 1 + i] = smooth[i];
      sum += smooth[i];
    }
    float divisor = (float) sum + 1e-8f;
    for (int i = 1; i <= count; i++) {
      rows[offset + i] /= divisor;
    }
  }

  private float weight(int cell, int other) {
    int row = cell / width;
    int column = cell % width;
    int toRow = other / width;
    int toColumn = other % width;
    int distance = Math.max(Math.abs(row - toRow), Math.abs(column - toColumn));
    int looks = wholePath ? steps : distance;
    for (int s = 0; s <= looks; s++) {
      float t = fractions[s];
      int y = (int) Math.rint(row * (1 - t) + toRow * t);
      int x = (int) Math.rint(column * (1 - t) + toColumn * t);
      if (labels[y * width + x] != labels[cell]) {
        return decay[distance];
      }
    }
    return 1;
  }

  /**
   * What the first pass says of every pixel.
   *
   * @param cosines {@code [K, h, w]}
   * @param pixels {@code [3, H, W]}, normalised
   * @return {@code [K, H, W]}
   */
  static float[] probabilities(
      float[] cosines, int height, int width, float[] pixels, int rows, int columns, double scale) {
    int words = cosines.length / (height * width);
    LinearTaps down = LinearTaps.of(height, rows);
    LinearTaps across = LinearTaps.of(width, columns);
    float[] maps = new float[words * rows * columns];
    float[] narrow = new float[width];
    float[] line = new float[columns];
    for (int word = 0; word < words; word++) {
      for (int y = 0; y < rows; y++) {
        down.row(cosines, word * height * width, width, y, narrow);
        across.apply(narrow, line);
        System.arraycopy(line, 0, maps, (word * rows + y) * columns, columns);
      }
    }
    float[] refined = REFINEMENT.refine(pixels, maps, rows, columns);
    int plane = rows * columns;
    for (int i = 0; i < plane; i++) {
      softmax(refined, i, plane, words, scale);
    }
    return refined;
  }

  private static void softmax(float[] maps, int at, int plane, int words, double scale) {
    double most = Double.NEGATIVE_INFINITY;
    for (int word = 0; word < words; word++) {
      most = Math.max(most, scale * maps[word * plane + at]);
    }
    double sum = 0;
    for (int word = 0; word < words; word++) {
      sum += Math.exp(scale * maps[word * plane + at] - most);
    }
    for (int word = 0; word < words; word++) {
      maps[word * plane + at] = (float) (Math.exp(scale * maps[word * plane + at] - most) / sum);
    }
  }

  /**
   * The most frequent label of each patch, the smallest of equals; a pixel that is not sure has the
   * label 0, which is also the first word's.
   *
   * @param probabilities {@code [K, H, W]}
   * @return one label a patch, row-major
   */
  static int[] patchLabels(
      float[] probabilities, int rows, int columns, int patch, double threshold) {
    int plane = rows * columns;
    int words = probabilities.length / plane;
    int height = rows / patch;
    int width = columns / patch;
    int[] labels = new int[height * width];
    int[] votes = new int[words];
    for (int cell = 0; cell < labels.length; cell++) {
      Arrays.fill(votes, 0);
      for (int i = 0; i < patch * patch; i++) {
        int y = cell / width * patch + i / patch;
        int x = cell % width * patch + i % patch;
        votes[pixelLabel(probabilities, y * columns + x, plane, words, (float) threshold)]++;
      }
      for (int word = 1; word < words; word++) {
        labels[cell] = votes[word] > votes[labels[cell]] ? word : labels[cell];
      }
    }
    return labels;
  }

  private static int pixelLabel(float[] maps, int at, int plane, int words, float threshold) {
    int best = 0;
    for (int word = 1; word < words; word++) {
      best = maps[word * plane + at] > maps[best * plane + at] ? word : best;
    }
    return maps[best * plane + at] < threshold ? 0 : best;
  }
}
