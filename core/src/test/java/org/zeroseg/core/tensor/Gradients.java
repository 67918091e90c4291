package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** Holds the gradients of differentiable code against finite differences. */
public final class Gradients {

  private Gradients() {}

  /** Uniform values in [-1, 1) as float64. */
  public static NDArray random(NDManager manager, RandomGenerator random, long... shape) {
    Shape dimensions = new Shape(shape);
    double[] values = random.doubles(dimensions.size(), -1, 1).toArray();
    return manager.create(values, dimensions);
  }

  /**
   * Compares, for every float64 argument, a few elements of the gradient of a weighted sum of the
   * result with central differences.
   */
  public static void check(
      NDManager manager, Function<NDArray[], NDArray> function, NDArray... arguments) {
    for (NDArray argument : arguments) {
      argument.setRequiresGradient(true);
    }
    double[][] gradients = new double[arguments.length][];
    double[] weights;
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDArray result = function.apply(arguments);
      weights = new java.util.SplittableRandom(7).doubles(result.size(), -1, 1).toArray();
      collector.backward(result.mul(manager.create(weights, result.getShape())).sum());
    }
    boolean any = false;
    for (int i = 0; i < arguments.length; i++) {
      try (NDArray gradient = arguments[i].getGradient()) {
        gradients[i] = gradient.toDoubleArray();
      }
      arguments[i].setRequiresGradient(false);
    }
    double step = 1e-5;
    for (int i = 0; i < arguments.length; i++) {
      double[] values = arguments[i].toDoubleArray();
      int stride = Math.max(1, values.length / 5);
      for (int j = 0; j < values.length; j += stride) {
        double[] sums = new double[2];
        for (int side = 0; side < 2; side++) {
          double[] moved = values.clone();
          moved[j] += side == 0 ? step : -step;
          NDArray[] changed = arguments.clone();
          changed[i] = manager.create(moved, arguments[i].getShape());
          double[] result = function.apply(changed).toType(DataType.FLOAT64, false).toDoubleArray();
          for (int k = 0; k < result.length; k++) {
            sums[side] += weights[k] * result[k];
          }
        }
        double expected = (sums[0] - sums[1]) / (2 * step);
        any |= Math.abs(expected) > 1e-6;
        assertEquals(
            expected,
            gradients[i][j],
            1e-6 + 1e-5 * Math.abs(expected),
            "argument " + i + ", element " + j);
      }
    }
    assertTrue(any, "all gradients are zero");
  }
}
