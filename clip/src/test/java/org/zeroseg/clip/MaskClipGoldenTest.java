package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.segment.Scoring;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.LinearTaps;

class MaskClipGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "clip",
        Map.of(
            "maskclip_vit", MaskClipGoldenTest::vit,
            "maskclip_resnet", MaskClipGoldenTest::resNet,
            "maskclip_refine", MaskClipGoldenTest::refine,
            "maskclip_background", MaskClipGoldenTest::background,
            "dense_clip", MaskClipGoldenTest::denseClip));
  }

  private static Refinement refinement(JsonObject config) {
    return new Refinement(
        config.get("pd_thresh").getAsDouble(),
        config.get("ks_thresh").getAsDouble(),
        Refinement.Affinity.RELEASED);
  }

  private static void vit(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      VisionTransformer vit = (VisionTransformer) ClipCases.imageTower(golden, manager);
      DenseClip dense = DenseClip.of(vit, PositionResampling.CELL_COUNT, manager);
      NDArray pixels = ClipCases.pixels(golden, ClipCases.IMAGENET, manager);
      NDArray words = ClipCases.textEmbeddings(golden, manager);

      NDArray padded = Tiles.pad(pixels, dense.stride());
      NDArray values = DenseClip.valueTokens(vit, dense.lastBlockInput(vit, padded));
      DenseClip.Features features = dense.features(pixels, true);
      golden.check("value_tokens", map(values, features));
      golden.check("keys", features.keys().orElseThrow());
      golden.check("features", map(Kernels.core().call("unit", features.features()), features));
      NDArray cosines = features.compare(words).cosines();
      golden.check("cosine", map(cosines.swapAxes(1, 2), features));
      NDArray logits = refinement(golden.config()).apply(cosines, features.keys());
      golden.check("logits", map(logits.swapAxes(1, 2), features));

      JsonArray size = golden.config().getAsJsonArray("original_size");
      int height = size.get(0).getAsInt();
      int width = size.get(1).getAsInt();
      Labelling labelling =
          new Labelling(
              LinearTaps.of(features.height(), (int) pixels.getShape().get(2)).then(height),
              LinearTaps.of(features.width(), (int) pixels.getShape().get(3)).then(width),
              Scoring.softmax(100),
              OptionalDouble.empty());
      int count = (int) words.getShape().get(0);
      int[] labels =
          labelling.apply(logits.toFloatArray(), count, count, features.width()).labels();
      // Without a background the recorded labels begin at zero.
      long[] fromZero = new long[labels.length];
      for (int i = 0; i < labels.length; i++) {
        fromZero[i] = labels[i] - 1L;
      }
      golden.check("labels", GoldenTensor.of(fromZero, 1, height, width));
    }
  }

  /** {@code [B, h w, C]} as a map {@code [B, C, h, w]}. */
  private static NDArray map(NDArray cells, DenseClip.Features like) {
    NDArray planes = cells.swapAxes(1, 2);
    return planes.reshape(
        planes.getShape().get(0), planes.getShape().get(1), like.height(), like.width());
  }

  private static void resNet(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      ModifiedResNet resNet = (ModifiedResNet) ClipCases.imageTower(golden, manager);
      NDArray pixels = ClipCases.pixels(golden, ClipCases.IMAGENET, manager);
      NDArray words = ClipCases.textEmbeddings(golden, manager);
      NDArray layer4 = resNet.features(pixels);
      golden.check("layer4", layer4);
      DenseClip.Features features =
          DenseClip.of(resNet, PositionResampling.TARGET_SIZE, manager).features(pixels, true);
      if (golden.config().get("attn_pooling").getAsBoolean()) {
        NDArray attended = resNet.attentionPool().everyUnplaced(layer4).get(":, 1:");
        features =
            new DenseClip.Features(attended, features.keys(), features.height(), features.width());
      } else {
        golden.check("features", map(Kernels.core().call("unit", features.features()), features));
      }
      NDArray cosines = features.compare(words).cosines();
      if (golden.outputs().has("cosine")) {
        golden.check("cosine", map(cosines.swapAxes(1, 2), features));
      }
      NDArray logits = refinement(golden.config()).apply(cosines, features.keys());
      golden.check("logits", map(logits.swapAxes(1, 2), features));
    }
  }

  private static void refine(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray map = golden.input(manager, "cosine");
      NDArray cosines = map.reshape(map.getShape().get(0), map.getShape().get(1), -1);
      Optional<NDArray> keys = Optional.of(golden.input(manager, "keys"));
      golden.check("out", refinement(golden.config()).apply(cosines, keys).reshape(map.getShape()));
    }
  }

  private static void background(GoldenCase golden) {
    GoldenTensor cosine = golden.input("cosine");
    int count = (int) cosine.shape()[1];
    int width = (int) cosine.shape()[3];
    JsonObject config = golden.config();
    int rows = config.getAsJsonArray("size").get(0).getAsInt();
    int columns = config.getAsJsonArray("size").get(1).getAsInt();
    Labelling labelling =
        new Labelling(
            LinearTaps.of((int) cosine.shape()[2], rows),
            LinearTaps.of(width, columns),
            Scoring.softmax(100),
            OptionalDouble.of(config.get("threshold").getAsDouble()));
    float[] probabilities = new float[count * rows * columns];
    for (int y = 0; y < rows; y++) {
      float[][] row = new float[count][columns];
      labelling.resize(cosine.floats(), width, y, row);
      for (int category = 0; category < count; category++) {
        for (int x = 0; x < columns; x++) {
          probabilities[(category * rows + y) * columns + x] =
              (float) labelling.scoring().probability(row, category, x);
        }
      }
    }
    golden.check("probability", GoldenTensor.of(probabilities, 1, count, rows, columns));
    int[] labels = labelling.apply(cosine.floats(), count, count, width).labels();
    golden.check("labels", GoldenTensor.of(labels, 1, rows, columns));
  }

  private static void denseClip(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      ImageTower resNet = ClipCases.imageTower(golden, manager);
      NDArray pixels = ClipCases.pixels(golden, ClipCases.IMAGENET, manager);
      NDArray words = ClipCases.textEmbeddings(golden, manager);
      DenseClip.Features features =
          DenseClip.of(resNet, PositionResampling.TARGET_SIZE, manager).features(pixels, false);
      golden.check("features", map(features.features(), features));
      NDArray attention =
          features.attention(words, golden.config().get("temperature").getAsDouble());
      golden.check("text_attention", attention);
      golden.check(
          "text_attention_resized",
          Interpolation.resize(
              attention,
              pixels.getShape().get(2),
              pixels.getShape().get(3),
              Interpolation.Mode.BILINEAR));
    }
  }
}
