package org.zeroseg.core.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
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
import org.zeroseg.core.tensor.Interpolation;

class ImageGoldenTest {

  @TestFactory
  Stream<DynamicTest> clip() {
    return Golden.tests("clip", Map.of("resize_u8", this::resize, "preprocess", this::preprocess));
  }

  @TestFactory
  Stream<DynamicTest> refine() {
    return Golden.tests(
        "refine",
        Map.of(
            "resize_size", this::sizes,
            "resize_image", this::backends,
            "normalize_round_trip", this::normalizeRoundTrip));
  }

  /** Outputs are called BACKEND_FILTER_HxW. */
  private void backends(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      for (String name : golden.outputs().keySet()) {
        int filterEnd = name.lastIndexOf('_');
        int filterStart = name.lastIndexOf('_', filterEnd - 1);
        String backend = name.substring(0, filterStart);
        String filter = name.substring(filterStart + 1, filterEnd).toUpperCase(Locale.ROOT);
        String[] size = name.substring(filterEnd + 1).split("x", -1);
        int height = Integer.parseInt(size[0]);
        int width = Integer.parseInt(size[1]);
        GoldenTensor image = golden.input(backend.equals("float") ? "float_image" : "image");
        golden.check(
            name,
            switch (backend) {
              case "pil" -> picture(image, width, height, Filter.valueOf(filter));
              case "cv2" -> picture(image, width, height, Filter.valueOf("OPENCV_" + filter));
              default -> tensor(manager, image, width, height, backend, filter);
            });
      }
    }
  }

  private static GoldenTensor picture(GoldenTensor image, int width, int height, Filter filter) {
    long[] shape = image.shape().clone();
    PixelFormat mode = shape.length == 2 ? PixelFormat.GREY : PixelFormat.RGB;
    Picture picture = Picture.of(mode, (int) shape[1], (int) shape[0], image.bytes());
    shape[0] = height;
    shape[1] = width;
    return GoldenTensor.of(picture.resize(width, height, filter).samples(), shape);
  }

  /** Of bytes the result is rounded, halves to even, as torchvision does. */
  private static GoldenTensor tensor(
      NDManager manager, GoldenTensor image, int width, int height, String backend, String filter) {
    NDArray rows = image.toArray(manager).toType(DataType.FLOAT32, false);
    boolean grey = image.shape().length == 2;
    NDArray x = (grey ? rows.expandDims(0) : rows.transpose(2, 0, 1)).expandDims(0);
    Interpolation.Mode mode =
        Interpolation.Mode.valueOf(filter.equals("LINEAR") ? "BILINEAR" : filter);
    NDArray resized =
        (backend.endsWith("antialias")
                ? Interpolation.resizeAntialiased(x, height, width, mode)
                : Interpolation.resize(x, height, width, mode))
            .squeeze(0);
    NDArray result = grey ? resized.squeeze(0) : resized.transpose(1, 2, 0);
    float[] values = result.toFloatArray();
    long[] shape = result.getShape().getShape();
    if (backend.equals("float")) {
      return GoldenTensor.of(values, shape);
    }
    int[] rounded = new int[values.length];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = (int) Math.rint(Math.max(0, Math.min(255, values[i])));
    }
    return GoldenTensor.of(rounded, shape);
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
    float[] pixels =
        Picture.of(PixelFormat.RGB, width, height, image.bytes()).toPixels(normalization);
    golden.check("normalised", GoldenTensor.of(pixels, 3, height, width));
    Picture restored = normalization.restore(pixels, width, height);
    golden.check("namedmask_image", GoldenTensor.of(restored.samples(), height, width, 3));
    golden.check("reco_image", GoldenTensor.of(restored.samples(), height, width, 3));
  }

  private void resize(GoldenCase golden) throws IOException {
    Picture picture =
        Picture.readAsStored(golden.file(golden.inputs().get("image").getAsString())).rgb();
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
      pictures.add(Picture.readAsStored(golden.file(image.getAsString())));
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
