package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.Precision;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.tensor.Interpolation;

class DeepLabGoldenTest {

  private static final Pattern SLICE =
      Pattern.compile("(\\[[^\\]]*::[^\\]]*\\])|channels (::\\d+)");

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "namedmask",
        Map.of(
            "deeplab_forward", DeepLabGoldenTest::forward,
            "state_dict_names", DeepLabGoldenTest::names));
  }

  private static void names(GoldenCase golden) {
    JsonObject names = new JsonObject();
    DeepLabConfig config = NamedMaskCases.config(golden.config());
    long[] parameters = {0};
    config
        .shapes()
        .forEach(
            (name, shape) -> {
              JsonArray sizes = new JsonArray();
              for (long size : shape.getShape()) {
                sizes.add(size);
              }
              names.add(name, sizes);
              parameters[0] += config.trains(name) ? shape.size() : 0;
            });
    golden.checkJson("names", golden.json().getAsJsonObject("expected").get("names"), names, 0);
    assertEquals(golden.config().get("parameters").getAsLong(), parameters[0]);
  }

  private static void forward(GoldenCase golden) {
    try (NDManager model = NDManager.newBaseManager("PyTorch")) {
      DeepLab network = NamedMaskCases.network(golden, model);
      forward(golden, network, model);
      forward(golden, network.folded(Precision.FLOAT32, model), model);
    }
  }

  private static void forward(GoldenCase golden, DeepLab network, NDManager model) {
    String input = golden.inputs().has("image") ? "image" : "images";
    List<Picture> pictures = NamedMaskCases.pictures(golden.input(input));
    try (NDManager call = model.newSubManager()) {
      NDArray pixels = Normalization.IMAGENET.pixels(call, pictures);
      check(golden, "stem", network.backbone().stem(pixels));
      NDList stages = network.backbone().stages(pixels);
      check(golden, "low_level", stages.get(0));
      for (int i = 0; i < stages.size(); i++) {
        check(golden, "layer" + (i + 1), stages.get(i));
      }
      NDArray last = stages.get(stages.size() - 1);
      NDList branches = network.branches(last);
      for (int i = 0; i < branches.size(); i++) {
        NDArray branch = branches.get(i);
        check(golden, "aspp_branch" + i, branch.broadcast(branches.get(0).getShape()));
      }
      NDArray low = network.lowLevel(stages.get(0));
      check(golden, "low_level_projection", low);
      check(golden, "aspp", network.pyramid(last));
      NDArray maps = network.logits(pixels, pyramid -> pyramid);
      check(golden, "decoder_logits", maps);
      int width = pictures.get(0).width();
      int height = pictures.get(0).height();
      NDArray logits = Interpolation.resize(maps, height, width, Interpolation.Mode.BILINEAR);
      check(golden, "logits", logits);
      check(golden, "probabilities", logits.softmax(1));
      NDArray features = network.features(pixels);
      ClassMaps classes = ClassMaps.of(network, width, height);
      int[] winners = new int[width * height * pictures.size()];
      for (int i = 0; i < pictures.size(); i++) {
        ClassMaps.Winners found = classes.winners(features, i);
        System.arraycopy(found.classes(), 0, winners, i * width * height, width * height);
      }
      NDArray stacked = call.create(winners, new Shape(pictures.size(), height, width));
      check(golden, "argmax", stacked.toType(DataType.INT32, false));
    }
  }

  /** Of a large case one picture's slice is stored, and its text says which. */
  private static void check(GoldenCase golden, String name, NDArray whole) {
    JsonObject rule = golden.outputs().getAsJsonObject(name);
    if (rule == null) {
      return;
    }
    mismatch(golden, name, rule);
    GoldenTensor actual = GoldenTensor.of(whole);
    if (golden.output(name).shape().length < actual.shape().length) {
      actual = actual.slice("0");
    }
    Matcher slice = SLICE.matcher(rule.has("what") ? rule.get("what").getAsString() : "");
    if (slice.find()) {
      actual = actual.slice(slice.group(1) != null ? slice.group(1) : slice.group(2));
    }
    golden.check(name, actual);
  }

  /** The case's own table of allowed fractions. */
  static void mismatch(GoldenCase golden, String name, JsonObject rule) {
    JsonObject allowed = golden.json().getAsJsonObject("max_mismatch");
    if (allowed != null && allowed.has(name)) {
      rule.add("max_mismatch", allowed.get(name));
    }
  }
}
