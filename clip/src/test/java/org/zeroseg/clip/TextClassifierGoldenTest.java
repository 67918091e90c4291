package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.tensor.Weights;

class TextClassifierGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests("clip", Map.of("text_classifier", TextClassifierGoldenTest::classifier));
  }

  private static void classifier(GoldenCase golden) throws IOException {
    List<String> words = strings(golden.inputs().get("categories"));
    NDManager manager = NDManager.newBaseManager();
    ClipConfig config = ClipCases.config(golden.config());
    Map<String, Shape> shapes = config.shapes();
    PortableWeights portable = new PortableWeights(shapes, golden.salt(), "", golden.weightScale());
    Weights weights = Weights.load(portable, shapes, manager);
    ClipTokenizer tokenizer = ClipTokenizer.read(Golden.data().resolve("clip"));
    try (Clip clip = Clip.of(ClipModel.of(config, weights, manager), tokenizer, manager)) {
      TextEmbeddings texts = clip.textEmbeddings();
      golden.check("ensemble", rows(texts.classifier(words, templates(golden))));
      golden.check("bare_normalised", rows(texts.classifier(words, PromptTemplates.BARE)));
      golden.check("single_template", rows(clip.encode(words)));
    }
  }

  /** Such as {@code "data/clip/templates.json: maskclip85"}: a file, and a list in it. */
  private static PromptTemplates templates(GoldenCase golden) throws IOException {
    String[] place = golden.config().get("templates").getAsString().split(": ", 2);
    Path file = golden.file(place[0]);
    JsonObject lists = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    return new PromptTemplates(strings(lists.get(place[1])));
  }

  private static List<String> strings(JsonElement list) {
    return list.getAsJsonArray().asList().stream().map(JsonElement::getAsString).toList();
  }

  private static GoldenTensor rows(float[][] rows) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray matrix = manager.create(rows);
      return GoldenTensor.of(matrix);
    }
  }
}
