package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/** A network of a few kilobytes with random weights. */
final class TinyZsi {

  static final ZsiConfig CONFIG = config(8);

  private TinyZsi() {}

  static ZsiConfig config(int maskChannels) {
    ResNetConfig backbone = ResNetConfig.of(ResNetConfig.Block.BASIC, 8, 1, 1, 1, 1);
    return new ZsiConfig(backbone, 8, 8, 16, maskChannels, 6, 3, 5, true);
  }

  /** With a part of the method or without it. */
  static ZsiConfig config(boolean encoders, boolean backgroundAware) {
    return new ZsiConfig(CONFIG.backbone(), 8, 8, 16, 8, 6, 3, encoders ? 5 : 0, backgroundAware);
  }

  static ClassVectors classes() {
    SplittableRandom random = new SplittableRandom(3);
    float[][] vectors = new float[6][6];
    for (float[] vector : vectors) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) random.nextDouble(0, 0.5);
      }
    }
    return ClassVectors.of(List.of("cat", "dog", "fire hydrant"), List.of("bus", "cake"), vectors);
  }

  static NDArray vocabulary(NDManager manager) {
    SplittableRandom random = new SplittableRandom(4);
    float[] values = new float[30];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return manager.create(values, new Shape(6, 5));
  }

  /** Random weights, so large that scores of words differ. */
  static Map<String, NDArray> weights(ZsiConfig config, NDManager manager) {
    SplittableRandom random = new SplittableRandom(5);
    Map<String, NDArray> weights = config.initialWeights(Map.of(), classes(), random, manager);
    for (String name : List.of("fc_semantic", "kernel_semantic", "fc_reg")) {
      String key = ZsiConfig.BOXES + name + ".weight";
      NDArray array = weights.get(key);
      if (array == null) {
        continue; // of a network without encoders
      }
      float[] values = array.toFloatArray();
      for (int i = 0; i < values.length; i++) {
        values[i] *= name.equals("fc_reg") ? 100 : 600;
      }
      array.set(values);
    }
    return weights;
  }

  static Path write(Path file, ZsiConfig config) throws IOException {
    try (NDManager manager = TorchEngine.newManager()) {
      Weights weights = Weights.of(new LinkedHashMap<>(weights(config, manager)), "tiny");
      ZsiCheckpoint.write(
          file,
          weights.checkpoint(),
          classes(),
          vocabulary(manager),
          true,
          true,
          DataType.FLOAT32,
          Map.of());
    }
    return file;
  }

  static ZsiBuilder builder(Path file) {
    return Zsi.builder().model(file).inputWithin(64, 96).proposals(50);
  }

  /** A picture of a bright rectangle on noise. */
  static Picture picture(int width, int height, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] rgb = new byte[3 * width * height];
    int left = random.nextInt(width / 2);
    int top = random.nextInt(height / 2);
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      boolean inside = x >= left && x < left + width / 3 && y >= top && y < top + height / 3;
      rgb[i] = (byte) (inside ? 250 - 40 * (i % 3) : random.nextInt(60));
    }
    return Picture.of(PixelFormat.RGB, width, height, rgb);
  }
}
