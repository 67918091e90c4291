package org.zeroseg.core.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.Convolution.Sampling;
import org.zeroseg.core.tensor.Weights;

class LayersTest {

  private final NDManager manager = NDManager.newBaseManager("PyTorch");

  @AfterEach
  void free() {
    manager.close();
  }

  private NDArray random(long... shape) {
    Shape dimensions = new Shape(shape);
    return manager.create(
        PortableWeights.values("layers", "x" + dimensions, dimensions), dimensions);
  }

  @Test
  void aDepthwiseConvolutionKeepsChannelsApart() {
    NDArray x = random(1, 4, 6, 5);
    NDArray filters = random(4, 1, 3, 3);
    Sampling sampling = Sampling.same(3, 1, 2).depthwise(4);
    NDArray all =
        Convolution.of(Weights.of(Map.of("weight", filters), "all"), sampling, manager)
            .forward(x, Mode.INFERENCE);
    assertEquals(x.getShape(), all.getShape());
    for (int c = 0; c < 4; c++) {
      Weights own = Weights.of(Map.of("weight", filters.get(c + ":" + (c + 1))), "one");
      NDArray one =
          Convolution.of(own, Sampling.same(3, 1, 2), manager)
              .forward(x.get(":, %d:%d".formatted(c, c + 1)), Mode.INFERENCE);
      assertArrayEquals(one.toFloatArray(), all.get(":, " + c).toFloatArray(), 1e-6f);
    }
  }

  /** Whatever is computed otherwise then: products, shifted rows, Winograd's transform. */
  @Test
  void channelsThatLieTogetherChangeNothingButTheRounding() {
    int[][] filters = { // outputs, inputs, groups, side, stride, dilation
      {130, 128, 1, 3, 1, 1}, {128, 129, 1, 3, 1, 2}, {128, 128, 1, 3, 1, 4}, {8, 6, 1, 3, 1, 2},
      {6, 6, 6, 3, 1, 1}, {6, 6, 6, 3, 1, 3}, {6, 6, 6, 3, 1, 12}, {6, 6, 6, 3, 1, 40},
      {12, 6, 6, 3, 1, 2}, {9, 6, 1, 1, 1, 1}, {9, 6, 1, 1, 2, 1}, {128, 128, 1, 3, 2, 1},
      {8, 3, 1, 7, 2, 1}
    };
    for (int[] f : filters) {
      for (boolean biased : new boolean[] {false, true}) {
        NDArray x = random(2, f[1], 33, 30);
        NDArray weight = random(f[0], f[1] / f[2], f[3], f[3]);
        Map<String, NDArray> own =
            biased ? Map.of("weight", weight, "bias", random(f[0])) : Map.of("weight", weight);
        Sampling same = Sampling.same(f[3], f[4], f[5]);
        Sampling sampling = new Sampling(f[4], same.padding(), f[5], f[2]);
        Convolution layer = Convolution.of(Weights.of(own, "a layer"), sampling, manager);
        NDArray expected = layer.forward(x, Mode.INFERENCE);
        NDArray cells = layer.forward(Mode.INFERENCE.call("channels_last", x), Mode.INFERENCE);
        float[] values = Mode.INFERENCE.call("channels_first", cells).toFloatArray();
        assertEquals(expected.getShape(), cells.getShape());
        float largest = expected.abs().max().getFloat();
        assertArrayEquals(
            expected.toFloatArray(), values, 2e-5f * largest, Arrays.toString(f) + " " + biased);
      }
    }
  }

  @Test
  void aSeparableConvolutionInPartsIsTheWhole() {
    NDArray x = random(2, 10, 9, 7);
    Convolution spatial =
        Convolution.of(
            Weights.of(Map.of("weight", random(10, 1, 3, 3)), "spatial"),
            Sampling.same(3, 1, 3).depthwise(10),
            manager);
    Convolution mixing =
        Convolution.of(
            Weights.of(Map.of("weight", random(6, 10, 1, 1), "bias", random(6)), "mixing"),
            Sampling.POINTWISE,
            manager);
    NDArray whole = mixing.forward(spatial.forward(x, Mode.INFERENCE), Mode.INFERENCE);
    for (int atOnce : new int[] {1, 3, 5, 10, 100}) {
      NDArray parts = spatial.separable(x, mixing, atOnce);
      assertArrayEquals(whole.toFloatArray(), parts.toFloatArray(), 1e-5f);
    }
    NDArray rows = spatial.rows(x, 2, 5);
    NDArray expected = spatial.forward(x, Mode.INFERENCE).get(":, :, 2:5");
    assertArrayEquals(expected.toFloatArray(), rows.toFloatArray(), 1e-6f);
    assertThrows(IllegalStateException.class, () -> mixing.separable(x, mixing, 2));
  }

  @Test
  void aBiasIsAddedAndFoldedWithTheNormBehindIt() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("c.weight", new Shape(5, 3, 3, 3));
    shapes.put("c.bias", new Shape(5));
    BatchNorm.shapes(shapes, "n", 5);
    Weights weights = Weights.load(new PortableWeights(shapes, "fold"), shapes, manager);
    Convolution plain = Convolution.of(weights.at("c"), Sampling.same(3, 2, 1), manager);
    NDArray x = random(2, 3, 7, 8);
    NDArray maps = plain.forward(x, Mode.INFERENCE);
    NDArray unbiased =
        Convolution.of(
                Weights.of(Map.of("weight", weights.get("c.weight")), "c"),
                Sampling.same(3, 2, 1),
                manager)
            .forward(x, Mode.INFERENCE);
    NDArray shift = weights.get("c.bias").reshape(1, 5, 1, 1);
    assertArrayEquals(unbiased.add(shift).toFloatArray(), maps.toFloatArray(), 1e-5f);
    Convolution normed =
        plain.normed(BatchNorm.of(weights.at("n"), BatchNorm.MOMENTUM, 1e-3, manager));
    assertArrayEquals(
        normed.forward(x, Mode.INFERENCE).toFloatArray(),
        normed.folded(manager).forward(x, Mode.INFERENCE).toFloatArray(),
        1e-5f);
    assertSame(plain, plain.folded(manager));
  }

  @Test
  void anUncountedNormMovesItsStatisticsAndNoCount() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    BatchNorm.shapes(shapes, "n", 2);
    Weights weights = Weights.load(new PortableWeights(shapes, "count"), shapes, manager).at("n");
    float before = weights.get("running_mean").getFloat(0);
    NDArray x = random(3, 2, 4, 4);
    BatchNorm.uncounted(weights, manager).forward(x, Mode.TRAINING);
    assertEquals(0, weights.get("num_batches_tracked").getLong());
    float mean = x.get(":, 0").mean().getFloat();
    assertEquals(0.9 * before + 0.1 * mean, weights.get("running_mean").getFloat(0), 1e-6);
    BatchNorm counted = BatchNorm.of(weights, 0.1, 1e-5, manager);
    counted.forward(x, Mode.TRAINING);
    counted.forward(x, Mode.DIFFERENTIABLE);
    assertEquals(1, weights.get("num_batches_tracked").getLong());
  }

  @Test
  void reluOverwritesOnlyWhereNothingIsRecorded() {
    for (Mode mode : Mode.values()) {
      NDArray x = manager.create(new float[] {-1, 2});
      NDArray other = manager.create(new float[] {0.5f, -3});
      assertArrayEquals(new float[] {0, 2}, mode.relu(x.duplicate()).toFloatArray());
      assertArrayEquals(new float[] {0, 0}, mode.addRelu(x.duplicate(), other).toFloatArray());
      assertArrayEquals(new float[] {0.5f, -3}, other.toFloatArray());
    }
    NDArray x = manager.create(new float[] {-1, 2});
    x.setRequiresGradient(true);
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      collector.backward(Mode.TRAINING.addRelu(x.mul(3), x).sum());
    }
    try (NDArray gradient = x.getGradient()) {
      assertArrayEquals(new float[] {0, 4}, gradient.toFloatArray());
    }
  }

  @Test
  void poolsTakeWhatTheirWindowsSee() {
    NDArray x = manager.arange(12f).reshape(1, 1, 3, 4);
    NDArray max = Pooling.max(x.neg(), 3, 2, 1, Mode.INFERENCE);
    assertArrayEquals(new float[] {0, -1, -4, -5}, max.toFloatArray(), 1e-6f);
    NDArray average = Pooling.average(x, 2, Mode.INFERENCE);
    assertArrayEquals(new float[] {2.5f, 4.5f}, average.toFloatArray());
    assertArrayEquals(new float[] {5.5f}, Pooling.global(x).toFloatArray());
  }

  @Test
  void dropoutScalesWhatItKeepsAndIsRepeatable() {
    NDArray x = manager.ones(new Shape(4, 2500));
    Dropout dropout = new Dropout(0.1);
    assertSame(x, dropout.forward(x, new SplittableRandom(1), Mode.INFERENCE));
    assertSame(x, dropout.forward(x, new SplittableRandom(1), Mode.DIFFERENTIABLE));
    float[] dropped = dropout.forward(x, new SplittableRandom(1), Mode.TRAINING).toFloatArray();
    assertArrayEquals(
        dropped, dropout.forward(x, new SplittableRandom(1), Mode.TRAINING).toFloatArray());
    long zeros = IntStream.range(0, dropped.length).filter(i -> dropped[i] == 0).count();
    assertEquals(1000, (double) zeros, 100);
    assertTrue(
        IntStream.range(0, dropped.length)
            .allMatch(i -> dropped[i] == 0 || dropped[i] == 1 / 0.9f));
    NDArray kept = manager.create(new boolean[] {true, false});
    assertArrayEquals(
        new float[] {4, 0},
        new Dropout(0.5).keep(manager.create(new float[] {2, 2}), kept).toFloatArray());
    assertThrows(IllegalArgumentException.class, () -> new Dropout(1));
    assertThrows(IllegalArgumentException.class, () -> new Dropout(Double.NaN));
  }

  @Test
  void firstWeightsHaveTheDeviationOfTheirDistribution() {
    Shape shape = new Shape(64, 32, 3, 3);
    assertEquals(
        Math.sqrt(2.0 / (32 * 9)),
        deviation(Initialiser.kaimingNormal(shape, Initialiser.Fan.IN), shape),
        1e-3);
    assertEquals(
        Math.sqrt(2.0 / (64 * 9)),
        deviation(Initialiser.kaimingNormal(shape, Initialiser.Fan.OUT), shape),
        1e-3);
    assertEquals(
        Math.sqrt(2.0 / (96 * 9)), deviation(Initialiser.xavierUniform(shape), shape), 1e-3);
    assertEquals(1 / Math.sqrt(3.0 * 32 * 9), deviation(Initialiser.layer(shape), shape), 1e-3);
    assertEquals(0.02, deviation(Initialiser.normal(0.02), shape), 1e-3);
    float[] cut = Initialiser.truncatedNormal(1, 0.5).values(shape, new SplittableRandom(3));
    assertTrue(IntStream.range(0, cut.length).allMatch(i -> Math.abs(cut[i]) <= 0.5));
    assertEquals(0, deviation(Initialiser.constant(0), shape));
  }

  private static double deviation(Initialiser distribution, Shape shape) {
    float[] values = distribution.values(shape, new SplittableRandom(3));
    double squares =
        IntStream.range(0, values.length).mapToDouble(i -> (double) values[i] * values[i]).sum();
    return Math.sqrt(squares / values.length);
  }

  @Test
  void sizesThatACheckpointDoesNotTellAreRefusedByName() {
    Checkpoint stored =
        new PortableWeights(
            Map.of("a.0.w", new Shape(3), "a.1.w", new Shape(3), "grid", new Shape(1, 11, 4)), "s");
    CheckpointShapes found = new CheckpointShapes(stored, "toy");
    assertEquals(2, found.count("a.", ".w"));
    assertEquals(new Shape(3), found.get("a.0.w", 1));
    Map<String, Runnable> faults =
        Map.of(
            "holds no toy: tensor b is missing", () -> found.get("b", 1),
            "must have 2 dimensions, found (3)", () -> found.get("a.0.w", 2),
            "one more than a square", () -> found.grid("grid", 3),
            "too wide",
                () ->
                    found.checked(
                        () -> {
                          throw new IllegalArgumentException("too wide");
                        }));
    faults.forEach(
        (text, fault) -> {
          CheckpointException error = assertThrows(CheckpointException.class, fault::run);
          assertTrue(error.getMessage().contains(text), error.getMessage());
          assertTrue(error.getMessage().contains(stored.source()), error.getMessage());
        });
  }
}
