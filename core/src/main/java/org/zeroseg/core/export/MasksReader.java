package org.zeroseg.core.export;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;

/** Reads folders of masks by their lists. */
final class MasksReader {

  private MasksReader() {}

  static void read(Path from, Path pictures, AnnotationSink sink) throws IOException {
    for (Path file :
        DataFolder.files(from, name -> ("/" + name).endsWith("/" + MasksWriter.INDEX))) {
      JsonObject list = JsonFile.object(file, object -> object);
      String kind = "is no list of masks";
      String name =
          DataFolder.understood(
              file, kind, () -> FormatWriter.within(list.get("picture").getAsString()));
      Segmentation found = DataFolder.understood(file, kind, () -> segmentation(file, list));
      sink.add(name, pictures.resolve(name), found);
    }
  }

  private static Segmentation segmentation(Path file, JsonObject list) throws IOException {
    Raster raster =
        new Raster(list.get("width").getAsInt(), list.get("height").getAsInt(), List.of());
    for (JsonElement each : list.getAsJsonArray("masks")) {
      JsonObject entry = each.getAsJsonObject();
      Path mask = Path.of(FormatWriter.within(entry.get("file").getAsString())).getFileName();
      raster.add(
          entry.get("name").getAsString(),
          entry.get("score").getAsDouble(),
          mask(file.resolveSibling(mask)));
    }
    return raster.segmentation();
  }

  private static Mask mask(Path file) throws IOException {
    Picture picture = Picture.readAsStored(file);
    return Mask.of(picture.width(), picture.height(), (x, y) -> picture.sample(x, y, 0) != 0);
  }
}
