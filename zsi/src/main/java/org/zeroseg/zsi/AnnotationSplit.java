package org.zeroseg.zsi;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.file.WholeFile;

/**
 * Makes the annotation files of a zero-shot split from a COCO file (Zheng et al. 2021, Sec. 4.1, as
 * its authors explain). Categories are written in the order of the class lists, on which labels and
 * evaluation depend; everything else about an image or annotation is copied as it is.
 */
public final class AnnotationSplit {

  /** Which file. */
  public enum Kind {
    /** To train from: images with something seen and nothing unseen; what is seen. */
    TRAINING,
    /** To test on unseen classes alone: images with something unseen; what is unseen. */
    UNSEEN,
    /** To test on all classes: the same images; what is seen and what is unseen. */
    GENERALISED
  }

  /**
   * What a file holds.
   *
   * @param images their number
   * @param annotations their number
   */
  public record Summary(int images, int annotations) {}

  private static final Gson GSON = new Gson();

  private final Path source;
  private final List<String> wanted;
  private final Kind kind;
  private final Set<String> seen = new HashSet<>();
  private final Set<String> unseen = new HashSet<>();
  private final Map<Long, String> names = new HashMap<>();
  private final Map<String, JsonObject> categories = new LinkedHashMap<>();
  private final Set<Long> withSeen = new HashSet<>();
  private final Set<Long> withUnseen = new HashSet<>();
  private int images;
  private int annotations;

  private AnnotationSplit(Path source, List<String> seen, List<String> unseen, Kind kind) {
    this.source = source;
    this.kind = kind;
    seen.forEach(name -> this.seen.add(ClassVectors.key(name)));
    unseen.forEach(name -> this.unseen.add(ClassVectors.key(name)));
    List<String> all = new ArrayList<>();
    if (kind != Kind.UNSEEN) {
      all.addAll(seen);
    }
    if (kind != Kind.TRAINING) {
      all.addAll(unseen);
    }
    this.wanted = all.stream().map(ClassVectors::key).toList();
  }

  /**
   * Writes one file of a split. The source is read three times as it comes, so that its size does
   * not matter.
   *
   * @param source COCO's {@code instances_*.json}, plain or gzip
   * @param seen names of the seen classes, in the order of their labels
   * @param unseen names of the unseen ones, likewise
   * @param kind which file
   * @param target where it goes; written beside it first and then moved
   * @return what it holds
   * @throws InvalidFileException if the source is no such file or lacks a class, naming it
   * @throws IOException if a file cannot be read or written
   */
  public static Summary write(
      Path source, List<String> seen, List<String> unseen, Kind kind, Path target)
      throws IOException {
    AnnotationSplit split = new AnnotationSplit(source, seen, unseen, kind);
    split.readCategories();
    split.readAnnotations();
    WholeFile.writeText(target, writer -> split.copy(new JsonWriter(writer)));
    return new Summary(split.images, split.annotations);
  }

  private interface Entry {
    void read(JsonObject entry) throws IOException;
  }

  /** Calls with every entry of one of the lists; the rest is passed over. */
  private void each(String list, Entry entry) throws IOException {
    JsonFile.<Integer>read(
        source,
        json -> {
          json.beginObject();
          int count = 0;
          while (json.hasNext()) {
            if (json.nextName().equals(list)) {
              count += entries(json, entry);
            } else {
              json.skipValue();
            }
          }
          json.endObject();
          return count;
        });
  }

  private static int entries(JsonReader json, Entry entry) throws IOException {
    int count = 0;
    json.beginArray();
    while (json.hasNext()) {
      JsonElement element = JsonParser.parseReader(json);
      if (!element.isJsonObject()) {
        throw new IllegalStateException("expected an object at " + json.getPath());
      }
      entry.read(element.getAsJsonObject());
      count++;
    }
    json.endArray();
    return count;
  }

  private long number(JsonObject entry, String field) throws IOException {
    JsonElement value = entry.get(field);
    if (value == null || !value.isJsonPrimitive() || !value.getAsString().matches("-?\\d{1,18}")) {
      throw new InvalidFileException(
          source.toString(),
          "expected a whole number as %s, found %s in an entry %.80s"
              .formatted(field, value, entry));
    }
    return value.getAsLong();
  }

  private void readCategories() throws IOException {
    each(
        "categories",
        entry -> {
          JsonElement name = entry.get("name");
          if (name != null && name.isJsonPrimitive()) {
            String key = ClassVectors.key(name.getAsString());
            names.put(number(entry, "id"), key);
            categories.put(key, entry);
          }
        });
    List<String> missing = wanted.stream().filter(name -> !categories.containsKey(name)).toList();
    if (!missing.isEmpty()) {
      throw new InvalidFileException(
          source.toString(), "has no category " + String.join(", ", missing));
    }
  }

  private void readAnnotations() throws IOException {
    each(
        "annotations",
        entry -> {
          String name = names.get(number(entry, "category_id"));
          if (name == null) {
            throw new InvalidFileException(
                source.toString(),
                "annotation %s is of the unknown category %s"
                    .formatted(entry.get("id"), entry.get("category_id")));
          }
          if (seen.contains(name)) {
            withSeen.add(number(entry, "image_id"));
          }
          if (unseen.contains(name)) {
            withUnseen.add(number(entry, "image_id"));
          }
        });
  }

  private boolean keeps(long image) {
    return kind == Kind.TRAINING
        ? withSeen.contains(image) && !withUnseen.contains(image)
        : withUnseen.contains(image);
  }

  private void copy(JsonWriter out) throws IOException {
    Set<String> kept = new HashSet<>(wanted);
    out.beginObject();
    out.name("images").beginArray();
    each(
        "images",
        entry -> {
          if (keeps(number(entry, "id"))) {
            GSON.toJson(entry, out);
            images++;
          }
        });
    out.endArray().name("annotations").beginArray();
    each(
        "annotations",
        entry -> {
          if (keeps(number(entry, "image_id"))
              && kept.contains(names.get(number(entry, "category_id")))) {
            GSON.toJson(entry, out);
            annotations++;
          }
        });
    out.endArray().name("categories").beginArray();
    for (String name : wanted) {
      GSON.toJson(categories.get(name), out);
    }
    out.endArray().endObject();
    out.flush();
  }
}
