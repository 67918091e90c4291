package org.zeroseg.core.export;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureReader;
import org.zeroseg.core.mask.Mask;

/** Reads LabelMe's files: polygons, rectangles, circles and masks; a group is one segment. */
final class LabelMeReader {

  private static final int CORNERS_OF_CIRCLE = 64;

  private String picture = "";
  private int width;
  private int height;
  private final List<JsonObject> shapes = new ArrayList<>();

  private LabelMeReader() {}

  static void read(Path from, Notes notes, AnnotationSink sink) throws IOException {
    for (Path file : DataFolder.files(from, name -> name.endsWith(".json"))) {
      LabelMeReader document = new LabelMeReader();
      JsonFile.read(file, document::read);
      document.hand(from, file, notes, sink);
    }
  }

  private Void read(JsonReader json) throws IOException {
    json.beginObject();
    while (json.hasNext()) {
      String key = json.nextName();
      if (json.peek() == JsonToken.NULL) {
        json.skipValue();
        continue;
      }
      switch (key) {
        case "imagePath" -> picture = json.nextString().replace('\\', '/');
        case "imageWidth" -> width = json.nextInt();
        case "imageHeight" -> height = json.nextInt();
        case "shapes" -> {
          json.beginArray();
          while (json.hasNext()) {
            shapes.add(JsonParser.parseReader(json).getAsJsonObject());
          }
          json.endArray();
        }
        default -> json.skipValue(); // such as the picture itself
      }
    }
    json.endObject();
    return null;
  }

  private void hand(Path from, Path file, Notes notes, AnnotationSink sink) throws IOException {
    String own = DataFolder.name(from, file);
    String stem = own.substring(0, own.length() - ".json".length());
    String ending = DataFolder.isPicture(picture) ? DataFolder.ending(picture) : ".png";
    Path image =
        DataFolder.isPicture(picture)
            ? file.resolveSibling(picture).normalize()
            : file.resolveSibling(stem + ending);
    if (width == 0 || height == 0) {
      DataFolder.Size size = DataFolder.size(image);
      width = size.width();
      height = size.height();
    }
    sink.add(
        stem + ending,
        image,
        DataFolder.understood(file, "is no file of LabelMe", () -> segmentation(notes)));
  }

  private Segmentation segmentation(Notes notes) throws IOException {
    Raster raster = new Raster(width, height, List.of());
    Map<List<Object>, Found> groups = new LinkedHashMap<>();
    for (int i = 0; i < shapes.size(); i++) {
      JsonObject shape = shapes.get(i);
      Mask mask = mask(raster, shape);
      if (mask.isEmpty()) {
        notes.add("shapes without an area left out", 1);
        continue;
      }
      String label = shape.get("label").getAsString();
      Object group =
          shape.has("group_id") && !shape.get("group_id").isJsonNull()
              ? shape.get("group_id").getAsString()
              : Integer.valueOf(i);
      double score =
          shape.has("score") && shape.get("score").isJsonPrimitive()
              ? shape.get("score").getAsDouble()
              : 1;
      groups.merge(List.of(label, group), new Found(label, score, mask), Found::with);
    }
    groups.values().forEach(found -> raster.add(found.label(), found.score(), found.mask()));
    return raster.segmentation();
  }

  /** A segment as far as its shapes were read. */
  private record Found(String label, double score, Mask mask) {
    Found with(Found more) {
      return new Found(label, score, mask.or(more.mask));
    }
  }

  private static Mask mask(Raster raster, JsonObject shape) throws IOException {
    String type =
        shape.has("shape_type") && !shape.get("shape_type").isJsonNull()
            ? shape.get("shape_type").getAsString()
            : "polygon";
    double[] xy = points(shape);
    return switch (type) {
      case "polygon" -> xy.length < 6 ? raster.empty() : raster.polygon(xy);
      case "rectangle" -> raster.box(xy[0], xy[1], xy[xy.length - 2], xy[xy.length - 1]);
      case "circle" -> circle(raster, xy);
      case "mask" -> mask(raster, xy, shape.get("mask").getAsString());
      default -> raster.empty();
    };
  }

  private static double[] points(JsonObject shape) {
    List<Double> numbers = new ArrayList<>();
    shape
        .getAsJsonArray("points")
        .forEach(
            point -> {
              numbers.add(point.getAsJsonArray().get(0).getAsDouble());
              numbers.add(point.getAsJsonArray().get(1).getAsDouble());
            });
    return numbers.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** Its centre, and a point on it. */
  private static Mask circle(Raster raster, double[] xy) {
    double radius = Math.hypot(xy[2] - xy[0], xy[3] - xy[1]);
    double[] corners = new double[2 * CORNERS_OF_CIRCLE];
    for (int i = 0; i < CORNERS_OF_CIRCLE; i++) {
      double angle = 2 * Math.PI * i / CORNERS_OF_CIRCLE;
      corners[2 * i] = xy[0] + radius * Math.cos(angle);
      corners[2 * i + 1] = xy[1] + radius * Math.sin(angle);
    }
    return raster.polygon(corners);
  }

  /** A picture of the pixels from one corner to the other. */
  private static Mask mask(Raster raster, double[] xy, String png) throws IOException {
    Picture part = PictureReader.asStored().read(Base64.getDecoder().decode(png), "a mask");
    int left = (int) Math.round(Math.min(xy[0], xy[2]));
    int top = (int) Math.round(Math.min(xy[1], xy[3]));
    Mask small = Mask.of(part.width(), part.height(), (x, y) -> part.sample(x, y, 0) != 0);
    return small.crop(-left, -top, raster.width(), raster.height());
  }
}
