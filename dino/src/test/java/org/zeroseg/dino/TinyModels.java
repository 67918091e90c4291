package org.zeroseg.dino;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;

/** Models of a few thousand numbers, and pictures for them. */
final class TinyModels {

  static final DinoConfig CONFIG = new DinoConfig(8, 64, 2, 1, 3);

  private TinyModels() {}

  static Checkpoint backbone() {
    return new PortableWeights(CONFIG.shapes(), "tiny");
  }

  static Dino dino() {
    try (Checkpoint checkpoint = backbone()) {
      return Dino.of(checkpoint, Device.cpu());
    }
  }

  /** Weights that an engine's arrays hold, for checkpoints under other names. */
  static Checkpoint checkpoint(Map<String, NDArray> arrays) {
    return Checkpoints.of(arrays, "tiny");
  }

  static Picture noise(int width, int height, long seed) {
    byte[] rgb = new byte[3 * width * height];
    new SplittableRandom(seed).nextBytes(rgb);
    return Picture.of(PixelFormat.RGB, width, height, rgb);
  }

  static Picture plain(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    java.util.Arrays.fill(rgb, (byte) 90);
    return Picture.of(PixelFormat.RGB, width, height, rgb);
  }

  /** A bright square on a dark ground. */
  static Picture square(int side, int left, int top, int length) {
    byte[] rgb = new byte[3 * side * side];
    for (int i = 0; i < side * side; i++) {
      int x = i % side - left;
      int y = i / side - top;
      boolean inside = x >= 0 && x < length && y >= 0 && y < length;
      rgb[3 * i] = (byte) (inside ? 230 : 40);
      rgb[3 * i + 1] = (byte) (inside ? 30 : 60);
      rgb[3 * i + 2] = (byte) (inside ? 40 : 90);
    }
    return Picture.of(PixelFormat.RGB, side, side, rgb);
  }

  static NDManager manager() {
    return NDManager.newBaseManager("PyTorch");
  }
}
