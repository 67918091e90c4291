package org.zeroseg.core.augment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.augment.PhotometricAugmentation.Change;
import org.zeroseg.core.augment.PhotometricAugmentation.Operation;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Window;

class AugmentGoldenTest {

  @TestFactory
  Stream<DynamicTest> refine() {
    return Golden.tests(
        "refine",
        Map.of(
            "colour", this::colour,
            "colour_tensor", this::colourTensor,
            "colour_jitter", this::colourJitter,
            "gaussian_blur", this::gaussianBlur,
            "blur_kernel_size", this::blurKernelSize,
            "geometric_augmentation", this::geometric,
            "copy_paste", this::copyPaste,
            "advanced_copy_paste", this::advancedCopyPaste));
  }

  @TestFactory
  Stream<DynamicTest> namedmask() {
    return Golden.tests(
        "namedmask",
        Map.of(
            "geometric_augmentation", this::geometric,
            "photometric_augmentation", this::photometricStages,
            "copy_paste", this::copyPaste));
  }

  @TestFactory
  Stream<DynamicTest> zutis() {
    return Golden.tests(
        "zutis",
        Map.of(
            "photometric_ops", this::photometricOperations,
            "geometric_augment", this::placedGeometry,
            "copy_paste", this::copyPaste,
            "advanced_copy_paste", this::advancedCopyPaste));
  }

  /** Draws in the order of the record, in any of its notations; fails where a range differs. */
  private static final class Recorded implements Draws {
    private final Deque<JsonArray> uniform = new ArrayDeque<>();
    private final Deque<JsonArray> integers = new ArrayDeque<>();

    Recorded(JsonArray draws) {
      for (JsonElement draw : draws) {
        JsonArray parts = new JsonArray();
        if (draw.isJsonObject()) {
          parts.add(draw.getAsJsonObject().get("low"));
          parts.add(draw.getAsJsonObject().get("high_inclusive"));
          parts.add(draw.getAsJsonObject().get("value"));
          integers.add(parts);
        } else {
          boolean named = draw.getAsJsonArray().get(0).getAsJsonPrimitive().isString();
          draw.getAsJsonArray().forEach(parts::add);
          boolean whole = !named || parts.get(0).getAsString().equals("randint");
          if (named) {
            parts.remove(0);
          }
          (whole ? integers : uniform).add(parts);
        }
      }
    }

    private static JsonElement value(JsonArray draw) {
      return draw.get(draw.size() - 1);
    }

    @Override
    public double uniform(double low, double high) {
      // Some records leave out draws that cannot matter.
      return uniform.isEmpty() ? low : value(uniform.remove()).getAsDouble();
    }

    @Override
    public int integer(int low, int high) {
      JsonArray draw = integers.remove();
      if (draw.size() == 3) {
        assertEquals(draw.get(0).getAsInt(), low);
        assertEquals(draw.get(1).getAsInt(), high);
      }
      int value = value(draw).getAsInt();
      assertEquals(Math.max(low, Math.min(high, value)), value);
      return value;
    }

    void finished() {
      assertEquals(0, uniform.size() + integers.size(), "draws left over");
    }
  }

  private static Picture picture(GoldenCase golden) throws IOException {
    JsonObject entry = golden.inputs().getAsJsonObject("image");
    if (entry.has("picture")) {
      return Picture.readAsStored(golden.file(entry.get("picture").getAsString())).rgb();
    }
    GoldenTensor image = golden.input("image");
    if (image.shape()[2] == 3) {
      return Picture.of(
          PixelFormat.RGB, (int) image.shape()[1], (int) image.shape()[0], image.bytes());
    }
    int plane = (int) (image.shape()[1] * image.shape()[2]);
    byte[] planes = image.bytes();
    byte[] rgb = new byte[planes.length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = planes[i % 3 * plane + i / 3];
    }
    return Picture.of(PixelFormat.RGB, (int) image.shape()[2], (int) image.shape()[1], rgb);
  }

  private static void check(GoldenCase golden, String name, Picture picture) {
    golden.check(name, GoldenTensor.of(picture.samples(), picture.height(), picture.width(), 3));
  }

  private static Picture apply(String operation, Picture picture, double factor) {
    return operation.equals("grayscale")
        ? Colour.greyscale(picture)
        : new Change(Operation.valueOf(operation.toUpperCase(Locale.ROOT)), factor).apply(picture);
  }

  /** The factor in names like {@code hue_m0p20}. */
  private static double factor(String name) {
    return Double.parseDouble(
        name.substring(name.lastIndexOf('_') + 1).replace('p', '.').replace('m', '-'));
  }

  private void colour(GoldenCase golden) throws IOException {
    Picture picture = picture(golden);
    for (String name : golden.outputs().keySet()) {
      switch (name) {
        case "luma" -> {
          byte[] rgb = picture.samples();
          byte[] luma = new byte[rgb.length / 3];
          for (int i = 0; i < luma.length; i++) {
            luma[i] = (byte) Colour.luma(rgb, 3 * i);
          }
          golden.check(name, GoldenTensor.of(luma, picture.height(), picture.width()));
        }
        case "hsv" ->
            golden.check(
                name, GoldenTensor.of(Colour.hsv(picture), picture.height(), picture.width(), 3));
        case "grayscale" -> check(golden, name, Colour.greyscale(picture));
        default ->
            check(golden, name, apply(name.substring(0, name.indexOf('_')), picture, factor(name)));
      }
    }
  }

  private void colourTensor(GoldenCase golden) throws IOException {
    Picture picture = picture(golden);
    for (String name : golden.outputs().keySet()) {
      String operation = name.contains("_") ? name.substring(0, name.indexOf('_')) : name;
      Picture changed =
          switch (operation) {
            case "brightness" -> TensorColour.brightness(picture, factor(name));
            case "contrast" -> TensorColour.contrast(picture, factor(name));
            case "saturation" -> TensorColour.saturation(picture, factor(name));
            case "hue" -> TensorColour.hue(picture, factor(name));
            default -> TensorColour.greyscale(picture);
          };
      byte[] rgb = changed.samples();
      byte[] planes = new byte[rgb.length];
      for (int i = 0; i < rgb.length; i++) {
        planes[i % 3 * (rgb.length / 3) + i / 3] = rgb[i];
      }
      golden.check(name, GoldenTensor.of(planes, 3, picture.height(), picture.width()));
    }
  }

  private void colourJitter(GoldenCase golden) throws IOException {
    List<Operation> torchvision =
        List.of(Operation.BRIGHTNESS, Operation.CONTRAST, Operation.SATURATION, Operation.HUE);
    List<Change> changes = new ArrayList<>();
    for (JsonElement number : golden.config().getAsJsonArray("order")) {
      Operation operation = torchvision.get(number.getAsInt());
      String name = operation.name().toLowerCase(Locale.ROOT);
      changes.add(new Change(operation, golden.config().get(name).getAsDouble()));
    }
    PhotometricAugmentation.Changes all =
        new PhotometricAugmentation.Changes(changes, false, java.util.Optional.empty());
    check(golden, "image", all.apply(picture(golden)));
  }

  private void photometricStages(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    Picture picture = picture(golden);
    for (JsonElement stage : config.getAsJsonArray("jitter_order")) {
      String name = stage.getAsString();
      picture = apply(name, picture, config.getAsJsonObject("factors").get(name).getAsDouble());
      check(golden, "after_" + name, picture);
    }
    if (config.get("grayscale").getAsBoolean()) {
      picture = Colour.greyscale(picture);
      check(golden, "after_grayscale", picture);
    }
    if (!config.get("blur_sigma").isJsonNull()) {
      GaussianBlur blur =
          new GaussianBlur(
              config.get("blur_kernel").getAsInt(), config.get("blur_sigma").getAsDouble());
      check(golden, "after_blur", blur.apply(picture));
    }
  }

  private void photometricOperations(GoldenCase golden) throws IOException {
    JsonObject factors = golden.config().getAsJsonObject("factors");
    Picture picture = picture(golden);
    for (String name : golden.outputs().keySet()) {
      JsonElement entry = factors.has(name) ? factors.get(name) : null;
      double factor = entry == null || entry.isJsonNull() ? 0 : entry.getAsDouble();
      switch (name) {
        case "blur" ->
            check(
                golden,
                name,
                new GaussianBlur(golden.config().get("blur_kernel").getAsInt(), factor)
                    .apply(picture));
        case "chain" -> {
          Picture chained = picture;
          String note = golden.outputs().getAsJsonObject(name).get("note").getAsString();
          for (String step : note.replace(" in this order", "").split(", ", -1)) {
            chained = apply(step, chained, factors.get(step).getAsDouble());
          }
          check(golden, name, chained);
        }
        default -> check(golden, name, apply(name, picture, factor));
      }
    }
  }

  private void gaussianBlur(GoldenCase golden) throws IOException {
    Picture picture = picture(golden);
    for (String name : golden.outputs().keySet()) {
      int size = Integer.parseInt(name.substring(1, name.indexOf('_')));
      double sigma = Double.parseDouble(name.substring(name.indexOf('s') + 1).replace('p', '.'));
      check(golden, name, new GaussianBlur(size, sigma).apply(picture));
    }
  }

  private void blurKernelSize(GoldenCase golden) {
    int[] sides = golden.input("min_side").ints();
    int[] sizes = Arrays.stream(sides).map(s -> GaussianBlur.kernelSize(s, s + 9)).toArray();
    golden.check("kernel_size", GoldenTensor.of(sizes, sizes.length));
  }

  private static void checkLabelled(
      GoldenCase golden, GeometricAugmentation.Labelled result, int side) {
    check(golden, "image", result.picture());
    golden.check("mask", GoldenTensor.of(result.labels(), side, side));
  }

  private void geometric(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    int crop = config.get(config.has("crop") ? "crop" : "crop_size").getAsInt();
    GeometricAugmentation augmentation =
        new GeometricAugmentation(
            config.getAsJsonArray("scale_range").get(0).getAsDouble(),
            config.getAsJsonArray("scale_range").get(1).getAsDouble(),
            crop,
            GeometricAugmentation.Padding.RANDOM_CORNER,
            config.has("hflip_p") ? config.get("hflip_p").getAsDouble() : 0.5,
            config.get("ignore_index").getAsInt());
    Picture picture = picture(golden);
    Recorded draws = new Recorded(config.getAsJsonArray("draws_in_order"));
    GeometricAugmentation.Placement placement =
        augmentation.draw(picture.width(), picture.height(), draws);
    draws.finished();
    if (golden.outputs().has("scaled_image")) {
      JsonArray size = config.getAsJsonArray("scaled_size");
      check(
          golden,
          "scaled_image",
          picture.resize(size.get(1).getAsInt(), size.get(0).getAsInt(), Filter.BILINEAR));
    }
    checkLabelled(
        golden,
        augmentation.apply(
            new GeometricAugmentation.Labelled(picture, golden.input("mask").ints()), placement),
        crop);
  }

  private void placedGeometry(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    int crop = config.get("crop_size").getAsInt();
    JsonArray padding = config.getAsJsonArray("padding_left_top_right_bottom");
    JsonArray offset = config.getAsJsonArray("offset_top_left");
    GeometricAugmentation.Placement placement =
        new GeometricAugmentation.Placement(
            config.get("scale").getAsDouble(),
            padding.get(0).getAsInt() > 0,
            padding.get(1).getAsInt() > 0,
            offset.get(0).getAsInt(),
            offset.get(1).getAsInt(),
            config.get("flip").getAsBoolean());
    checkLabelled(
        golden,
        GeometricAugmentation.of(crop, config.get("mask_fill").getAsInt())
            .apply(
                new GeometricAugmentation.Labelled(picture(golden), golden.input("mask").ints()),
                placement),
        crop);
  }

  private void copyPaste(GoldenCase golden) {
    JsonObject config = golden.config();
    int ignore = config.get("ignore_index").getAsInt();
    GoldenTensor images = golden.input("images");
    int height = (int) images.shape()[2];
    int width = (int) images.shape()[3];
    int size = height * width;
    int[] semantic = golden.input(golden.inputs().has("masks") ? "masks" : "semantic_masks").ints();
    boolean counted = golden.inputs().has("instance_masks");
    int[] instances = counted ? golden.input("instance_masks").ints() : new int[semantic.length];
    List<LabelledPixels> samples = new ArrayList<>();
    for (int n = 0; n < images.shape()[0]; n++) {
      int[] own = Arrays.copyOfRange(semantic, n * size, (n + 1) * size);
      int[] numbers = Arrays.copyOfRange(instances, n * size, (n + 1) * size);
      for (int i = 0; config.has("instance_ids") && i < size; i++) {
        boolean object = own[i] > 0 && own[i] < ignore;
        numbers[i] = object ? config.getAsJsonArray("instance_ids").get(n).getAsInt() : own[i];
      }
      float[] pixels = Arrays.copyOfRange(images.floats(), 3 * n * size, 3 * (n + 1) * size);
      samples.add(new LabelledPixels(pixels, width, height, own, numbers));
    }
    JsonArray draws = new JsonArray();
    if (config.has("draws")) {
      draws = config.getAsJsonArray("draws");
    } else {
      for (JsonElement offset : config.getAsJsonArray("offsets_top_left")) {
        for (JsonElement value : offset.getAsJsonArray()) {
          JsonArray draw = new JsonArray();
          draw.add(new JsonPrimitive("randint"));
          draw.add(value);
          draws.add(draw);
        }
      }
    }
    Recorded recorded = new Recorded(draws);
    LabelledPixels pasted = CopyPaste.of(ignore).paste(samples, recorded);
    recorded.finished();
    golden.check("image", GoldenTensor.of(pasted.pixels(), 3, height, width));
    for (String name : golden.outputs().keySet()) {
      switch (name) {
        case "mask", "semantic_mask" ->
            golden.check(name, GoldenTensor.of(pasted.semantic(), height, width));
        case "instance_mask" ->
            golden.check(name, GoldenTensor.of(pasted.instances(), height, width));
        case "instance_one_hot" -> checkOneHot(golden, name, pasted);
        default -> assertEquals("image", name);
      }
    }
  }

  private static void checkOneHot(GoldenCase golden, String name, LabelledPixels pasted) {
    int count = (int) golden.output(name).shape()[0];
    int size = pasted.width() * pasted.height();
    boolean[] oneHot = new boolean[count * size];
    for (int n = 0; n < count; n++) {
      System.arraycopy(pasted.instance(n + 1), 0, oneHot, n * size, size);
    }
    golden.check(name, GoldenTensor.of(oneHot, count, pasted.height(), pasted.width()));
  }

  private void advancedCopyPaste(GoldenCase golden) {
    JsonObject config = golden.config();
    int grid = config.get("grid_size").getAsInt();
    List<LabelledPixels> samples = new ArrayList<>();
    JsonArray categories = config.getAsJsonArray("category_ids");
    for (int n = 0; n < categories.size(); n++) {
      GoldenTensor image = golden.input("image_" + n);
      int category = categories.get(n).getAsInt();
      int[] semantic =
          Arrays.stream(golden.input("mask_" + n).ints())
              .map(label -> label == 1 ? category : label)
              .toArray();
      samples.add(
          new LabelledPixels(
              image.floats(),
              (int) image.shape()[2],
              (int) image.shape()[1],
              semantic,
              new int[semantic.length]));
    }
    List<Window> patches = new ArrayList<>();
    JsonElement all = config.get("patches");
    String chosen = config.has("chosen_patches") ? "chosen_patches" : "patch_indices";
    for (JsonElement index : config.getAsJsonArray(chosen)) {
      JsonObject patch =
          (all.isJsonArray()
                  ? all.getAsJsonArray().get(index.getAsInt())
                  : all.getAsJsonObject().get(index.getAsString()))
              .getAsJsonObject();
      patches.add(
          new Window(
              patch.get("left").getAsInt(),
              patch.get("top").getAsInt(),
              patch.get("width").getAsInt(),
              patch.get("height").getAsInt()));
    }
    Recorded draws =
        new Recorded(config.getAsJsonArray(config.has("draws") ? "draws" : "draws_after_grid"));
    LabelledPixels pasted = new AdvancedCopyPaste(grid, 4, 255).paste(samples, patches, draws);
    draws.finished();
    golden.check("image", GoldenTensor.of(pasted.pixels(), 3, grid, grid));
    golden.check("semantic_mask", GoldenTensor.of(pasted.semantic(), grid, grid));
    checkOneHot(golden, "instance_mask", pasted);
  }
}
