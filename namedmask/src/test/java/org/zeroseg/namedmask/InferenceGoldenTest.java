package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.LinearTaps;
import org.zeroseg.eval.semantic.ConfusionMatrix;

class InferenceGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "namedmask",
        Map.of(
            "evaluate_dataset", InferenceGoldenTest::evaluate,
            "inference_resized", InferenceGoldenTest::resized,
            "pseudo_mask", InferenceGoldenTest::pseudoMask,
            "background_threshold", InferenceGoldenTest::threshold));
  }

  private static NamedMask segmenter(GoldenCase golden, NDManager model, NamedMaskBuilder chosen) {
    DeepLab network = NamedMaskCases.network(golden, model);
    String[] names =
        IntStream.range(1, network.config().classes())
            .mapToObj(Integer::toString)
            .toArray(String[]::new);
    return chosen.precision(Precision.FLOAT32).categories(names).build(network);
  }

  private static void evaluate(GoldenCase golden) {
    int classes = golden.config().get("classes").getAsInt();
    ConfusionMatrix matrix = new ConfusionMatrix(classes);
    try (NDManager model = NDManager.newBaseManager("PyTorch");
        NamedMask segmenter = segmenter(golden, model, NamedMask.builder().ownSize())) {
      Vocabulary vocabulary = segmenter.vocabulary();
      for (int i = 0; golden.inputs().has("image" + i); i++) {
        Picture picture = NamedMaskCases.pictures(golden.input("image" + i)).get(0);
        Segmentation found = segmenter.segment(picture, vocabulary);
        check(golden, "prediction" + i, found);
        matrix.add(golden.input("target" + i).ints(), found.labels());
      }
    }
    JsonObject expected = golden.json().getAsJsonObject("expected");
    double tolerance = expected.get("tolerance").getAsDouble();
    assertEquals(expected.get("mean_iou").getAsDouble(), matrix.meanIou(), tolerance);
    assertEquals(expected.get("pixel_accuracy").getAsDouble(), matrix.pixelAccuracy(), tolerance);
    for (int label = 0; label < classes; label++) {
      double recorded = expected.getAsJsonArray("class_iou").get(label).getAsDouble();
      assertEquals(recorded, matrix.iou(label), tolerance);
    }
  }

  private static void check(GoldenCase golden, String name, Segmentation found) {
    DeepLabGoldenTest.mismatch(golden, name, golden.outputs().getAsJsonObject(name));
    golden.check(name, GoldenTensor.of(found.labels(), found.height(), found.width()));
  }

  private static void resized(GoldenCase golden) {
    int longer = golden.config().get("longer_side").getAsInt();
    Picture picture = NamedMaskCases.pictures(golden.input("image")).get(0);
    Sizes sizes = InputSize.longerSide(longer).of(picture.width(), picture.height());
    int width = sizes.newWidth();
    int height = sizes.newHeight();
    Picture input = picture.resize(width, height, Filter.BILINEAR);
    golden.check("resized", GoldenTensor.of(input.samples(), height, width, 3));
    try (NDManager model = NDManager.newBaseManager("PyTorch");
        NamedMask segmenter = segmenter(golden, model, NamedMask.builder().longerSide(longer))) {
      NDArray pixels = Normalization.IMAGENET.pixels(model, List.of(input));
      NDArray maps = NamedMaskCases.network(golden, model).logits(pixels, pyramid -> pyramid);
      NDArray small = Interpolation.resize(maps, height, width, Interpolation.Mode.BILINEAR);
      golden.check("logits_resized", small.squeeze(0));
      NDArray large =
          Interpolation.resize(
              small, picture.height(), picture.width(), Interpolation.Mode.BILINEAR);
      golden.check("logits", large.squeeze(0));
      check(golden, "argmax", segmenter.segment(picture, segmenter.vocabulary()));
    }
  }

  /** What SelfMask does behind its network. */
  private static void pseudoMask(GoldenCase golden) {
    JsonObject json = golden.config();
    Picture picture = NamedMaskCases.pictures(golden.input("image")).get(0);
    Sizes sizes =
        InputSize.shorterSide(json.get("shorter_side").getAsInt())
            .of(picture.width(), picture.height());
    int width = sizes.newWidth();
    int height = sizes.newHeight();
    Picture input = picture.resize(width, height, Filter.BILINEAR);
    golden.check("resized_image", GoldenTensor.of(input.samples(), height, width, 3));
    Picture guide =
        Normalization.IMAGENET.restore(input.toPixels(Normalization.IMAGENET), width, height);
    golden.check("guide_image", GoldenTensor.of(guide.samples(), height, width, 3));
    BilateralSolver solver =
        new BilateralSolver(
            json.get("sigma_spatial").getAsDouble(),
            json.get("sigma_luma").getAsDouble(),
            json.get("sigma_chroma").getAsDouble(),
            json.get("lambda").getAsDouble(),
            json.get("confidence").getAsDouble(),
            json.get("cg_maxiter").getAsInt(),
            json.get("cg_tol").getAsDouble(),
            0);
    assertEquals(BilateralSolver.DEFAULT, solver, "what SelfMask refines by");
    GoldenTensor mask = golden.input("binary_mask");
    double[] solved = solver.guide(guide).solve(mask.floats());
    golden.check("solver_output", GoldenTensor.of(solved, height, width));
    Mask refined = solver.guide(guide).refine(Mask.of(width, height, mask.bytes()));
    check(golden, "refined", refined);
    Mask whole = refined.resizeByFloor(picture.width(), picture.height());
    check(golden, "pseudo_mask", whole);
    JsonObject rle = golden.json().getAsJsonObject("expected").getAsJsonObject("rle");
    assertEquals(rle.get("counts").getAsString(), whole.rle().text());
  }

  private static void check(GoldenCase golden, String name, Mask mask) {
    DeepLabGoldenTest.mismatch(golden, name, golden.outputs().getAsJsonObject(name));
    golden.check(name, GoldenTensor.of(mask.toBytes(), mask.height(), mask.width()));
  }

  private static void threshold(GoldenCase golden) {
    GoldenTensor probabilities = golden.input("class_probabilities");
    int classes = (int) probabilities.shape()[0];
    int height = (int) probabilities.shape()[1];
    int width = (int) probabilities.shape()[2];
    Labelling labelling =
        new Labelling(
            LinearTaps.of(height, height),
            LinearTaps.of(width, width),
            (row, category, x) -> row[category][x],
            OptionalDouble.of(golden.config().get("t").getAsDouble()));
    int[] labels = labelling.apply(probabilities.floats(), classes, classes, width).labels();
    golden.check("labels", GoldenTensor.of(labels, height, width));
  }
}
