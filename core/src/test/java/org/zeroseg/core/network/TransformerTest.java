package org.zeroseg.core.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.Precision;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.Transformer.Activation;
import org.zeroseg.core.network.Transformer.Names;
import org.zeroseg.core.network.Transformer.Options;
import org.zeroseg.core.tensor.Gradients;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

class TransformerTest {

  private static final Options PLAIN = new Options(2, 1e-5, Activation.QUICK_GELU, false);

  /** The shapes of one block under CLIP's names. */
  static Map<String, Shape> shapes(String prefix, long width) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("attn.in_proj_weight", new Shape(3 * width, width));
    shapes.put("attn.in_proj_bias", new Shape(3 * width));
    shapes.put("attn.out_proj.weight", new Shape(width, width));
    shapes.put("attn.out_proj.bias", new Shape(width));
    for (String norm : List.of("ln_1", "ln_2")) {
      shapes.put(norm + ".weight", new Shape(width));
      shapes.put(norm + ".bias", new Shape(width));
    }
    shapes.put("mlp.c_fc.weight", new Shape(4 * width, width));
    shapes.put("mlp.c_fc.bias", new Shape(4 * width));
    shapes.put("mlp.c_proj.weight", new Shape(width, 4 * width));
    shapes.put("mlp.c_proj.bias", new Shape(width));
    Map<String, Shape> prefixed = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> prefixed.put(prefix + name, shape));
    return prefixed;
  }

  /** A stack of one block whose weights have no prefix. */
  static Transformer stack(Weights block, Options options, NDManager manager) {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    block.names().forEach(name -> arrays.put("0." + name, block.get(name)));
    return Transformer.of(Weights.of(arrays, "test"), 1, Names.CLIP, options, manager);
  }

  private static Weights weights(NDManager manager, int layers, long width) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (int i = 0; i < layers; i++) {
      shapes.putAll(shapes(i + ".", width));
    }
    return Weights.load(new PortableWeights(shapes, "test"), shapes, manager);
  }

  private static NDArray tokens(NDManager manager, long... shape) {
    return Gradients.random(manager, new SplittableRandom(1), shape)
        .toType(DataType.FLOAT32, false);
  }

  @Test
  void causalAttentionIsAMaskAboveTheDiagonal() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Weights weights = weights(manager, 2, 16);
      Transformer plain = Transformer.of(weights, 2, Names.CLIP, PLAIN, manager);
      Options masking = new Options(2, 1e-5, Activation.QUICK_GELU, true);
      Transformer causal = Transformer.of(weights, 2, Names.CLIP, masking, manager);
      float[] mask = new float[25];
      for (int i = 0; i < 5; i++) {
        Arrays.fill(mask, 5 * i + i + 1, 5 * i + 5, Float.NEGATIVE_INFINITY);
      }
      NDArray x = tokens(manager, 2, 5, 16);
      NDArray masked = plain.forward(x, manager.create(mask, new Shape(5, 5)), 0, 2);
      assertArrayEquals(masked.toFloatArray(), causal.forward(x).toFloatArray(), 1e-5f);
      // What stands later changes nothing before it.
      NDArray shorter = causal.forward(x.get(":, :3"));
      assertArrayEquals(
          shorter.toFloatArray(), causal.forward(x).get(":, :3").toFloatArray(), 1e-5f);
    }
  }

  @Test
  void aLongSequenceGoesThroughTheMlpInPartsThatDoNotShow() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Transformer stack = Transformer.of(weights(manager, 1, 16), 1, Names.CLIP, PLAIN, manager);
      NDArray x = tokens(manager, 2, 1100, 16);
      NDArray whole = stack.feedForward(0, x);
      for (int start = 0; start < 1100; start += 550) {
        String some = ":, " + start + ":" + (start + 550);
        NDArray own = stack.feedForward(0, x.get(":1, " + start + ":" + (start + 550)));
        assertArrayEquals(whole.get(some).get(0).toFloatArray(), own.get(0).toFloatArray(), 1e-6f);
      }
    }
  }

  @Test
  void theFirstTokenAloneIsThatOfAll() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Transformer stack = Transformer.of(weights(manager, 2, 32), 2, Names.CLIP, PLAIN, manager);
      for (long count : new long[] {1, 7}) {
        NDArray x = tokens(manager, 3, count, 32);
        assertArrayEquals(
            stack.forward(x).get(":, 0").toFloatArray(), stack.first(x).toFloatArray(), 1e-5f);
      }
    }
  }

  @Test
  void integersStayCloseToFloat32() {
    Map<String, Shape> shapes = new LinkedHashMap<>(shapes("0.", 64));
    shapes.putAll(shapes("1.", 64));
    PortableWeights checkpoint = new PortableWeights(shapes, "test");
    try (NDManager manager = NDManager.newBaseManager()) {
      Transformer wide =
          Transformer.of(Weights.load(checkpoint, shapes, manager), 2, Names.CLIP, PLAIN, manager);
      Weights rounded =
          Weights.load(
              checkpoint, shapes, Precision.INT8, name -> false, Names.CLIP::isMatrix, manager);
      assertEquals(DataType.INT8, rounded.get("0.mlp.c_fc.weight").getDataType());
      assertEquals(DataType.FLOAT32, rounded.get("0.mlp.c_fc.bias").getDataType());
      Transformer narrow = Transformer.of(rounded, 2, Names.CLIP, PLAIN, manager);
      for (long count : new long[] {1, 7, 300}) {
        NDArray x = tokens(manager, 2, count, 64);
        assertClose(wide.forward(x), narrow.forward(x));
        assertClose(wide.first(x), narrow.first(x));
        NDList thirds = narrow.queriesKeysValues(0, x);
        for (Transformer.Part part : Transformer.Part.values()) {
          assertClose(wide.part(0, x, part), narrow.part(0, x, part));
          assertClose(
              thirds.get(List.of(Transformer.Part.values()).indexOf(part)),
              narrow.part(0, x, part));
          assertClose(wide.projectedPart(1, x, part), narrow.projectedPart(1, x, part));
        }
        List<NDArray> expected = wide.attentionWeights(0, x);
        List<NDArray> actual = narrow.attentionWeights(0, x);
        for (int i = 0; i < expected.size(); i++) {
          assertClose(expected.get(i), actual.get(i));
        }
      }
    }
  }

  private static void assertClose(NDArray expected, NDArray actual) {
    assertEquals(expected.getShape(), actual.getShape());
    double error = actual.sub(expected).norm().getFloat() / expected.norm().getFloat();
    assertTrue(error < 0.02, "relative error " + error);
  }

  @Test
  void partsMakeUpTheWhole() {
    try (NDManager manager = NDManager.newBaseManager()) {
      for (Activation activation : Activation.values()) {
        Options options = new Options(4, 1e-6, activation, false);
        Transformer stack =
            Transformer.of(weights(manager, 2, 32), 2, Names.CLIP, options, manager);
        NDArray x = tokens(manager, 2, 7, 32);
        NDArray parts = x;
        for (int layer = 0; layer < 2; layer++) {
          parts = stack.feedForward(layer, parts.add(stack.attention(layer, parts)));
        }
        assertArrayEquals(parts.toFloatArray(), stack.forward(x).toFloatArray(), 1e-5f);
        NDList states = stack.hiddenStates(x);
        assertArrayEquals(stack.forward(x, 0, 1).toFloatArray(), states.get(0).toFloatArray());
        assertArrayEquals(stack.forward(x).toFloatArray(), states.get(1).toFloatArray());

        NDArray attention = stack.attentionProbabilities(0, x);
        NDArray values = stack.queriesKeysValues(0, x).get(2).reshape(2, 7, 4, 8).swapAxes(1, 2);
        NDArray mixed = attention.matMul(values).swapAxes(1, 2).reshape(2, 7, 32);
        NDArray weight = weights(manager, 1, 32).at("0").get("attn.out_proj.weight");
        NDArray bias = weights(manager, 1, 32).at("0").get("attn.out_proj.bias");
        assertArrayEquals(
            mixed.matMul(weight.transpose()).add(bias).toFloatArray(),
            stack.attention(0, x).toFloatArray(),
            1e-5f);
        NDArray alone = stack.queriesKeysValues(0, x).get(2).matMul(weight.transpose()).add(bias);
        assertArrayEquals(
            alone.toFloatArray(),
            stack.projectedPart(0, x, Transformer.Part.VALUES).toFloatArray(),
            1e-5f);
        Transformer.Part[] thirds = Transformer.Part.values();
        for (int i = 0; i < thirds.length; i++) {
          assertArrayEquals(
              stack.queriesKeysValues(0, x).get(i).toFloatArray(),
              stack.part(0, x, thirds[i]).toFloatArray(),
              1e-5f);
        }
      }
    }
  }

  @Test
  void gradientsAgreeWithFiniteDifferences() {
    try (NDManager manager = NDManager.newBaseManager()) {
      SplittableRandom random = new SplittableRandom(3);
      NDArray empty = manager.zeros(new Shape(0));
      NDArray mask = Gradients.random(manager, random, 5, 5);
      for (int activation = 0; activation < 3; activation++) {
        for (int attention = 0; attention < 3; attention++) {
          NDArray options =
              manager.create(new double[] {2, 1e-5, activation, attention == 1 ? 1 : 0});
          NDArray added = attention == 2 ? mask : empty;
          List<NDArray> arguments = new ArrayList<>();
          arguments.add(Gradients.random(manager, random, 2, 5, 8));
          for (long[] shape :
              new long[][] {
                {8}, {8}, {24, 8}, {24}, {8, 8}, {8}, {8}, {8}, {32, 8}, {32}, {8, 32}, {8}
              }) {
            arguments.add(Gradients.random(manager, random, shape));
          }
          Gradients.check(
              manager,
              a -> {
                List<NDArray> all = new ArrayList<>(List.of(a));
                all.addAll(1, List.of(options, added));
                return Kernels.core().differentiable("block", all.toArray(NDArray[]::new));
              },
              arguments.toArray(NDArray[]::new));
        }
      }
    }
  }

  @Test
  void wrongShapesAreRefusedWithTheKernelsMessage() {
    try (NDManager manager = NDManager.newBaseManager()) {
      Transformer stack = Transformer.of(weights(manager, 1, 16), 1, Names.CLIP, PLAIN, manager);
      NDArray narrow = tokens(manager, 1, 3, 8);
      RuntimeException error =
          org.junit.jupiter.api.Assertions.assertThrows(
              RuntimeException.class, () -> stack.forward(narrow));
      assertTrue(error.getMessage().contains("layer_norm"), error.getMessage());
    }
  }

  @Test
  void resultsFromFourThreadsAreThoseOfOneBitForBit() throws Exception {
    try (NDManager manager = NDManager.newBaseManager()) {
      Transformer stack = Transformer.of(weights(manager, 2, 64), 2, Names.CLIP, PLAIN, manager);
      List<float[]> expected = new ArrayList<>();
      for (int n = 1; n <= 8; n++) {
        expected.add(run(manager, stack, n));
      }
      ExecutorService threads = Executors.newFixedThreadPool(4);
      try {
        List<Callable<Integer>> calls = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
          calls.add(
              () -> {
                int different = 0;
                for (int call = 0; call < 200; call++) {
                  float[] result = run(manager, stack, 1 + call % 8);
                  different += Arrays.equals(expected.get(call % 8), result) ? 0 : 1;
                }
                return different;
              });
        }
        for (Future<Integer> different : threads.invokeAll(calls)) {
          assertEquals(0, different.get());
        }
      } finally {
        threads.shutdownNow();
      }
    }
  }

  private static float[] run(NDManager manager, Transformer stack, int n) {
    try (NDManager call = manager.newSubManager()) {
      return stack.forward(tokens(call, 2, n, 64)).toFloatArray();
    }
  }
}
