package org.zeroseg.namedmask;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.file.WholeFile;

/**
 * What a stage's results were made from: for each result the fingerprint of its inputs and options.
 * A result is written after its line here, so that one that is there under the same fingerprint is
 * good, whenever the work was stopped.
 *
 * @param file JSON: {@code options} for people, {@code results} from name to fingerprint
 */
record Manifest(Path file) {

  /** Removes results. */
  @FunctionalInterface
  interface Removal {
    void remove(Set<String> results) throws IOException;
  }

  /**
   * Removes the results that were made from anything else, and notes what the others are made from
   * and the missing ones will be. Results that are not wanted now keep their lines: they are good
   * should they be wanted again.
   */
  void prepare(Map<String, String> options, Map<String, String> wanted, Removal removal)
      throws IOException {
    Map<String, String> recorded = read();
    Set<String> stale = new LinkedHashSet<>();
    wanted.forEach(
        (result, fingerprint) -> {
          if (!fingerprint.equals(recorded.get(result))) {
            stale.add(result);
          }
        });
    removal.remove(stale);
    Map<String, String> all = new TreeMap<>(recorded);
    all.putAll(wanted);
    if (!all.equals(recorded) || !Files.exists(file)) {
      write(options, all);
    }
  }

  Map<String, String> read() throws IOException {
    if (!Files.exists(file)) {
      return Map.of();
    }
    return JsonFile.read(
        file,
        json -> {
          Map<String, String> results = new LinkedHashMap<>();
          json.beginObject();
          while (json.hasNext()) {
            if (json.nextName().equals("results")) {
              json.beginObject();
              while (json.hasNext()) {
                results.put(json.nextName(), json.nextString());
              }
              json.endObject();
            } else {
              json.skipValue();
            }
          }
          json.endObject();
          return results;
        });
  }

  void write(Map<String, String> options, Map<String, String> results) throws IOException {
    WholeFile.writeText(
        file,
        writer -> {
          JsonWriter json = new JsonWriter(writer);
          json.setIndent(" ");
          json.beginObject();
          object(json, "options", options);
          object(json, "results", results);
          json.endObject();
          json.flush();
        });
  }

  private static void object(JsonWriter json, String name, Map<String, String> values)
      throws IOException {
    json.name(name).beginObject();
    for (Map.Entry<String, String> value : values.entrySet()) {
      json.name(value.getKey()).value(value.getValue());
    }
    json.endObject();
  }
}
