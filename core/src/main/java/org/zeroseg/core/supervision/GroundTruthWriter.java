package org.zeroseg.core.supervision;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Path;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;

/** Writes COCO's annotation files. */
final class GroundTruthWriter {

  private final CocoGroundTruth truth;
  private final JsonWriter json;

  private GroundTruthWriter(CocoGroundTruth truth, JsonWriter json) {
    this.truth = truth;
    this.json = json;
  }

  static void write(CocoGroundTruth truth, Path file) throws IOException {
    WholeFile.writeText(
        file,
        writer -> {
          JsonWriter json = new JsonWriter(writer);
          json.setHtmlSafe(false);
          new GroundTruthWriter(truth, json).write();
          json.flush();
        });
  }

  private void write() throws IOException {
    json.beginObject().name("images").beginArray();
    for (CocoGroundTruth.Image image : truth.images()) {
      json.beginObject().name("id").value(image.id());
      json.name("file_name").value(image.fileName());
      json.name("width").value(image.width());
      json.name("height").value(image.height()).endObject();
    }
    json.endArray().name("annotations").beginArray();
    for (Instance instance : truth.instances()) {
      annotation(instance);
    }
    json.endArray().name("categories").beginArray();
    for (CocoGroundTruth.Category category : truth.categories()) {
      json.beginObject().name("id").value(category.id());
      json.name("name").value(category.name()).endObject();
    }
    json.endArray().endObject();
  }

  private void annotation(Instance instance) throws IOException {
    json.beginObject().name("id").value(instance.id());
    json.name("image_id").value(truth.images().get(instance.image()).id());
    json.name("category_id").value(truth.categories().get(instance.category()).id());
    json.name("iscrowd").value(instance.crowd() ? 1 : 0);
    if (instance.ignored()) {
      json.name("ignore").value(1);
    }
    json.name("area");
    number(instance.area());
    if (instance.box().isPresent()) {
      Box box = instance.box().get();
      json.name("bbox");
      numbers(box.x(), box.y(), box.width(), box.height());
    }
    outline(instance.outline());
    json.endObject();
  }

  private void outline(Outline outline) throws IOException {
    if (outline instanceof Outline.Runs runs) {
      Rle rle = runs.rle();
      json.name("segmentation").beginObject().name("size");
      numbers(rle.height(), rle.width());
      json.name("counts").value(rle.text()).endObject();
    } else if (outline instanceof Outline.Polygons polygons) {
      json.name("segmentation").beginArray();
      for (double[] part : polygons.parts()) {
        numbers(part);
      }
      json.endArray();
    }
  }

  private void numbers(double... values) throws IOException {
    json.beginArray();
    for (double value : values) {
      number(value);
    }
    json.endArray();
  }

  /** A whole number without a decimal point, as most are. */
  private void number(double value) throws IOException {
    if (value == (long) value) {
      json.value((long) value);
    } else {
      json.value(value);
    }
  }
}
