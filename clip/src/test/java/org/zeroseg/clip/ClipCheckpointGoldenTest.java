package org.zeroseg.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.Transformer.Activation;

class ClipCheckpointGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "clip",
        Map.of(
            "checkpoint", ClipCheckpointGoldenTest::checkpoint,
            "state_dict_names", ClipCheckpointGoldenTest::names));
  }

  private static void checkpoint(GoldenCase golden) {
    for (String file : golden.config().getAsJsonObject("files").keySet()) {
      if (file.endsWith(".json")) {
        continue;
      }
      try (Checkpoint checkpoint = Checkpoints.open(golden.file(file));
          NDManager manager = NDManager.newBaseManager()) {
        ClipModel model =
            ClipModel.load(checkpoint, Activation.QUICK_GELU, Precision.FLOAT32, manager);
        assertEquals(ClipCases.config(golden.config()), model.config(), file);
        NDArray image = model.image().encode(golden.input(manager, "image"));
        NDArray text = model.text().encode(golden.input(manager, "ids"));
        for (String output : golden.outputs().keySet()) {
          switch (output) {
            case "image_embedding" -> golden.check(output, image);
            case "text_embedding" -> golden.check(output, text);
            case "logits_per_image" -> golden.check(output, model.logits(image, text));
            default ->
                golden.check(output, model.weights().get(output.substring("weight:".length())));
          }
        }
      }
    }
  }

  private static void names(GoldenCase golden) {
    ClipConfig config = ClipCases.config(golden.config());
    Map<String, Shape> openAi = shapes(golden.outputs().getAsJsonObject("openai"));
    assertEquals(openAi, config.shapes());
    assertEquals(golden.outputs().get("openai_count").getAsInt(), config.shapes().size());
    assertEquals(config, ClipConfig.of(new PortableWeights(openAi, golden.salt())));
    if (golden.outputs().has("transformers")) {
      Map<String, Shape> other = shapes(golden.outputs().getAsJsonObject("transformers"));
      Checkpoint view = ClipModel.openAiNames(new PortableWeights(other, golden.salt()));
      Map<String, Shape> seen = new LinkedHashMap<>();
      view.tensors().forEach((name, info) -> seen.put(name, info.shape()));
      assertEquals(openAi, seen);
    }
  }

  private static Map<String, Shape> shapes(JsonObject recorded) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    recorded
        .asMap()
        .forEach(
            (name, sides) ->
                shapes.put(
                    name,
                    new Shape(
                        sides.getAsJsonArray().asList().stream()
                            .mapToLong(JsonElement::getAsLong)
                            .toArray())));
    return shapes;
  }
}
