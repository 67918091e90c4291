package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.Transformer.Activation;
import org.zeroseg.core.network.Transformer.Options;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

class TransformerGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "clip",
        Map.of(
            "transformer_block", TransformerGoldenTest::block,
            "layer_norm", TransformerGoldenTest::layerNorm,
            "activation", TransformerGoldenTest::activation));
  }

  private static void block(GoldenCase golden) {
    JsonObject config = golden.config();
    String prefix = config.get("prefix").getAsString();
    Options options =
        new Options(
            config.get("heads").getAsInt(),
            1e-5,
            Activation.QUICK_GELU,
            config.get("causal").getAsBoolean());
    try (NDManager manager = NDManager.newBaseManager()) {
      Map<String, Shape> shapes = TransformerTest.shapes("", config.get("width").getAsLong());
      PortableWeights portable =
          new PortableWeights(shapes, golden.salt(), prefix, golden.weightScale());
      Weights loaded = Weights.load(portable, shapes, manager);
      Transformer block = TransformerTest.stack(loaded, options, manager);
      NDArray tokens = golden.input(manager, "x").swapAxes(0, 1);
      golden.check("attention", block.attention(0, tokens).swapAxes(0, 1));
      golden.check("out", block.forward(tokens).swapAxes(0, 1));
    }
  }

  private static void layerNorm(GoldenCase golden) {
    String prefix = golden.config().get("prefix").getAsString();
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = golden.input(manager, "x");
      Shape width = new Shape(x.getShape().get(x.getShape().dimension() - 1));
      NDArray weight =
          manager.create(PortableWeights.values(golden.salt(), prefix + "weight", width), width);
      NDArray bias =
          manager.create(PortableWeights.values(golden.salt(), prefix + "bias", width), width);
      golden
          .config()
          .getAsJsonObject("eps")
          .asMap()
          .forEach(
              (output, epsilon) ->
                  golden.check(
                      output,
                      Kernels.core()
                          .call(
                              "layer_norm",
                              x,
                              weight,
                              bias,
                              manager.create(epsilon.getAsDouble()))));
    }
  }

  private static void activation(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = golden.input(manager, "x");
      for (String output : golden.outputs().keySet()) {
        golden.check(
            output, Activation.valueOf(output.toUpperCase(java.util.Locale.ROOT)).apply(x));
      }
    }
  }
}
