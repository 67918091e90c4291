package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.tensor.Weights;

/** A small network of random weights. */
final class TinyNamedMask {

  private TinyNamedMask() {}

  static DeepLabConfig config(int classes) {
    ResNetConfig backbone = ResNetConfig.of(ResNetConfig.Block.BOTTLENECK, 8, 1, 1, 1, 1);
    return new DeepLabConfig(DeepLabConfig.dilated(backbone), 16, 6, List.of(2, 4), classes);
  }

  static Map<String, NDArray> weights(DeepLabConfig config, NDManager manager) {
    SplittableRandom random = new SplittableRandom(3);
    try (NDManager scratch = manager.newSubManager()) {
      Map<String, NDArray> backbone = config.backbone().initialWeights(random, scratch);
      return config.initialWeights(backbone, random, manager);
    }
  }

  static DeepLab network(int classes, NDManager manager) {
    DeepLabConfig config = config(classes);
    Weights weights = Weights.of(weights(config, manager), "random weights");
    return DeepLab.of(config, weights, manager);
  }

  /** A red square on grey, the square at a place of its own for each number. */
  static Picture square(int side, int number) {
    byte[] samples = new byte[3 * side * side];
    Arrays.fill(samples, (byte) 110);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        if (inSquare(side, number, x, y)) {
          samples[3 * (y * side + x)] = (byte) 230;
          samples[3 * (y * side + x) + 1] = (byte) 20;
          samples[3 * (y * side + x) + 2] = (byte) 20;
        }
      }
    }
    return Picture.of(PixelFormat.RGB, side, side, samples);
  }

  static boolean inSquare(int side, int number, int x, int y) {
    int size = side / 2;
    int left = number % 3 * side / 6;
    int top = number / 3 % 3 * side / 6;
    return x >= left && x < left + size && y >= top && y < top + size;
  }
}
