package org.zeroseg.core.export;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import org.zeroseg.core.mask.Polygon;
import org.zeroseg.core.mask.Ring;

/** JSON as all writers have it: compact, whole numbers without a decimal point. */
final class Json {

  private Json() {}

  /** Writes values. */
  @FunctionalInterface
  interface Content {
    void write(JsonWriter json) throws IOException;
  }

  static String text(Content content) throws IOException {
    StringWriter text = new StringWriter();
    write(text, content);
    return text.toString();
  }

  static void write(Writer to, Content content) throws IOException {
    JsonWriter json = new JsonWriter(to);
    json.setHtmlSafe(false);
    content.write(json);
    json.flush();
  }

  static void number(JsonWriter json, double value) throws IOException {
    if (value == (long) value) {
      json.value((long) value);
    } else {
      json.value(value);
    }
  }

  static void numbers(JsonWriter json, double... values) throws IOException {
    json.beginArray();
    for (double value : values) {
      number(json, value);
    }
    json.endArray();
  }

  /** A list of points, of each axis divided by what makes one. */
  static void points(JsonWriter json, double[] xy, double unitX, double unitY) throws IOException {
    json.beginArray();
    for (int i = 0; i < xy.length; i += 2) {
      numbers(json, xy[i] / unitX, xy[i + 1] / unitY);
    }
    json.endArray();
  }

  /** The coordinates of a GeoJSON polygon: closed rings, the outer one first. */
  static void polygon(JsonWriter json, Polygon polygon) throws IOException {
    json.beginArray();
    ring(json, polygon.outer());
    for (Ring hole : polygon.holes()) {
      ring(json, hole);
    }
    json.endArray();
  }

  private static void ring(JsonWriter json, Ring ring) throws IOException {
    double[] xy = ring.xy();
    json.beginArray();
    for (int i = 0; i <= xy.length; i += 2) {
      numbers(json, xy[i % xy.length], xy[i % xy.length + 1]);
    }
    json.endArray();
  }
}
