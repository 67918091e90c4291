package org.zeroseg.core.export;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.mask.Polygon;

/**
 * LabelMe's files, without the picture in them: they say where it is from where they are. The parts
 * of a segment share a group; holes are joined by a seam.
 */
final class LabelMeWriter extends FormatWriter {

  private final double tolerance;

  LabelMeWriter(Path folder, double tolerance) throws IOException {
    super(folder);
    this.tolerance = tolerance;
  }

  @Override
  void write(Source source, Segmentation segmentation) throws IOException {
    Path file = file(source, ".json");
    WholeFile.writeText(
        file,
        writer ->
            Json.write(
                writer,
                json -> {
                  json.beginObject().name("version").value("5.3.1");
                  json.name("flags").beginObject().endObject();
                  json.name("shapes").beginArray();
                  int group = 0;
                  for (Segment segment : segments(segmentation)) {
                    shapes(json, segmentation, segment, ++group);
                  }
                  json.endArray();
                  json.name("imagePath").value(from(file, source.file()));
                  json.name("imageData").nullValue();
                  json.name("imageHeight").value(segmentation.height());
                  json.name("imageWidth").value(segmentation.width()).endObject();
                }));
  }

  private void shapes(JsonWriter json, Segmentation segmentation, Segment segment, int group)
      throws IOException {
    List<Polygon> parts = segment.mask().polygons(tolerance);
    for (Polygon part : parts) {
      notes.add("holes kept by a seam", part.holes().size());
      json.beginObject().name("label").value(names().get(label(segmentation, segment) - 1));
      json.name("points");
      Json.points(json, Seams.join(part), 1, 1);
      json.name("group_id");
      if (parts.size() > 1) {
        json.value(group);
      } else {
        json.nullValue();
      }
      json.name("description").value("");
      json.name("shape_type").value("polygon");
      json.name("flags").beginObject().endObject();
      json.name("score").value(segment.score()).endObject();
    }
  }

  /** The way from a file to a picture. */
  private static String from(Path file, Path picture) {
    Path start = file.toAbsolutePath().normalize();
    Path end = picture.toAbsolutePath().normalize();
    return start.getRoot().equals(end.getRoot()) && start.getParent() != null
        ? DataFolder.name(start.getParent(), end)
        : end.toString().replace('\\', '/');
  }

  @Override
  void complete() {
    // Every picture has a file of its own.
  }
}
