package org.zeroseg.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.tensor.TorchEngine;

/** SGD, schedules and cross-entropy against values that PyTorch 2.7.1 gave. */
@SuppressWarnings("FloatingPointLiteralPrecision") // as PyTorch printed them
class RecordedPyTorchTest {

  private final NDManager manager = TorchEngine.newManager();

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void sgdHasMomentumDecayGroupsAndClippingOfTheTotalNorm() {
    NDArray a = manager.create(new float[] {0.5f, -1.25f, 2, 0.75f}, new Shape(2, 2));
    NDArray b = manager.create(new float[] {0.3f, -0.6f, 0.9f});
    float[][] gradientsOfA = {
      {1.5f, -0.5f, 0.25f, 2},
      {-1, 0.125f, 0.5f, 0.75f},
      {0.1f, 0.2f, -0.3f, 0.4f},
      {3, -2, 1, 0.5f}
    };
    float[][] gradientsOfB = {
      {0.5f, -1, 2.5f}, {1, 1.5f, -0.5f}, {-0.05f, 0.15f, 0.25f}, {-1, 2, 0.25f}
    };
    float[][] expectedA = {
      {0.419500023f, -1.22208333f, 1.98466671f, 0.64258337f},
      {0.433275372f, -1.20656681f, 1.92555964f, 0.480282187f},
      {0.433471829f, -1.20704973f, 1.92304742f, 0.461627066f},
      {0.432119876f, -1.20617092f, 1.92234695f, 0.459715933f}
    };
    float[][] expectedB = {
      {0.294666678f, -0.589333355f, 0.873333335f},
      {0.272537708f, -0.605726779f, 0.857997835f},
      {0.270646095f, -0.607502162f, 0.856117666f},
      {0.270566881f, -0.607843995f, 0.855925679f}
    };
    List<Optimiser.Group> groups =
        List.of(
            new Optimiser.Group(Map.of("a", a), Schedule.milestones(0.1, 0.1, 2, 3), 0.01),
            new Optimiser.Group(Map.of("b", b), Schedule.milestones(0.02, 0.1, 2, 3), 0));
    try (Optimiser sgd = new Sgd(groups, 0.9).clipping(2)) {
      for (int step = 0; step < expectedA.length; step++) {
        NDArray ofA = manager.create(gradientsOfA[step], a.getShape());
        sgd.step(Map.of("a", ofA, "b", manager.create(gradientsOfB[step])));
        assertArrayEquals(expectedA[step], a.toFloatArray(), 3e-7f);
        assertArrayEquals(expectedB[step], b.toFloatArray(), 3e-7f);
      }
      assertArrayEquals(
          new float[] {1.3519659f, -0.878820956f, 0.700431824f, 1.91113031f},
          sgd.state().get("sgd.momentum.a").toFloatArray(),
          1e-6f);
      assertArrayEquals(
          new float[] {0.396118879f, 1.70914268f, 0.959864259f},
          sgd.state().get("sgd.momentum.b").toFloatArray(),
          1e-6f);
      assertEquals(1e-3, sgd.rates().get(0), 1e-18);
    }
  }

  @Test
  void sgdThatIsStoppedGoesOnFromItsState() {
    Map<String, NDArray> weights = new LinkedHashMap<>();
    weights.put("w", manager.create(new float[] {1, 2}));
    List<Optimiser.Group> groups =
        List.of(new Optimiser.Group(weights, Schedule.linear(0.1, 0, 10), 0.1));
    float[] through;
    float[] half = {};
    float[] momentum = {};
    try (Optimiser sgd = new Sgd(groups, 0.9)) {
      for (int step = 0; step < 6; step++) {
        if (step == 3) {
          half = weights.get("w").toFloatArray();
          momentum = sgd.state().get("sgd.momentum.w").toFloatArray();
        }
        sgd.step(Map.of("w", manager.create(new float[] {step, 1})));
      }
      through = weights.get("w").toFloatArray();
    }
    weights.get("w").set(half);
    try (Optimiser sgd = new Sgd(groups, 0.9)) {
      sgd.state().get("sgd.momentum.w").set(momentum);
      sgd.resumeAfter(3, 0);
      for (int step = 3; step < 6; step++) {
        sgd.step(Map.of("w", manager.create(new float[] {step, 1})));
      }
      assertArrayEquals(through, weights.get("w").toFloatArray());
    }
  }

  @Test
  void aMomentumThatKeepsEverythingIsRefused() {
    List<Optimiser.Group> groups =
        List.of(
            new Optimiser.Group(Map.of("p", manager.zeros(new Shape(2))), Schedule.constant(1), 0));
    assertThrows(IllegalArgumentException.class, () -> new Sgd(groups, 1));
  }

  private static void assertRates(Schedule schedule, double... expected) {
    double[] rates = LongStream.range(0, expected.length).mapToDouble(schedule::rate).toArray();
    assertArrayEquals(expected, rates, 1e-15);
  }

  @Test
  void schedulesHaveTheRatesOfPyTorch() {
    assertRates(
        Schedule.milestones(0.01, 0.1, 7, 3),
        0.01,
        0.01,
        0.01,
        0.001,
        0.001,
        0.001,
        0.001,
        0.0001,
        0.0001,
        0.0001);
    assertRates(
        Schedule.linear(0.01, 0.001, 8),
        0.01,
        0.008875,
        0.00775,
        0.006625,
        0.0055,
        0.004375,
        0.00325,
        0.002125,
        0.001,
        0.001);
    assertRates(
        Schedule.constant(0.01).warmUp(5, 1.0 / 3),
        0.003333333333333333,
        0.004666666666666667,
        0.006,
        0.007333333333333335,
        0.00866666666666667,
        0.01,
        0.01);
    assertRates(
        Schedule.cosine(0.01, 9, 0.001),
        0.01,
        0.00972861679353659,
        0.008947199994035402,
        0.00775,
        0.006281416799501188,
        0.004718583200498814,
        0.00325,
        0.0020528000059645995,
        0.0012713832064634126,
        0.001);
    assertRates(
        Schedule.poly(0.01, 9, 0.9, 0),
        0.01,
        0.008994203919269413,
        0.007975721442120746,
        0.006942531626616072,
        0.005891891564522326,
        0.004819874538656438,
        0.003720410580113015,
        0.002582906811643164,
        0.001384145488461686,
        0);
  }

  @Test
  void warmUpFollowsAScheduleThatFallsMeanwhile() {
    Schedule warm = Schedule.milestones(1, 0.1, 4).warmUp(8, 0.5);
    assertEquals(0.5, warm.rate(0));
    assertEquals(0.1 * 0.875, warm.rate(6), 1e-15);
    assertEquals(0.1, warm.rate(8), 1e-15);
  }

  @Test
  void crossEntropyLeavesOutIgnoredPixels() {
    float[] values = {
      1, -0.5f, 0.25f, 2, 0.5f, 0.75f, -1, 0, -0.25f, 1.5f, 0.5f, -2, 0.1f, 0.2f, 0.3f, 0.4f, 2, -1,
      1, 0, 0.6f, 0.5f, -0.4f, 0.7f
    };
    float[] expected = {
      -0.094349578f,
      0,
      0.0778049603f,
      0.173362657f,
      0.0640802309f,
      0,
      0.0222914927f,
      -0.176537916f,
      0.0302693546f,
      0,
      -0.100096457f,
      0.00317524723f,
      0,
      0,
      0.0569745712f,
      -0.133778766f,
      0,
      0,
      -0.0852673054f,
      0.0443894304f,
      0,
      0,
      0.0282927342f,
      0.0893893242f
    };
    long[] labels = {0, 255, 2, 1, 255, 255, 1, 0};
    CrossEntropy loss = new CrossEntropy(255);
    assertEquals(1.02725077f, value(loss, values, labels, expected), 1e-6f);
    assertTrue(loss.usable(labels));
  }

  @Test
  void crossEntropyOfIgnoredPixelsAloneIsZeroWithoutAGradient() {
    long[] labels = LongStream.generate(() -> 255).limit(8).toArray();
    CrossEntropy loss = new CrossEntropy(255);
    assertEquals(0, value(loss, new float[24], labels, new float[24]));
    assertFalse(loss.usable(labels));
    assertTrue(new CrossEntropy(1000).usable(labels));
  }

  /** Logits [2, 3, 2, 2] and labels [2, 2, 2]; checks the gradient of the logits. */
  private float value(CrossEntropy loss, float[] values, long[] labels, float[] gradient) {
    try (NDManager call = manager.newSubManager()) {
      NDArray logits = call.create(values, new Shape(2, 3, 2, 2));
      logits.setRequiresGradient(true);
      float value;
      try (GradientCollector collector = TorchEngine.get().newGradientCollector()) {
        NDArray found = loss.of(logits, call.create(labels, new Shape(2, 2, 2)));
        value = found.getFloat();
        collector.backward(found);
      }
      assertArrayEquals(gradient, logits.getGradient().toFloatArray(), 1e-7f);
      return value;
    }
  }
}
