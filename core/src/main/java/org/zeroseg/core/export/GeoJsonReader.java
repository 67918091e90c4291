package org.zeroseg.core.export;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.InvalidDataException;

/**
 * Reads GeoJSON in pixels: a feature collection, or QuPath's plain list of features, of polygons. A
 * file that does not say how large its picture is needs the picture, called as it is.
 */
final class GeoJsonReader {

  private static final String UNNAMED = "unclassified";

  private String picture = "";
  private int width;
  private int height;
  private final List<JsonObject> features = new ArrayList<>();

  private GeoJsonReader() {}

  static void read(Path from, Path pictures, Notes notes, AnnotationSink sink) throws IOException {
    for (Path file : DataFolder.files(from, name -> name.endsWith(GeoJsonWriter.ENDING))) {
      GeoJsonReader document = new GeoJsonReader();
      JsonFile.read(file, document::read);
      document.hand(from, file, pictures, notes, sink);
    }
  }

  private Void read(JsonReader json) throws IOException {
    if (json.peek() == JsonToken.BEGIN_ARRAY) {
      features(json);
      return null;
    }
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "picture" -> picture = json.nextString();
        case "width" -> width = json.nextInt();
        case "height" -> height = json.nextInt();
        case "features" -> features(json);
        default -> json.skipValue();
      }
    }
    json.endObject();
    return null;
  }

  private void features(JsonReader json) throws IOException {
    json.beginArray();
    while (json.hasNext()) {
      features.add(JsonParser.parseReader(json).getAsJsonObject());
    }
    json.endArray();
  }

  private void hand(Path from, Path file, Path pictures, Notes notes, AnnotationSink sink)
      throws IOException {
    String own = DataFolder.name(from, file);
    String stem = own.substring(0, own.length() - GeoJsonWriter.ENDING.length());
    Optional<Path> found = DataFolder.picture(pictures, stem);
    String name =
        picture.isEmpty()
            ? found.map(image -> DataFolder.name(pictures, image)).orElse(stem + ".png")
            : FormatWriter.within(picture);
    if (width == 0 || height == 0) {
      if (found.isEmpty()) {
        throw new InvalidDataException(
            file, "says no width and height, and there is no picture " + pictures.resolve(stem));
      }
      DataFolder.Size size = DataFolder.size(found.get());
      width = size.width();
      height = size.height();
    }
    sink.add(
        name,
        pictures.resolve(name),
        DataFolder.understood(file, "is GeoJSON of another kind", () -> segmentation(notes)));
  }

  private Segmentation segmentation(Notes notes) {
    Raster raster = new Raster(width, height, List.of());
    for (JsonObject feature : features) {
      feature(raster, feature, notes);
    }
    return raster.segmentation();
  }

  private static void feature(Raster raster, JsonObject feature, Notes notes) {
    JsonObject geometry = feature.getAsJsonObject("geometry");
    String type = geometry.get("type").getAsString();
    Mask mask = raster.empty();
    switch (type) {
      case "Polygon" -> mask = polygon(raster, geometry.getAsJsonArray("coordinates"));
      case "MultiPolygon" -> {
        for (JsonElement part : geometry.getAsJsonArray("coordinates")) {
          mask = mask.or(polygon(raster, part.getAsJsonArray()));
        }
      }
      default -> {
        notes.add("features without an area left out", 1);
        return;
      }
    }
    JsonObject properties =
        feature.has("properties") && feature.get("properties").isJsonObject()
            ? feature.getAsJsonObject("properties")
            : new JsonObject();
    raster.add(name(properties), score(properties), mask);
  }

  private static String name(JsonObject properties) {
    JsonElement classification = properties.get("classification");
    if (classification != null && classification.isJsonObject()) {
      JsonObject known = classification.getAsJsonObject();
      if (known.has("name")) {
        return known.get("name").getAsString();
      }
      if (known.has("names")) {
        List<String> names = new ArrayList<>();
        known.getAsJsonArray("names").forEach(part -> names.add(part.getAsString()));
        return String.join(": ", names);
      }
    }
    return properties.has("name") ? properties.get("name").getAsString() : UNNAMED;
  }

  private static double score(JsonObject properties) {
    JsonElement measurements = properties.get("measurements");
    JsonElement score =
        measurements != null && measurements.isJsonObject()
            ? measurements.getAsJsonObject().get("score")
            : properties.get("score");
    return score == null || !score.isJsonPrimitive() ? 1 : score.getAsDouble();
  }

  /** The outer ring without those of its holes. */
  private static Mask polygon(Raster raster, JsonArray rings) {
    Mask mask = ring(raster, rings.get(0).getAsJsonArray());
    for (int i = 1; i < rings.size(); i++) {
      mask = mask.andNot(ring(raster, rings.get(i).getAsJsonArray()));
    }
    return mask;
  }

  private static Mask ring(Raster raster, JsonArray points) {
    double[] xy = new double[2 * points.size()];
    for (int i = 0; i < points.size(); i++) {
      xy[2 * i] = points.get(i).getAsJsonArray().get(0).getAsDouble();
      xy[2 * i + 1] = points.get(i).getAsJsonArray().get(1).getAsDouble();
    }
    return raster.polygon(xy);
  }
}
