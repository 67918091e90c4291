package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;

/**
 * The distribution that a tensor's first values are drawn from, one by one. Fans are those of
 * PyTorch: the inputs of a weight {@code [O, I, ...]} are its elements by O, the outputs its
 * elements by I.
 */
@FunctionalInterface
public interface Initialiser {

  /** Which side of a weight decides about the scale. */
  enum Fan {
    /** What an output sums up: keeps the variance of what flows forward. */
    IN,
    /** What an input goes into: keeps the variance of gradients. */
    OUT;

    private double of(Shape shape) {
      return (double) shape.size() / shape.get(this == IN ? 0 : 1);
    }
  }

  /**
   * The next value.
   *
   * @param random where chance comes from
   * @return a value
   */
  double draw(RandomGenerator random);

  /**
   * The values of a tensor, row by row.
   *
   * @param shape how many there are
   * @param random where chance comes from
   * @return the values
   */
  default float[] values(Shape shape, RandomGenerator random) {
    float[] values = new float[Math.toIntExact(shape.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) draw(random);
    }
    return values;
  }

  /**
   * The same value everywhere, without a draw.
   *
   * @param value the value
   * @return the distribution
   */
  static Initialiser constant(double value) {
    return random -> value;
  }

  /**
   * A normal distribution around zero.
   *
   * @param deviation its standard deviation
   * @return the distribution
   */
  static Initialiser normal(double deviation) {
    return random -> deviation * random.nextGaussian();
  }

  /**
   * A normal distribution around zero, drawn again outside bounds.
   *
   * @param deviation its standard deviation before it is cut
   * @param bound the largest value
   * @return the distribution
   */
  static Initialiser truncatedNormal(double deviation, double bound) {
    return random -> {
      double value;
      do {
        value = deviation * random.nextGaussian();
      } while (Math.abs(value) > bound);
      return value;
    };
  }

  /**
   * A uniform distribution around zero.
   *
   * @param bound the largest value
   * @return the distribution
   */
  static Initialiser uniform(double bound) {
    return random -> bound * (2 * random.nextDouble() - 1);
  }

  /**
   * Kaiming He's normal distribution for ReLU: deviation {@code sqrt(2 / fan)} (He et al. 2015).
   *
   * @param shape of the weight
   * @param fan which side counts
   * @return the distribution
   */
  static Initialiser kaimingNormal(Shape shape, Fan fan) {
    return normal(Math.sqrt(2 / fan.of(shape)));
  }

  /**
   * Xavier Glorot's uniform distribution: bound {@code sqrt(6 / (inputs + outputs))} (Glorot and
   * Bengio 2010).
   *
   * @param shape of the weight
   * @return the distribution
   */
  static Initialiser xavierUniform(Shape shape) {
    return uniform(Math.sqrt(6 / (Fan.IN.of(shape) + Fan.OUT.of(shape))));
  }

  /**
   * PyTorch's default of linear layers and convolutions, weights and biases: bound {@code 1 /
   * sqrt(inputs)}.
   *
   * @param weight the shape of the layer's weight
   * @return the distribution
   */
  static Initialiser layer(Shape weight) {
    return uniform(1 / Math.sqrt(Fan.IN.of(weight)));
  }

  /**
   * Draws the tensors of a model in the order of their names; counts of batches are zero.
   *
   * @param shapes names with shapes
   * @param rule gives each tensor's distribution
   * @param random where chance comes from; the same state gives the same values
   * @param manager owns the arrays
   * @return every name with its array, float32
   */
  static Map<String, NDArray> arrays(
      Map<String, Shape> shapes,
      BiFunction<String, Shape, Initialiser> rule,
      RandomGenerator random,
      NDManager manager) {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    shapes.forEach(
        (name, shape) -> {
          if (BatchNorm.isCount(name)) {
            arrays.put(name, manager.create(0L));
            return;
          }
          float[] values = rule.apply(name, shape).values(shape, random);
          arrays.put(name, manager.create(values, shape));
        });
    return arrays;
  }
}
