package org.zeroseg.eval.naming;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.naming.ReassignmentEvaluator.PictureScore;

class NamingGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "zeroguide",
        Map.of(
            "label-reassignment-metrics", this::reassigns,
            "text-generation-quality", this::measuresText));
  }

  private void reassigns(GoldenCase golden) {
    JsonObject config = golden.config();
    boolean texts = config.get("mode").getAsString().equals("t-t");
    double threshold = config.get(texts ? "text_threshold" : "clip_threshold").getAsDouble();
    int[] ids =
        golden.json().getAsJsonArray("class_ids").asList().stream()
            .mapToInt(JsonElement::getAsInt)
            .toArray();
    List<String> names = strings(golden.json(), "classes");
    ReassignmentEvaluator evaluator = new ReassignmentEvaluator(ids.length);
    boolean voc = config.get("dataset").getAsString().equals("pascal");
    float[][] classes = rows(golden.input("class_features"));
    List<JsonElement> images = golden.json().getAsJsonArray("images").asList();
    for (int i = 0; i < images.size(); i++) {
      String features = (texts ? "caption_features_" : "segment_features_") + i;
      double[][] similarities = Similarities.between(rows(golden.input(features)), classes);
      golden.check(
          "similarity_" + i,
          GoldenTensor.of(
              Arrays.stream(similarities).flatMapToDouble(Arrays::stream).toArray(),
              similarities.length,
              classes.length));
      int[] assigned = Similarities.assign(similarities, threshold);
      golden.check("assigned_" + i, GoldenTensor.of(assigned, assigned.length));
      SegmentOverlaps overlaps =
          new SegmentOverlaps(
              labels(golden.input("truth_" + i)),
              labels(golden.input("prediction_" + i)),
              similarities.length,
              ids,
              voc);
      PictureScore score = evaluator.add(overlaps, similarities, threshold);
      assertEquals(
          strings(images.get(i).getAsJsonObject(), "classes"),
          IntStream.of(score.classes()).mapToObj(names::get).toList());
      golden.check("iou_" + i, GoldenTensor.of(score.ious(), score.ious().length));
    }
    checkPictures(
        golden, "image_iou", evaluator.pictures().stream().mapToDouble(PictureScore::iou));
    checkPictures(
        golden,
        "image_iou_best_segment",
        evaluator.pictures().stream().mapToDouble(PictureScore::bestSegmentIou));
    checkPictures(
        golden,
        "image_recall_reference",
        evaluator.pictures().stream().mapToDouble(PictureScore::recall));
    checkNumber(golden, "iou", evaluator.iou());
    checkNumber(golden, "iou_best_segment", evaluator.bestSegmentIou());
    checkNumber(golden, "recall_reference", evaluator.recallReference());
    checkNumber(golden, "recall_paper", evaluator.recall());
  }

  private void measuresText(GoldenCase golden) {
    TextQuality quality = new TextQuality(golden.config().get("text_threshold").getAsDouble());
    int images = golden.json().getAsJsonArray("images").size();
    double[] shares = new double[images];
    for (int i = 0; i < images; i++) {
      JsonObject image = golden.json().getAsJsonArray("images").get(i).getAsJsonObject();
      float[][] captions = rows(golden.input("caption_features_" + i));
      float[][] classes = rows(golden.input("class_features_" + i));
      double[] similarities =
          image.getAsJsonArray("valid").asList().stream()
              .mapToInt(JsonElement::getAsInt)
              .mapToDouble(s -> Similarities.cosine(captions[s], classes[s]))
              .toArray();
      golden.check("similarity_" + i, GoldenTensor.of(similarities, similarities.length));
      shares[i] = quality.add(similarities);
    }
    golden.check("image_score", GoldenTensor.of(shares, images));
    checkNumber(golden, "score_mean_over_images", quality.overPictures());
    checkNumber(golden, "score_over_all_segments", quality.overSegments());
  }

  private static void checkPictures(
      GoldenCase golden, String name, java.util.stream.DoubleStream values) {
    double[] all = values.toArray();
    if (golden.outputs().has(name)) {
      golden.check(name, GoldenTensor.of(all, all.length));
    }
  }

  private static void checkNumber(GoldenCase golden, String name, double value) {
    checkPictures(golden, name, java.util.stream.DoubleStream.of(value));
  }

  private static List<String> strings(JsonObject object, String name) {
    return object.getAsJsonArray(name).asList().stream().map(JsonElement::getAsString).toList();
  }

  private static float[][] rows(GoldenTensor tensor) {
    int columns = (int) tensor.shape()[1];
    float[][] rows = new float[(int) tensor.shape()[0]][columns];
    for (int i = 0; i < tensor.values().length; i++) {
      rows[i / columns][i % columns] = (float) tensor.values()[i];
    }
    return rows;
  }

  private static LabelMap labels(GoldenTensor tensor) {
    int[] values = Arrays.stream(tensor.values()).mapToInt(value -> (int) value).toArray();
    return LabelMap.of((int) tensor.shape()[1], (int) tensor.shape()[0], values);
  }
}
