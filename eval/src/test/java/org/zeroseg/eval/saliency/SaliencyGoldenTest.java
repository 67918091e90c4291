package org.zeroseg.eval.saliency;

import com.google.gson.JsonElement;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.mask.Mask;

class SaliencyGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "selfmask",
        Map.of(
            "saliency_metrics", this::measuresPictures,
            "saliency_metrics_dataset", this::measuresSets));
  }

  private void measuresPictures(GoldenCase golden) {
    double argument = golden.config().get("beta_square_argument").getAsDouble();
    float[] map = map(golden.input("prediction"));
    Mask truth = mask(golden.input("gt"));
    SaliencyScores squared = new SaliencyMetrics(argument * argument).of(map, truth);
    SaliencyScores plain = new SaliencyMetrics(argument).of(map, truth);
    Map<String, Double> values =
        Map.of(
            "iou", squared.iou(),
            "pixel_accuracy", squared.pixelAccuracy(),
            "mae", squared.meanAbsoluteError(),
            "f_measure", squared.f(),
            "f_max", squared.maxF(),
            "f_mean", squared.meanF(),
            "s_measure", squared.sMeasure(),
            "f_measure_beta2_0.3", plain.f(),
            "f_max_beta2_0.3", plain.maxF(),
            "f_mean_beta2_0.3", plain.meanF());
    List<String> undefined =
        golden.config().getAsJsonArray("nan_outputs").asList().stream()
            .map(JsonElement::getAsString)
            .toList();
    for (String name : golden.outputs().keySet()) {
      if (!undefined.contains(name)) {
        golden.check(name, GoldenTensor.of(new double[] {values.get(name)}, 1));
      }
    }
  }

  private void measuresSets(GoldenCase golden) {
    SaliencyEvaluator evaluator =
        new SaliencyEvaluator(
            new SaliencyMetrics(golden.config().get("beta_square").getAsDouble()));
    for (int i = 0; i < golden.config().get("images").getAsInt(); i++) {
      evaluator.add(map(golden.input("prediction_" + i)), mask(golden.input("gt_" + i)));
    }
    golden.check("IoU", GoldenTensor.of(new double[] {evaluator.mean().iou()}, 1));
    golden.check("accuracy", GoldenTensor.of(new double[] {evaluator.mean().pixelAccuracy()}, 1));
    golden.check("F_max", GoldenTensor.of(new double[] {evaluator.maxOfMeanF()}, 1));
  }

  private static float[] map(GoldenTensor tensor) {
    float[] values = new float[tensor.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) tensor.values()[i];
    }
    return values;
  }

  private static Mask mask(GoldenTensor tensor) {
    int width = (int) tensor.shape()[1];
    return Mask.of(width, (int) tensor.shape()[0], (x, y) -> tensor.values()[y * width + x] > 0);
  }
}
