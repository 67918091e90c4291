package org.zeroseg.core.export;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.zeroseg.core.Palette;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.mask.Polygon;

/**
 * Label Studio's tasks with predictions, and the labelling configuration that they fit. Pictures
 * are named as those of its local storage.
 */
final class LabelStudioWriter extends FormatWriter {

  static final String TASKS = "tasks.json";
  static final String CONFIGURATION = "label_config.xml";

  private final double tolerance;
  private final boolean polygons;
  private final String control;
  private final Spool tasks;

  LabelStudioWriter(Path folder, double tolerance, boolean polygons) throws IOException {
    super(folder);
    this.tolerance = tolerance;
    this.polygons = polygons;
    control = polygons ? "polygonlabels" : "brushlabels";
    tasks = new Spool(folder);
  }

  @Override
  void write(Source source, Segmentation segmentation) throws IOException {
    String place =
        URLEncoder.encode(source.name(), StandardCharsets.UTF_8)
            .replace("+", "%20")
            .replace("%2F", "/");
    tasks.append(
        Json.text(
            json -> {
              json.beginObject().name("data").beginObject();
              json.name("image").value("/data/local-files/?d=" + place).endObject();
              json.name("predictions").beginArray().beginObject();
              json.name("model_version").value("zeroseg");
              double sum = 0;
              int count = 0;
              json.name("result").beginArray();
              for (Segment segment : segments(segmentation)) {
                sum += segment.score();
                regions(json, segmentation, segment, ++count);
              }
              json.endArray();
              json.name("score").value(count == 0 ? 0 : sum / count);
              json.endObject().endArray().endObject();
            }));
  }

  private void regions(JsonWriter json, Segmentation segmentation, Segment segment, int number)
      throws IOException {
    String name = names().get(label(segmentation, segment) - 1);
    if (!polygons) {
      region(json, segmentation, segment, name, "z" + number);
      json.name("format").value("rle").name("rle").beginArray();
      for (byte part : BrushRuns.of(segment.mask())) {
        json.value(part & 0xFF);
      }
      json.endArray().endObject().endObject();
      return;
    }
    int count = 0;
    for (Polygon part : segment.mask().polygons(tolerance)) {
      notes.add("holes kept by a seam", part.holes().size());
      notes.add("parts made regions of their own", count > 0 ? 1 : 0);
      region(json, segmentation, segment, name, "z" + number + "-" + ++count);
      json.name("closed").value(true).name("points");
      Json.points(
          json, Seams.join(part), segmentation.width() / 100.0, segmentation.height() / 100.0);
      json.endObject().endObject();
    }
  }

  /** All of a region but its pixels; its value stays open. */
  private void region(
      JsonWriter json, Segmentation segmentation, Segment segment, String name, String id)
      throws IOException {
    json.beginObject().name("id").value(id);
    json.name("type").value(control);
    json.name("from_name").value("label");
    json.name("to_name").value("image");
    json.name("original_width").value(segmentation.width());
    json.name("original_height").value(segmentation.height());
    json.name("image_rotation").value(0);
    json.name("score").value(segment.score());
    json.name("value").beginObject();
    json.name(control).beginArray().value(name).endArray();
  }

  @Override
  void complete() throws IOException {
    WholeFile.write(
        folder.resolve(TASKS),
        unfinished -> {
          try (OutputStream out = Files.newOutputStream(unfinished)) {
            out.write('[');
            tasks.copyTo(out);
            out.write("]\n".getBytes(StandardCharsets.UTF_8));
          }
        });
    String kind = polygons ? "PolygonLabels" : "BrushLabels";
    WholeFile.writeText(
        folder.resolve(CONFIGURATION),
        writer -> {
          writer.write("<View>\n  <Image name=\"image\" value=\"$image\" zoom=\"true\"/>\n");
          writer.write("  <" + kind + " name=\"label\" toName=\"image\">\n");
          for (int i = 0; i < names().size(); i++) {
            writer.write(
                String.format(
                    Locale.ROOT,
                    "    <Label value=\"%s\" background=\"#%06x\"/>\n",
                    escaped(names().get(i)),
                    Palette.rgb(i + 1)));
          }
          writer.write("  </" + kind + ">\n</View>\n");
        });
  }

  /** As the value of an attribute; what XML cannot hold at all is spelt out. */
  private static String escaped(String text) {
    return PlainText.markup(line(text));
  }

  @Override
  public void close() throws IOException {
    tasks.close();
  }
}
