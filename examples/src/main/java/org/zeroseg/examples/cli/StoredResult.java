package org.zeroseg.examples.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.LabelMap;

/** A result as an earlier run has written it: its outlines, and its label picture. */
final class StoredResult {

  private int width;
  private int height;
  private final List<String> names = new ArrayList<>();
  private final List<Double> presence = new ArrayList<>();
  private final List<JsonObject> features = new ArrayList<>();

  private StoredResult() {}

  /** The result; empty if there is none, or none that can be read. */
  static Optional<Segmentation> read(Path json, Path labels) {
    if (!Files.exists(json) || !Files.exists(labels)) {
      return Optional.empty();
    }
    try {
      StoredResult stored = new StoredResult();
      JsonFile.read(json, stored::read);
      return Optional.of(stored.segmentation(LabelMap.read(labels)));
    } catch (IOException | RuntimeException e) {
      return Optional.empty(); // it is made anew
    }
  }

  private Void read(JsonReader json) throws IOException {
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "width" -> width = json.nextInt();
        case "height" -> height = json.nextInt();
        case "names" -> {
          json.beginArray();
          while (json.hasNext()) {
            names.add(json.nextString());
          }
          json.endArray();
        }
        case "presence" -> {
          json.beginArray();
          while (json.hasNext()) {
            presence.add(json.nextDouble());
          }
          json.endArray();
        }
        case "features" -> {
          json.beginArray();
          while (json.hasNext()) {
            features.add(JsonParser.parseReader(json).getAsJsonObject());
          }
          json.endArray();
        }
        default -> json.skipValue();
      }
    }
    json.endObject();
    return null;
  }

  private Segmentation segmentation(LabelMap labels) {
    List<Segment> segments = new ArrayList<>();
    for (JsonObject feature : features) {
      JsonObject properties = feature.getAsJsonObject("properties");
      double[] box = numbers(properties.getAsJsonArray("box"));
      Segment segment =
          Segment.of(
              properties.get("label").getAsInt(),
              properties.get("name").getAsString(),
              properties.get("score").getAsDouble(),
              mask(feature.getAsJsonObject("geometry").getAsJsonArray("coordinates")));
      segments.add(segment.withBox(new Box(box[0], box[1], box[2], box[3])));
    }
    Segmentation stored = Segmentation.of(width, height, names, labels.labels(), segments);
    return presence.isEmpty() ? stored : stored.withPresence(presence);
  }

  private Mask mask(JsonArray polygons) {
    Mask mask = Mask.empty(width, height);
    for (JsonElement polygon : polygons) {
      JsonArray rings = polygon.getAsJsonArray();
      Mask part = ring(rings.get(0));
      for (int i = 1; i < rings.size(); i++) {
        part = part.andNot(ring(rings.get(i)));
      }
      mask = mask.or(part);
    }
    return mask;
  }

  private Mask ring(JsonElement corners) {
    JsonArray points = corners.getAsJsonArray();
    double[] xy = new double[2 * points.size()];
    for (int i = 0; i < points.size(); i++) {
      double[] point = numbers(points.get(i).getAsJsonArray());
      xy[2 * i] = point[0];
      xy[2 * i + 1] = point[1];
    }
    return Rle.ofPolygon(width, height, xy).mask();
  }

  private static double[] numbers(JsonArray array) {
    double[] numbers = new double[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = array.get(i).getAsDouble();
    }
    return numbers;
  }
}
