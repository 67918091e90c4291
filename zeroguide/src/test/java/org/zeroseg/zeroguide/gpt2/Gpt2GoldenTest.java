package org.zeroseg.zeroguide.gpt2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.core.Precision;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;

class Gpt2GoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "zerocap", Map.of("gpt2-forward", this::forward, "byte-level-bpe", this::byteLevelPairs));
  }

  private void forward(GoldenCase golden) {
    JsonObject config = golden.config();
    try (NDManager manager = NDManager.newBaseManager()) {
      Gpt2 model = Gpt2Cases.model(config, golden.salt(), manager);
      NDArray ids = golden.input(manager, "ids");
      Gpt2.Reading whole = model.read(ids);
      int split = config.get("split").getAsInt();
      Gpt2.Reading start = model.read(ids.get(":, :" + split));
      NDArray rest = model.read(ids.get(":, " + split + ":"), start.memory()).logits();
      JsonElement stride = config.get("logits_stride");
      String every = stride.isJsonNull() ? ":" : "::" + stride.getAsInt();
      for (String name : golden.outputs().keySet()) {
        String plain = name.replace("_slice", "");
        GoldenTensor found;
        if (plain.startsWith("key_") || plain.startsWith("value_")) {
          int layer = Integer.parseInt(plain.substring(plain.lastIndexOf('_') + 1));
          Memory.Layer memory = whole.memory().layers().get(layer);
          NDArray array = plain.startsWith("key_") ? memory.keys() : memory.values();
          found = GoldenTensor.of(array);
          found = plain.equals(name) ? found : found.slice("[:, :, :, :8]");
        } else if (plain.startsWith("top20")) {
          found = top(whole.logits(), plain.endsWith("ids"));
        } else {
          NDArray logits = plain.equals("logits") ? whole.logits() : rest;
          found = GoldenTensor.of(logits).slice("[:, :, " + every + "]");
        }
        golden.check(name, found);
      }
      Gpt2 integers = Gpt2Cases.model(config, golden.salt(), Precision.INT8, manager);
      requireAlike(whole.logits(), integers.read(ids).logits());
      NDArray of =
          manager.randomNormal(new Shape(ids.getShape().get(0), model.config().vocabulary()));
      requireAlike(
          gradient(model, ids, start.memory(), of), gradient(integers, ids, start.memory(), of));
    }
  }

  /**
   * With respect to the memory before it, of the sum of a token's logits times {@code of}, every
   * text's gradient by itself.
   */
  private static NDArray gradient(Gpt2 model, NDArray ids, Memory memory, NDArray of) {
    long next = memory.length();
    Gpt2.Pass pass = model.pass(ids.get(":, " + next + ":" + (next + 1)), memory);
    NDList parts = new NDList();
    model.gradient(
        memory,
        pass,
        of,
        (layer, part) -> {
          parts.add(part.keys().reshape(of.getShape().get(0), -1).duplicate());
          parts.add(part.values().reshape(of.getShape().get(0), -1).duplicate());
        });
    return NDArrays.concat(parts, 1);
  }

  /** Products in integers turn no vector by more than a cosine of 0.999. */
  private static void requireAlike(NDArray expected, NDArray actual) {
    int[] rows = {expected.getShape().dimension() - 1};
    NDArray cosines =
        expected.mul(actual).sum(rows).div(expected.norm(rows).mul(actual.norm(rows)));
    float least = cosines.min().getFloat();
    assertTrue(least >= 0.999f, "a cosine of " + least);
  }

  /** The twenty largest logits behind each text, or their ids. */
  private static GoldenTensor top(NDArray logits, boolean ids) {
    NDArray last = logits.get(":, -1");
    int rows = (int) last.getShape().get(0);
    int width = (int) last.getShape().get(1);
    float[] values = last.toFloatArray();
    double[] found = new double[20 * rows];
    for (int row = 0; row < rows; row++) {
      int start = row * width;
      List<Integer> best =
          IntStream.range(0, width)
              .boxed()
              .sorted(Comparator.comparing(i -> -values[start + i]))
              .limit(20)
              .toList();
      for (int i = 0; i < 20; i++) {
        found[20 * row + i] = ids ? best.get(i) : values[start + best.get(i)];
      }
    }
    return GoldenTensor.of(found, rows, 20);
  }

  private void byteLevelPairs(GoldenCase golden) throws Exception {
    JsonObject config = golden.config();
    ByteLevelTokenizer tokenizer =
        ByteLevelTokenizer.read(golden.file(config.get("merges").getAsString()));
    assertEquals(config.get("vocab_size").getAsInt(), tokenizer.vocabularySize());
    config
        .getAsJsonObject("special")
        .asMap()
        .forEach(
            (text, id) -> assertArrayEquals(new int[] {id.getAsInt()}, tokenizer.encode(text)));
    for (JsonElement element : golden.json().getAsJsonArray("encode")) {
      String text = element.getAsJsonObject().get("text").getAsString();
      assertArrayEquals(ids(element), tokenizer.encode(text), text);
    }
    for (JsonElement element : golden.json().getAsJsonArray("decode")) {
      JsonObject entry = element.getAsJsonObject();
      assertEquals(entry.get("text_raw").getAsString(), tokenizer.decodeRaw(ids(element)));
      assertEquals(entry.get("text_cleaned").getAsString(), tokenizer.decode(ids(element)));
    }
  }

  private static int[] ids(JsonElement entry) {
    return entry.getAsJsonObject().getAsJsonArray("ids").asList().stream()
        .mapToInt(JsonElement::getAsInt)
        .toArray();
  }
}
