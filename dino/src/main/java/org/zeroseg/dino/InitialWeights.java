package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/** The distributions that DINO's and SelfMask's code draw weights from. */
final class InitialWeights {

  private static final double DEVIATION = 0.02;

  private InitialWeights() {}

  static Map<String, NDArray> of(
      Map<String, Shape> shapes, RandomGenerator random, NDManager manager) {
    Map<String, NDArray> weights = new LinkedHashMap<>();
    shapes.forEach(
        (name, shape) -> weights.put(name, manager.create(values(name, shape, random), shape)));
    return weights;
  }

  private static float[] values(String name, Shape shape, RandomGenerator random) {
    float[] values = new float[Math.toIntExact(shape.size())];
    if (shape.dimension() < 2) {
      Arrays.fill(values, name.matches("(.*\\.)?norm\\d?\\.weight") ? 1 : 0);
      return values;
    }
    double inputs = (double) shape.size() / shape.get(0);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) draw(name, inputs, shape, random);
    }
    return values;
  }

  private static double draw(String name, double inputs, Shape shape, RandomGenerator random) {
    if (name.endsWith("query_embed")) {
      return random.nextGaussian();
    }
    if (name.endsWith("weight_g")) {
      return 1;
    }
    if (name.endsWith("patch_embed.proj.weight")
        || name.endsWith("weight_v")
        || name.startsWith("ffn.")) {
      return uniform(1 / Math.sqrt(inputs), random); // PyTorch's default
    }
    if (name.startsWith("decoder.")) {
      return uniform(Math.sqrt(6 / (inputs + shape.get(0))), random); // Xavier, as in DETR
    }
    // The bounds of the truncated normal lie a hundred deviations away.
    return DEVIATION * random.nextGaussian();
  }

  private static double uniform(double bound, RandomGenerator random) {
    return bound * (2 * random.nextDouble() - 1);
  }
}
