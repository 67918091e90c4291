package org.zeroseg.core.export;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;

/**
 * A folder for each picture, with a black and white picture for each segment and a list of them.
 */
final class MasksWriter extends FormatWriter {

  static final String INDEX = "masks.json";

  MasksWriter(Path folder) throws IOException {
    super(folder);
  }

  @Override
  void write(Source source, Segmentation segmentation) throws IOException {
    Path own = folder.resolve(source.stem());
    List<Segment> segments = segments(segmentation);
    for (int i = 0; i < segments.size(); i++) {
      byte[] samples = segments.get(i).mask().toBytes();
      for (int k = 0; k < samples.length; k++) {
        samples[k] = (byte) (samples[k] == 0 ? 0 : 255);
      }
      WholeFile.write(
          own.resolve(fileName(i, segments.get(i))),
          Picture.of(PixelFormat.GREY, segmentation.width(), segmentation.height(), samples)
              .toPng());
    }
    // Last, since it says that all are there.
    WholeFile.writeText(
        own.resolve(INDEX),
        writer ->
            Json.write(
                writer,
                json -> {
                  json.beginObject().name("picture").value(source.name());
                  json.name("width").value(segmentation.width());
                  json.name("height").value(segmentation.height());
                  json.name("masks").beginArray();
                  for (int i = 0; i < segments.size(); i++) {
                    entry(json, segmentation, i, segments.get(i));
                  }
                  json.endArray().endObject();
                }));
  }

  private void entry(JsonWriter json, Segmentation segmentation, int index, Segment segment)
      throws IOException {
    int label = label(segmentation, segment);
    json.beginObject().name("file").value(fileName(index, segment));
    json.name("label").value(label);
    json.name("name").value(names().get(label - 1));
    json.name("score").value(segment.score());
    json.name("area").value(segment.mask().area()).endObject();
  }

  private static String fileName(int index, Segment segment) {
    return String.format(Locale.ROOT, "%04d-%s.png", index + 1, fileName(segment.name()));
  }

  @Override
  void complete() {
    // Every picture has a folder of its own.
  }
}
