package org.zeroseg.core;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.function.IntUnaryOperator;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Polygon;
import org.zeroseg.core.mask.Ring;
import org.zeroseg.core.mask.Rle;

/** Segments as JSON. */
final class ResultJson {

  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private ResultJson() {}

  static String coco(Segmentation segmentation, long imageId, IntUnaryOperator categoryId) {
    JsonArray results = new JsonArray();
    for (Segment segment : segmentation.segments()) {
      Rle rle = segment.mask().rle();
      JsonObject mask = new JsonObject();
      mask.add("size", numbers(rle.height(), rle.width()));
      mask.addProperty("counts", rle.text());
      JsonObject result = new JsonObject();
      result.addProperty("image_id", imageId);
      result.addProperty("category_id", categoryId.applyAsInt(segment.label()));
      result.add("segmentation", mask);
      result.add("bbox", box(segment.box()));
      result.addProperty("score", segment.score());
      results.add(result);
    }
    return GSON.toJson(results);
  }

  static String geo(Segmentation segmentation, double tolerance) {
    JsonArray features = new JsonArray();
    for (Segment segment : segmentation.segments()) {
      JsonArray polygons = new JsonArray();
      for (Polygon polygon : segment.mask().polygons(tolerance)) {
        JsonArray rings = new JsonArray();
        rings.add(ring(polygon.outer()));
        polygon.holes().forEach(hole -> rings.add(ring(hole)));
        polygons.add(rings);
      }
      JsonObject geometry = new JsonObject();
      geometry.addProperty("type", "MultiPolygon");
      geometry.add("coordinates", polygons);
      JsonObject properties = new JsonObject();
      properties.addProperty("label", segment.label());
      properties.addProperty("name", segment.name());
      properties.addProperty("score", segment.score());
      properties.addProperty("area", segment.mask().area());
      properties.add("box", box(segment.box()));
      JsonObject feature = new JsonObject();
      feature.addProperty("type", "Feature");
      feature.add("geometry", geometry);
      feature.add("properties", properties);
      features.add(feature);
    }
    JsonObject collection = new JsonObject();
    collection.addProperty("type", "FeatureCollection");
    collection.addProperty("width", segmentation.width());
    collection.addProperty("height", segmentation.height());
    collection.add("features", features);
    return GSON.toJson(collection);
  }

  /** Closed, as GeoJSON wants it: the first corner once more at the end. */
  private static JsonElement ring(Ring ring) {
    JsonArray corners = new JsonArray();
    double[] xy = ring.xy();
    for (int i = 0; i <= xy.length; i += 2) {
      corners.add(numbers(xy[i % xy.length], xy[i % xy.length + 1]));
    }
    return corners;
  }

  private static JsonElement box(Box box) {
    return numbers(box.x(), box.y(), box.width(), box.height());
  }

  private static JsonArray numbers(double... values) {
    JsonArray numbers = new JsonArray();
    for (double value : values) {
      // Whole numbers without a decimal point: most are, and files stay half as long.
      numbers.add(
          value == (long) value ? new JsonPrimitive((long) value) : new JsonPrimitive(value));
    }
    return numbers;
  }
}
