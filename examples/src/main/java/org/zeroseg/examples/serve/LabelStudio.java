package org.zeroseg.examples.serve;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.export.AnnotationFormat;
import org.zeroseg.core.export.AnnotationWriter;
import org.zeroseg.core.file.Leftovers;

/**
 * The machine-learning backend that Label Studio asks for predictions: it sends tasks and its
 * project's configuration with every request, so that nothing is kept between them.
 */
final class LabelStudio {

  static final String VERSION = "zeroseg";

  /** Tasks of a request. */
  private static final int MOST_TASKS = 100;

  /** Looks at a picture. */
  @FunctionalInterface
  interface Look {
    Segmentation at(String field, byte[] picture, Question question);
  }

  private LabelStudio() {}

  /** What a project's connection is answered with. */
  static Answer setup(JsonObject request) {
    String schema = text(request, "schema");
    if (!schema.isBlank()) {
      LabelConfig.parse(schema);
    }
    JsonObject answer = new JsonObject();
    answer.addProperty("model_version", VERSION);
    return Answer.json(200, answer.toString());
  }

  /** Events of a project, which need nothing done: this backend does not learn. */
  static Answer webhook(JsonObject request) {
    text(request, "action");
    JsonObject answer = new JsonObject();
    answer.addProperty("status", "ok");
    return Answer.json(200, answer.toString());
  }

  /** One prediction for each task. */
  static Answer predict(JsonObject request, TaskPictures pictures, Limits limits, Look look)
      throws IOException {
    LabelConfig config = LabelConfig.parse(text(request, "label_config"));
    Question question = Question.of(config.labels());
    Fields.requireFew(question, limits);
    if (!(request.get("tasks") instanceof JsonArray tasks)) {
      throw Refusal.of("tasks", "a list of tasks", String.valueOf(request.get("tasks")));
    }
    if (tasks.size() > MOST_TASKS) {
      throw Refusal.of("tasks", "at most " + MOST_TASKS + " tasks", tasks.size() + " tasks");
    }
    JsonArray results = new JsonArray();
    for (int i = 0; i < tasks.size(); i++) {
      String field = "tasks[" + i + "].data." + config.field();
      byte[] bytes = pictures.read(field, place(tasks.get(i), field, config), limits);
      results.add(prediction(look.at(field, bytes, question), config));
    }
    JsonObject answer = new JsonObject();
    answer.add("results", results);
    answer.addProperty("model_version", VERSION);
    return Answer.json(200, answer.toString());
  }

  private static String place(JsonElement task, String field, LabelConfig config) {
    if (task instanceof JsonObject object
        && object.get("data") instanceof JsonObject data
        && data.has(config.field())
        && data.get(config.field()).isJsonPrimitive()) {
      return data.get(config.field()).getAsString();
    }
    throw Refusal.of(field, "where the picture is", "nothing");
  }

  private static String text(JsonObject request, String field) {
    if (request.has(field) && request.get(field).isJsonPrimitive()) {
      return request.get(field).getAsString();
    }
    throw Refusal.of(field, "a text", String.valueOf(request.get(field)));
  }

  /** As the format's writer has it, but for the names of the project's controls. */
  private static JsonObject prediction(Segmentation found, LabelConfig config) throws IOException {
    AnnotationFormat format =
        config.polygons() ? AnnotationFormat.LABEL_STUDIO_POLYGONS : AnnotationFormat.LABEL_STUDIO;
    Path folder = Files.createTempDirectory("zeroseg-serve");
    try (AnnotationWriter writer = format.open(folder)) {
      writer.add("picture", folder.resolve("picture"), found);
      writer.finish();
      String tasks = Files.readString(folder.resolve("tasks.json"), StandardCharsets.UTF_8);
      JsonObject prediction =
          JsonParser.parseString(tasks)
              .getAsJsonArray()
              .get(0)
              .getAsJsonObject()
              .getAsJsonArray("predictions")
              .get(0)
              .getAsJsonObject();
      for (JsonElement region : prediction.getAsJsonArray("result")) {
        region.getAsJsonObject().addProperty("from_name", config.control());
        region.getAsJsonObject().addProperty("to_name", config.image());
      }
      return prediction;
    } finally {
      Leftovers.deleteTree(folder);
    }
  }
}
