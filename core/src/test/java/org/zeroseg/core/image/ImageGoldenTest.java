package org.zeroseg.core.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;

class ImageGoldenTest {

  @TestFactory
  Stream<DynamicTest> clip() {
    return Golden.tests("clip", Map.of("resize_u8", this::resize, "preprocess", this::preprocess));
  }

  @TestFactory
  Stream<DynamicTest> refine() {
    return Golden.tests(
        "refine",
        Map.of("resize_size", this::sizes, "normalize_round_trip", this::normalizeRoundTrip));
  }

  private void sizes(GoldenCase golden) {
    GoldenTensor rows = golden.input("rows");
    int count = (int) rows.shape()[0];
    int[] sizes = new int[2 * count];
    for (int i = 0; i < count; i++) {
      int height = (int) rows.values()[4 * i];
      int width = (int) rows.values()[4 * i + 1];
      int size = (int) rows.values()[4 * i + 2];
      int longest = (int) rows.values()[4 * i + 3];
      Sizes resized =
          longest == 0
              ? Sizes.shorterSide(width, height, size)
              : Sizes.shorterSide(width, height, size, longest);
      sizes[2 * i] = resized.newHeight();
      sizes[2 * i + 1] = resized.newWidth();
    }
    golden.check("sizes", GoldenTensor.of(sizes, count, 2));
  }

  private void normalizeRoundTrip(GoldenCase golden) {
    GoldenTensor image = golden.input("image");
    int height = (int) image.shape()[0];
    int width = (int) image.shape()[1];
    Normalization normalization =
        new Normalization(channels(golden.config(), "mean"), channels(golden.config(), "std"));
    float[] pixels = Picture.of(Mode.RGB, width, height, image.bytes()).toPixels(normalization);
    golden.check("normalised", GoldenTensor.of(pixels, 3, height, width));
    Picture restored = normalization.restore(pixels, width, height);
    golden.check("namedmask_image", GoldenTensor.of(restored.samples(), height, width, 3));
    golden.check("reco_image", GoldenTensor.of(restored.samples(), height, width, 3));
  }

  private void resize(GoldenCase golden) throws IOException {
    Picture picture = Picture.read(golden.file(golden.inputs().get("image").getAsString())).rgb();
    Filter filter =
        Filter.valueOf(golden.config().get("filter").getAsString().toUpperCase(Locale.ROOT));
    for (JsonElement size : golden.config().getAsJsonArray("sizes_width_height")) {
      int width = size.getAsJsonArray().get(0).getAsInt();
      int height = size.getAsJsonArray().get(1).getAsInt();
      Picture resized = picture.resize(width, height, filter);
      golden.check(
          "out_" + width + "x" + height, GoldenTensor.of(resized.samples(), height, width, 3));
    }
  }

  private void preprocess(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    int size = config.get("size").getAsInt();
    String[] resize = config.get("resize").getAsString().split(", ", -1);
    assertEquals("shorter side", resize[0]);
    Preprocessing preprocessing =
        new Preprocessing(
            size,
            Filter.valueOf(resize[1].toUpperCase(Locale.ROOT)),
            config.get("convert_rgb").getAsString().startsWith("before"),
            config.get("crop").getAsString().contains("half to even")
                ? Preprocessing.CropRounding.HALF_EVEN
                : Preprocessing.CropRounding.FLOOR,
            new Normalization(channels(config, "mean"), channels(config, "std")));
    List<Picture> pictures = new ArrayList<>();
    for (JsonElement image : golden.inputs().getAsJsonArray("images")) {
      pictures.add(Picture.read(golden.file(image.getAsString())));
    }
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray pixels = preprocessing.pixels(manager, pictures);
      for (int i = 0; i < pictures.size(); i++) {
        golden.check(
            "u8_" + i,
            GoldenTensor.of(preprocessing.square(pictures.get(i)).samples(), size, size, 3));
        golden.check("pixels_" + i, pixels.get(i));
      }
    }
  }

  private static Normalization.Channels channels(JsonObject config, String key) {
    JsonArray values = config.getAsJsonArray(key);
    return new Normalization.Channels(
        values.get(0).getAsDouble(), values.get(1).getAsDouble(), values.get(2).getAsDouble());
  }
}
