package org.zeroseg.core.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** One golden case: its JSON, its recorded tensors, and the comparison that its tolerances ask. */
public final class GoldenCase {

  private final Path folder;
  private final JsonObject json;
  private final Map<String, Map<String, GoldenTensor>> files = new HashMap<>();

  private GoldenCase(Path folder, JsonObject json) {
    this.folder = folder;
    this.json = json;
  }

  static GoldenCase read(Path folder) throws IOException {
    try (Reader reader = Files.newBufferedReader(folder.resolve("case.json"))) {
      return new GoldenCase(folder, JsonParser.parseReader(reader).getAsJsonObject());
    }
  }

  public Path folder() {
    return folder;
  }

  /** The whole of case.json. */
  public JsonObject json() {
    return json;
  }

  public String kind() {
    return json.get("kind").getAsString();
  }

  public JsonObject config() {
    return json.has("config") ? json.getAsJsonObject("config") : new JsonObject();
  }

  public JsonObject inputs() {
    return json.getAsJsonObject("inputs");
  }

  public JsonObject outputs() {
    return json.getAsJsonObject("outputs");
  }

  /** The salt of the portable weights: the case's, its configuration's, or the default. */
  public String salt() {
    if (json.has("salt")) {
      return json.get("salt").getAsString();
    }
    return config().has("salt") ? config().get("salt").getAsString() : "zeroseg";
  }

  /** Factors of {@code weight_scale}, of the case or of its configuration. */
  public Map<String, Double> weightScale() {
    Map<String, Double> scale = new LinkedHashMap<>();
    for (JsonObject holder : new JsonObject[] {config(), json}) {
      for (String key : new String[] {"weight_scale", "weight_scales"}) {
        if (holder.has(key)) {
          holder
              .getAsJsonObject(key)
              .asMap()
              .forEach((name, factor) -> scale.put(name, factor.getAsDouble()));
        }
      }
    }
    return scale;
  }

  /**
   * A file of the case: beside case.json, or under {@code data/}, relative to the folder that holds
   * golden.
   */
  public Path file(String name) {
    Path own = folder.resolve(name);
    return Files.exists(own) ? own : Golden.folder().resolveSibling(name);
  }

  /** The recorded tensors of one file. */
  public Map<String, GoldenTensor> tensors(String file) {
    return files.computeIfAbsent(file, name -> GoldenTensor.read(folder.resolve(name)));
  }

  /** A recorded input: its file and its name there as {@code inputs} says, with usual defaults. */
  public GoldenTensor input(String name) {
    String file = "inputs.safetensors";
    String tensor = name;
    JsonElement entry = inputs().get(name);
    if (entry != null && entry.isJsonObject()) {
      JsonObject description = entry.getAsJsonObject();
      if (description.has("file")) {
        file = description.get("file").getAsString();
      }
      if (description.has("tensor")) {
        tensor = description.get("tensor").getAsString();
      }
    }
    GoldenTensor found = tensors(file).get(tensor);
    if (found == null) {
      throw new AssertionError(folder + ": no input " + tensor + " in " + file);
    }
    return found;
  }

  public NDArray input(NDManager manager, String name) {
    return input(name).toArray(manager);
  }

  /** The recorded value of an output (the stored slice, if it has one). */
  public GoldenTensor output(String name) {
    JsonObject output = outputs().getAsJsonObject(name);
    String tensor = output.has("tensor") ? output.get("tensor").getAsString() : name;
    GoldenTensor found = tensors(output.get("file").getAsString()).get(tensor);
    if (found == null) {
      throw new AssertionError(folder + ": no output " + tensor);
    }
    return found;
  }

  public void check(String name, NDArray actual) {
    check(name, GoldenTensor.of(actual));
  }

  /** Compares a whole result with the recorded output as its entry in case.json asks. */
  public void check(String name, GoldenTensor whole) {
    JsonObject rule = outputs().getAsJsonObject(name);
    if (rule == null) {
      throw new AssertionError(folder + ": case.json has no output " + name);
    }
    GoldenTensor expected = output(name);
    GoldenTensor actual = rule.has("slice") ? whole.slice(rule.get("slice").getAsString()) : whole;
    String where = folder.getFileName() + ": " + name;
    if (actual.size() != expected.size() || !actual.sameShape(expected)) {
      fail(where + ": shape " + actual.shapeText() + ", recorded " + expected.shapeText());
    }
    if (rule.has("up_to_sign") && rule.get("up_to_sign").getAsBoolean()) {
      actual = actual.withColumnSignsOf(expected);
    }
    if (rule.has("up_to_permutation") && rule.get("up_to_permutation").getAsBoolean()) {
      actual = actual.renumbered();
      expected = expected.renumbered();
    }
    if (rule.has("max_mismatch")) {
      double different = actual.countDifferent(expected, tolerance(rule, "atol"), 0);
      double allowed = rule.get("max_mismatch").getAsDouble() * expected.size();
      if (different > allowed) {
        fail(where + ": " + (long) different + " elements differ, allowed " + allowed);
      }
      if (!rule.has("max_abs_difference")) {
        return;
      }
    }
    if (rule.has("max_abs_difference")) {
      double allowed = rule.get("max_abs_difference").getAsDouble();
      if (actual.countDifferent(expected, allowed, 0) > 0) {
        fail(where + ": " + actual.firstDifference(expected, allowed, 0));
      }
      return;
    }
    double atol = tolerance(rule, "atol");
    double rtol = tolerance(rule, "rtol");
    long different = actual.countDifferent(expected, atol, rtol);
    if (different > 0) {
      fail(
          where
              + ": "
              + different
              + " of "
              + expected.size()
              + " elements differ; "
              + actual.firstDifference(expected, atol, rtol)
              + "; largest difference "
              + actual.largestDifference(expected));
    }
  }

  private static double tolerance(JsonObject rule, String key) {
    return rule.has(key) && !rule.get(key).isJsonNull() ? rule.get(key).getAsDouble() : 0;
  }

  /** Compares JSON values: numbers to {@code tolerance}, anything else exactly. */
  public void checkJson(String path, JsonElement expected, JsonElement actual, double tolerance) {
    if (expected.isJsonPrimitive() && expected.getAsJsonPrimitive().isNumber()) {
      assertEquals(expected.getAsDouble(), actual.getAsDouble(), tolerance, path);
    } else if (expected.isJsonArray()) {
      assertEquals(expected.getAsJsonArray().size(), actual.getAsJsonArray().size(), path);
      for (int i = 0; i < expected.getAsJsonArray().size(); i++) {
        checkJson(
            path + "[" + i + "]",
            expected.getAsJsonArray().get(i),
            actual.getAsJsonArray().get(i),
            tolerance);
      }
    } else if (expected.isJsonObject()) {
      JsonObject other = actual.getAsJsonObject();
      assertEquals(expected.getAsJsonObject().keySet(), other.keySet(), path);
      expected
          .getAsJsonObject()
          .asMap()
          .forEach((key, value) -> checkJson(path + "." + key, value, other.get(key), tolerance));
    } else {
      assertEquals(expected, actual, path);
    }
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
