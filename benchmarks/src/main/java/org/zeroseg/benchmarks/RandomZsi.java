package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.Schedule;
import org.zeroseg.zsi.ClassVectors;
import org.zeroseg.zsi.ZsiConfig;
import org.zeroseg.zsi.ZsiTrainer;

/** A ZSI of the published size for the split 48/17, with random weights and words. */
final class RandomZsi {

  private static final int SEEN = 48;
  private static final int UNSEEN = 17;
  private static final int DIMENSIONS = 300;
  private static final int VOCABULARY = 4717;

  static final ClassVectors CLASSES = classes();
  static final Vocabulary WORDS =
      Vocabulary.of(
          Stream.of(CLASSES.seen(), CLASSES.unseen()).flatMap(List::stream).toArray(String[]::new));

  private RandomZsi() {}

  private static ClassVectors classes() {
    SplittableRandom random = new SplittableRandom(1);
    List<String> names = new ArrayList<>();
    float[][] vectors = new float[1 + SEEN + UNSEEN][DIMENSIONS];
    for (float[] vector : vectors) {
      for (int i = 0; i < DIMENSIONS; i++) {
        vector[i] =
            (float) (random.nextGaussian() * ClassVectors.PUBLISHED_LENGTH / Math.sqrt(DIMENSIONS));
      }
      names.add("class " + names.size());
    }
    return ClassVectors.of(
        names.subList(1, 1 + SEEN), names.subList(1 + SEEN, names.size()), vectors);
  }

  static ZsiConfig config(int depth) {
    return new ZsiConfig(
        depth == 101 ? ResNetConfig.RESNET_101 : ResNetConfig.RESNET_50,
        256,
        256,
        1024,
        256,
        DIMENSIONS,
        SEEN,
        VOCABULARY,
        true);
  }

  static NDArray vocabulary(NDManager manager) {
    return manager.randomNormal(new Shape(DIMENSIONS, VOCABULARY));
  }

  /** As training starts, but without the growth of a deep ResNet whose norms do nothing. */
  static Map<String, NDArray> weights(int depth, NDManager manager) {
    Map<String, NDArray> weights =
        config(depth).initialWeights(Map.of(), CLASSES, new SplittableRandom(2), manager);
    weights.forEach(
        (name, array) -> {
          if (name.endsWith(".bn3.weight")) {
            array.muli(0.1);
          }
        });
    return weights;
  }

  static ZsiTrainer trainer(int depth, NDManager manager) {
    return ZsiTrainer.of(
        config(depth),
        weights(depth, manager),
        vocabulary(manager),
        CLASSES,
        ZsiTrainer.Options.published(Schedule.constant(1e-3), false));
  }

  static void write(Path file, int depth) throws IOException {
    try (NDManager manager = TorchEngine.newManager()) {
      trainer(depth, manager).write(file, CLASSES, false, Map.of());
    }
  }

  /** Noise. */
  static Picture picture(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    new Random(3).nextBytes(rgb);
    return Picture.of(PixelFormat.RGB, width, height, rgb);
  }
}
