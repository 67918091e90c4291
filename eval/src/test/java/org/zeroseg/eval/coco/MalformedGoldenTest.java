package org.zeroseg.eval.coco;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.InvalidDataException;

class MalformedGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests("eval", Map.of("malformed", this::answers));
  }

  private void answers(GoldenCase golden) {
    double tolerance = golden.outputs().get("summary_atol").getAsDouble();
    Assertions.assertAll(
        golden.json().getAsJsonArray("entries").asList().stream()
            .map(JsonElement::getAsJsonObject)
            .map(entry -> () -> answers(golden.folder(), entry, tolerance)));
  }

  private void answers(Path folder, JsonObject entry, double tolerance) throws IOException {
    String name = entry.get("name").getAsString();
    if (entry.get("answer").getAsString().equals("error")) {
      InvalidDataException error =
          assertThrows(InvalidDataException.class, () -> evaluate(folder, entry), name);
      checkMentions(entry, error.getMessage());
      return;
    }
    CocoScores scores = evaluate(folder, entry);
    List<JsonElement> summary = entry.getAsJsonArray("summary").asList();
    for (int i = 0; i < summary.size(); i++) {
      assertEquals(
          summary.get(i).getAsDouble(), scores.referenceSummary()[i], tolerance, name + " " + i);
    }
    assertEquals(
        entry.get("answer").getAsString().equals("warning"),
        !scores.warnings().isEmpty(),
        name + ": " + scores.warnings());
    checkMentions(entry, String.join("\n", scores.warnings()));
  }

  private static CocoScores evaluate(Path folder, JsonObject entry) throws IOException {
    Path own = folder.resolve(entry.get("name").getAsString());
    CocoGroundTruth truth = CocoGroundTruth.read(own.resolve("gt.json"));
    return new CocoEvaluator(
            CocoProtocol.coco()
                .overlap(
                    entry.get("iouType").getAsString().equals("bbox") ? Overlap.BOX : Overlap.MASK))
        .evaluate(CocoDetections.read(own.resolve("dt.json"), truth));
  }

  private static void checkMentions(JsonObject entry, String message) {
    for (JsonElement mention : entry.getAsJsonArray("message_mentions")) {
      assertTrue(
          message.contains(mention.getAsString()),
          entry.get("name") + " should mention " + mention + ": " + message);
    }
  }
}
