package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Kernels that training goes through, held against finite differences in float64. */
class KernelGradientsTest {

  private static final Kernels KERNELS = Kernels.core();

  private final NDManager manager = NDManager.newBaseManager();
  private final SplittableRandom random = new SplittableRandom(9);

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray random(long... shape) {
    return Gradients.random(manager, random, shape);
  }

  private NDArray numbers(double... values) {
    return manager.create(values);
  }

  /** Checks a kernel whose differentiable arguments come first. */
  private void check(String kernel, List<NDArray> constants, NDArray... arguments) {
    Gradients.check(
        manager,
        a -> {
          List<NDArray> all = new ArrayList<>(List.of(a));
          all.addAll(constants);
          return KERNELS.differentiable(kernel, all.toArray(NDArray[]::new));
        },
        arguments);
  }

  @Test
  void aFactorOutlivesACollectionBeforeTheBackwardPass() {
    NDArray x = manager.ones(new Shape(4));
    x.setRequiresGradient(true);
    try (NDManager call = manager.newSubManager();
        GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray sum = Kernels.scaled(x, 3).sum();
      for (int i = 0; i < 20; i++) {
        System.gc();
        for (int k = 0; k < 50; k++) {
          call.create(7.5f + i).close();
        }
      }
      collector.backward(sum);
    }
    try (NDArray gradient = x.getGradient()) {
      assertArrayEquals(new float[] {3, 3, 3, 3}, gradient.toFloatArray());
    }
  }

  @Test
  void attention() {
    // Fresh arrays each time: gradients add up in the array that they belong to.
    for (String kernel : List.of("attention", "masked_attention")) {
      List<NDArray> mask = kernel.equals("attention") ? List.of() : List.of(random(5, 6));
      check(kernel, mask, random(2, 2, 5, 4), random(2, 2, 6, 4), random(2, 2, 6, 4));
    }
    check(
        "causal_attention", List.of(), random(1, 2, 5, 4), random(1, 2, 5, 4), random(1, 2, 5, 4));
  }

  @Test
  void layers() {
    check("linear", List.of(), random(2, 3, 4), random(5, 4), random(5));
    check("product", List.of(), random(3, 4), random(5, 4));
    check("project", List.of(), random(3, 4), random(4, 5));
    check("layer_norm", List.of(manager.create(1e-5)), random(3, 6), random(6), random(6));
    check("joint_norm", List.of(manager.create(1e-5)), random(2, 3, 4));
    for (String activation : List.of("quick_gelu", "gelu", "gelu_tanh")) {
      check(activation, List.of(), random(3, 4));
    }
  }

  @Test
  void convolutions() {
    NDArray none = manager.zeros(new Shape(0), DataType.FLOAT64);
    check("conv2d", List.of(none, numbers(2, 1, 1, 1)), random(2, 3, 6, 5), random(4, 3, 3, 3));
    check("conv2d", List.of(none, numbers(1, 2, 2, 3)), random(2, 3, 6, 5), random(6, 1, 3, 3));
    check(
        "conv2d", List.of(numbers(1, 0, 1, 1)), random(2, 3, 4, 5), random(4, 3, 2, 2), random(4));
    check("average_pool", List.of(numbers(2)), random(1, 2, 5, 4));
    check("add_relu", List.of(), random(2, 3), random(2, 3));
    check("max_pool", List.of(numbers(3, 2, 1)), random(1, 2, 5, 4));
  }

  @Test
  void batchNormInTrainingAndOutOfIt() {
    for (int training = 0; training < 2; training++) {
      NDArray mean = manager.zeros(new Shape(3), DataType.FLOAT64);
      NDArray variance = manager.ones(new Shape(3), DataType.FLOAT64);
      check(
          "batch_norm",
          List.of(mean, variance, numbers(training, 0, 1e-5)),
          random(4, 3, 2, 2),
          random(3),
          random(3));
    }
  }

  @Test
  void batchNormUpdatesItsRunningStatisticsAsPyTorchDoes() {
    NDArray x = random(4, 2, 3, 3);
    NDArray mean = numbers(1, 2);
    NDArray variance = numbers(3, 4);
    NDArray one = manager.ones(new Shape(2), DataType.FLOAT64);
    NDArray zero = manager.zeros(new Shape(2), DataType.FLOAT64);
    KERNELS.differentiable("batch_norm", x, one, zero, mean, variance, numbers(1, 0.1, 1e-5));
    double[] values = x.get(":, 0").toDoubleArray();
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double squares = 0;
    for (double value : values) {
      squares += (value - sum / values.length) * (value - sum / values.length);
    }
    assertEquals(0.9 + 0.1 * sum / values.length, mean.getDouble(0), 1e-12);
    // The running variance is the unbiased one.
    assertEquals(2.7 + 0.1 * squares / (values.length - 1), variance.getDouble(0), 1e-12);
  }

  @Test
  void tokens() {
    check(
        "patch_tokens",
        List.of(),
        random(2, 3, 5, 4),
        random(6, 3, 2, 2),
        random(6),
        random(6),
        random(5, 6));
    NDArray ids = manager.create(new long[][] {{1, 0, 3}, {2, 2, 1}});
    Gradients.check(
        manager,
        a -> KERNELS.differentiable("word_tokens", ids, a[0], a[1]),
        random(4, 5),
        random(6, 5));
    check("pick_tokens", List.of(manager.create(new long[] {2, 0})), random(2, 3, 4));
    for (double[] options :
        new double[][] {{3, 5, 0, 0, 0}, {3, 5, 1, 0, 0}, {4, 2, 0, 4.1 / 3, 2.1 / 3}}) {
      NDArray how = numbers(options);
      Gradients.check(
          manager, a -> KERNELS.differentiable("resample_positions", how, a[0]), random(10, 4));
    }
  }

  @Test
  void pooling() {
    for (int queries = 0; queries < 2; queries++) {
      NDArray options = numbers(2, queries);
      Gradients.check(
          manager,
          a ->
              KERNELS.differentiable(
                  "attention_pool",
                  a[0],
                  a[1],
                  options,
                  a[2],
                  a[3],
                  a[4],
                  a[5],
                  a[6],
                  a[7],
                  a[8],
                  a[9]),
          random(2, 8, 2, 3),
          random(7, 8),
          random(8, 8),
          random(8),
          random(8, 8),
          random(8),
          random(8, 8),
          random(8),
          random(5, 8),
          random(5));
    }
  }

  @Test
  void cosines() {
    check("unit", List.of(), random(3, 4));
    check("cosine_logits", List.of(), random(3, 4), random(2, 4), random());
  }

  @Test
  void longAttentionEqualsTheOneThatBuildsTheMatrix() {
    NDArray q = random(1, 2, 300, 8).toType(DataType.FLOAT32, false);
    NDArray k = random(1, 2, 700, 8).toType(DataType.FLOAT32, false);
    NDArray v = random(1, 2, 700, 8).toType(DataType.FLOAT32, false);
    NDArray probabilities = KERNELS.call("attention_probabilities", q, k);
    assertArrayEquals(
        probabilities.matMul(v).toFloatArray(),
        KERNELS.call("attention", q, k, v).toFloatArray(),
        1e-5f);
    assertEquals(600, probabilities.sum().getFloat(), 1e-2);
  }

  @Test
  void eigenvectorsMakeUpTheMatrixAgain() {
    NDArray square = random(3, 6, 6);
    NDArray symmetric = square.add(square.swapAxes(1, 2));
    NDList parts = KERNELS.callAll("eigen", symmetric);
    NDArray values = parts.get(0);
    NDArray vectors = parts.get(1);
    NDArray again = vectors.mul(values.expandDims(1)).matMul(vectors.swapAxes(1, 2));
    assertArrayEquals(symmetric.toDoubleArray(), again.toDoubleArray(), 1e-10);
    for (int matrix = 0; matrix < 3; matrix++) {
      double[] rising = values.get(matrix).toDoubleArray();
      for (int i = 1; i < rising.length; i++) {
        assertEquals(true, rising[i - 1] <= rising[i]);
      }
    }
  }
}
