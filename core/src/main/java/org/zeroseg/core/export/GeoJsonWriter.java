package org.zeroseg.core.export;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.zeroseg.core.Palette;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.mask.Polygon;

/**
 * GeoJSON (RFC 7946, in pixels) with the properties that QuPath gives its annotations. Beside the
 * features it says how large the picture is and what it is called, which readers of GeoJSON pass
 * over.
 */
final class GeoJsonWriter extends FormatWriter {

  static final String ENDING = ".geojson";

  private final double tolerance;

  GeoJsonWriter(Path folder, double tolerance) throws IOException {
    super(folder);
    this.tolerance = tolerance;
  }

  @Override
  void write(Source source, Segmentation segmentation) throws IOException {
    WholeFile.writeText(
        file(source, ENDING),
        writer ->
            Json.write(
                writer,
                json -> {
                  json.beginObject().name("type").value("FeatureCollection");
                  json.name("picture").value(source.name());
                  json.name("width").value(segmentation.width());
                  json.name("height").value(segmentation.height());
                  json.name("features").beginArray();
                  for (Segment segment : segments(segmentation)) {
                    feature(json, label(segmentation, segment), segment);
                  }
                  json.endArray().endObject();
                }));
  }

  private void feature(JsonWriter json, int label, Segment segment) throws IOException {
    List<Polygon> parts = segment.mask().polygons(tolerance);
    boolean one = parts.size() == 1;
    json.beginObject().name("type").value("Feature");
    json.name("geometry").beginObject();
    json.name("type").value(one ? "Polygon" : "MultiPolygon");
    json.name("coordinates");
    if (one) {
      Json.polygon(json, parts.get(0));
    } else {
      json.beginArray();
      for (Polygon part : parts) {
        Json.polygon(json, part);
      }
      json.endArray();
    }
    json.endObject();
    json.name("properties").beginObject();
    json.name("objectType").value("annotation");
    json.name("classification").beginObject();
    json.name("name").value(names().get(label - 1));
    int rgb = Palette.rgb(label);
    json.name("color");
    Json.numbers(json, rgb >> 16, rgb >> 8 & 0xFF, rgb & 0xFF);
    json.endObject();
    json.name("measurements").beginObject();
    json.name("score").value(segment.score());
    json.name("area").value(segment.mask().area());
    json.endObject().endObject().endObject();
  }

  @Override
  void complete() {
    // Every picture has a file of its own.
  }
}
