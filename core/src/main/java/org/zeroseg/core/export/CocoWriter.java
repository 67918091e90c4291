package org.zeroseg.core.export;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Polygon;
import org.zeroseg.core.mask.Rle;

/** COCO's data sets and results. Ids count from 1, those of categories are labels. */
final class CocoWriter extends FormatWriter {

  static final String INSTANCES = "instances.json";
  static final String RESULTS = "results.json";
  static final String IMAGE_INFO = "image_info.json";

  /** What is written. */
  enum Content {
    RUNS,
    POLYGONS,
    RESULTS
  }

  private final double tolerance;
  private final Content content;
  private final Spool images;
  private final Spool annotations;
  private long imageId;
  private long annotationId;

  CocoWriter(Path folder, double tolerance, Content content) throws IOException {
    super(folder);
    this.tolerance = tolerance;
    this.content = content;
    images = new Spool(folder);
    try {
      annotations = new Spool(folder);
    } catch (IOException e) {
      images.close();
      throw e;
    }
  }

  @Override
  void write(Source source, Segmentation segmentation) throws IOException {
    long id = imageId + 1;
    List<String> entries = new ArrayList<>();
    for (Segment segment : segments(segmentation)) {
      int category = label(segmentation, segment);
      entries.add(
          Json.text(
              json -> {
                json.beginObject();
                json.name("image_id").value(id);
                json.name("category_id").value(category);
                if (content == Content.RESULTS) {
                  result(json, segment);
                } else {
                  annotation(json, segment);
                }
                json.endObject();
              }));
    }
    annotations.append(String.join(",\n", entries));
    try {
      images.append(
          Json.text(
              json -> {
                json.beginObject().name("id").value(id);
                json.name("file_name").value(source.name());
                json.name("width").value(segmentation.width());
                json.name("height").value(segmentation.height()).endObject();
              }));
    } catch (IOException e) {
      annotations.undo();
      throw e;
    }
    imageId = id;
  }

  private static void result(JsonWriter json, Segment segment) throws IOException {
    json.name("segmentation");
    runs(json, segment.mask().rle());
    json.name("bbox");
    box(json, segment.box());
    json.name("score").value(segment.score());
  }

  private void annotation(JsonWriter json, Segment segment) throws IOException {
    json.name("id").value(++annotationId);
    json.name("iscrowd").value(0);
    json.name("area").value(segment.mask().area());
    json.name("bbox");
    box(json, segment.mask().box());
    json.name("score").value(segment.score());
    json.name("segmentation");
    if (content == Content.RUNS) {
      runs(json, segment.mask().rle());
    } else {
      json.beginArray();
      for (Polygon part : segment.mask().polygons(tolerance)) {
        notes.add("holes kept by a seam", part.holes().size());
        Json.numbers(json, Seams.join(part));
      }
      json.endArray();
    }
  }

  private static void runs(JsonWriter json, Rle rle) throws IOException {
    json.beginObject().name("size");
    Json.numbers(json, rle.height(), rle.width());
    json.name("counts").value(rle.text()).endObject();
  }

  private static void box(JsonWriter json, Box box) throws IOException {
    Json.numbers(json, box.x(), box.y(), box.width(), box.height());
  }

  @Override
  void complete() throws IOException {
    if (content == Content.RESULTS) {
      document(RESULTS, out -> list(out, "[", annotations, "]\n"));
    }
    document(
        content == Content.RESULTS ? IMAGE_INFO : INSTANCES,
        out -> {
          list(out, "{\"images\":[", images, "],\n\"annotations\":[");
          if (content != Content.RESULTS) {
            annotations.copyTo(out);
          }
          text(out, "],\n\"categories\":" + Json.text(this::categories) + "}\n");
        });
  }

  private void categories(JsonWriter json) throws IOException {
    json.beginArray();
    for (int i = 0; i < names().size(); i++) {
      json.beginObject().name("id").value(i + 1);
      json.name("name").value(names().get(i));
      json.name("supercategory").value("").endObject();
    }
    json.endArray();
  }

  /** Writes a file. */
  @FunctionalInterface
  private interface Document {
    void write(OutputStream out) throws IOException;
  }

  private void document(String name, Document document) throws IOException {
    WholeFile.write(
        folder.resolve(name),
        unfinished -> {
          try (OutputStream out = Files.newOutputStream(unfinished)) {
            document.write(out);
          }
        });
  }

  private static void list(OutputStream out, String before, Spool elements, String after)
      throws IOException {
    text(out, before);
    elements.copyTo(out);
    text(out, after);
  }

  private static void text(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    try (images) {
      annotations.close();
    }
  }
}
