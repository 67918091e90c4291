package org.zeroseg.core;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
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
    StringWriter text = new StringWriter();
    try {
      geo(segmentation, tolerance, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // never: it is written to memory
    }
    return text.toString();
  }

  /** Corner by corner, since a large picture's outlines have many. */
  static void geo(Segmentation segmentation, double tolerance, Writer writer) throws IOException {
    JsonWriter json = new JsonWriter(writer);
    json.setHtmlSafe(false);
    json.beginObject().name("type").value("FeatureCollection");
    json.name("width").value(segmentation.width());
    json.name("height").value(segmentation.height());
    json.name("names").beginArray();
    for (String name : segmentation.names()) {
      json.value(name);
    }
    json.endArray();
    if (!segmentation.presence().isEmpty()) {
      json.name("presence").beginArray();
      for (double score : segmentation.presence()) {
        json.value(score);
      }
      json.endArray();
    }
    json.name("features").beginArray();
    for (Segment segment : segmentation.segments()) {
      json.beginObject().name("type").value("Feature");
      json.name("geometry").beginObject().name("type").value("MultiPolygon");
      json.name("coordinates").beginArray();
      for (Polygon polygon : segment.mask().polygons(tolerance)) {
        json.beginArray();
        ring(polygon.outer(), json);
        for (Ring hole : polygon.holes()) {
          ring(hole, json);
        }
        json.endArray();
      }
      json.endArray().endObject();
      json.name("properties").beginObject();
      json.name("label").value(segment.label());
      json.name("name").value(segment.name());
      json.name("score").value(segment.score());
      json.name("area").value(segment.mask().area());
      json.name("box").jsonValue(GSON.toJson(box(segment.box())));
      json.endObject().endObject();
    }
    json.endArray().endObject().flush();
  }

  /** Closed, as GeoJSON wants it: the first corner once more at the end. */
  private static void ring(Ring ring, JsonWriter json) throws IOException {
    json.beginArray();
    double[] xy = ring.xy();
    for (int i = 0; i <= xy.length; i += 2) {
      json.beginArray();
      number(xy[i % xy.length], json);
      number(xy[i % xy.length + 1], json);
      json.endArray();
    }
    json.endArray();
  }

  /** A whole number without a decimal point: most are, and files stay half as long. */
  private static void number(double value, JsonWriter json) throws IOException {
    if (value == (long) value) {
      json.value((long) value);
    } else {
      json.value(value);
    }
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
