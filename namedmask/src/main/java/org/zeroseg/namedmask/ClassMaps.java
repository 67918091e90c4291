package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * The best class of every pixel, found strip by strip, so that class maps of the picture's size
 * never exist. Logits are resized before they are compared (Shin et al. 2023, released code).
 *
 * @param network whose last convolution makes the maps
 * @param rows from the maps to the picture, from top to bottom
 * @param columns from the maps to the picture, from left to right
 */
record ClassMaps(DeepLab network, LinearTaps rows, LinearTaps columns) {

  /** Numbers of a strip of all class maps: 32 MB. */
  private static final long STRIP = 8L << 20;

  /**
   * What wins.
   *
   * @param classes row-major, 0 for background
   * @param probabilities the winner's, of the softmax over all classes
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  record Winners(int[] classes, float[] probabilities) {}

  /** For inputs that are as large as the picture. */
  static ClassMaps of(DeepLab network, int width, int height) {
    return new ClassMaps(
        network, LinearTaps.of(quarter(height), height), LinearTaps.of(quarter(width), width));
  }

  /** For inputs of another size: logits go to the input's size, and from there to the picture's. */
  static ClassMaps of(DeepLab network, Sizes sizes) {
    return new ClassMaps(
        network, taps(sizes.newHeight(), sizes.height()), taps(sizes.newWidth(), sizes.width()));
  }

  private static LinearTaps taps(int input, int picture) {
    LinearTaps own = LinearTaps.of(quarter(input), input);
    return input == picture ? own : own.then(picture);
  }

  /** Two layers halve a side, rounding up. */
  private static int quarter(int side) {
    return (side + 3) / 4;
  }

  /**
   * Compares the classes.
   *
   * @param features {@code [B, D, h, w]} of {@link DeepLab#features}
   * @param index the picture's number in the batch
   */
  Winners winners(NDArray features, int index) {
    int width = columns.size();
    int[] classes = new int[Math.multiplyExact(width, rows.size())];
    float[] probabilities = new float[classes.length];
    int strip =
        (int) Math.max(1, Math.min(rows.size(), STRIP / width / network.config().classes()));
    try (NDManager call = features.getManager().newSubManager()) {
      ResizeTable across = ResizeTable.whole(columns, call);
      for (int top = 0; top < rows.size(); top += strip) {
        int bottom = Math.min(rows.size(), top + strip);
        try (NDManager part = call.newSubManager()) {
          ResizeTable down = ResizeTable.of(rows, top, bottom, part);
          NDArray some =
              features.get(
                  "{}:{}, :, {}:{}", index, index + 1, down.first(), down.first() + down.count());
          some.attach(part);
          NDList found =
              DeepLab.KERNELS.callAll(
                  "decide",
                  some,
                  network.classes().get(0),
                  network.classes().get(1),
                  down.indices(),
                  down.factors(),
                  across.indices(),
                  across.factors());
          System.arraycopy(
              found.get(0).toIntArray(), 0, classes, top * width, (bottom - top) * width);
          System.arraycopy(
              found.get(1).toFloatArray(), 0, probabilities, top * width, (bottom - top) * width);
        }
      }
    }
    return new Winners(classes, probabilities);
  }
}
