package org.zeroseg.zeroguide;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.zeroguide.SegmentEncoder.Settings;

class SegmentGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "zeroguide",
        Map.of(
            "masked-attention", this::maskedAttention,
            "segment-mask-to-grid", this::maskToGrid,
            "crop-and-mask", this::cropAndMask,
            "segment-embedding", this::segmentEmbedding));
  }

  private void maskedAttention(GoldenCase golden) {
    JsonObject config = golden.config();
    int width = config.get("width").getAsInt();
    JsonElement deviation = config.get("two_sigma_squared");
    double twoSigmaSquared = deviation.isJsonNull() ? 0 : deviation.getAsDouble();
    Map<String, Shape> shapes =
        Map.of(
            "in_proj_weight", new Shape(3L * width, width),
            "in_proj_bias", new Shape(3L * width),
            "out_proj.weight", new Shape(width, width),
            "out_proj.bias", new Shape(width));
    try (NDManager manager = NDManager.newBaseManager()) {
      Weights weights = Weights.load(new PortableWeights(shapes, golden.salt()), shapes, manager);
      NDArray normed = golden.input(manager, "x").expandDims(0);
      NDArray mask = golden.input(manager, "mask").reshape(1, -1);
      NDArray columns = manager.ones(new Shape(1, 1)).concat(mask, 1);
      int heads = config.get("heads").getAsInt();
      Map<String, NDArray> found = new HashMap<>();
      for (Saliency saliency : Saliency.values()) {
        Settings settings = new Settings(1, twoSigmaSquared, saliency);
        NDArray options = SegmentEncoder.options(manager, heads, 1e-5, settings, 0);
        NDList attended =
            SegmentEncoder.KERNELS.callAll(
                "attend",
                normed,
                columns,
                options,
                weights.get("in_proj_weight"),
                weights.get("in_proj_bias"),
                weights.get("out_proj.weight"),
                weights.get("out_proj.bias"));
        String prefix = saliency == Saliency.OUTPUTS ? "paper_" : "";
        found.put(prefix + "out", attended.get(0).squeeze(0));
        found.put(prefix + "saliency", attended.get(1));
        found.put(prefix + "weight", attended.get(2));
        NDList rows =
            SegmentEncoder.KERNELS.callAll(
                "attention_rows",
                normed,
                columns.squeeze(0),
                options,
                weights.get("in_proj_weight"),
                weights.get("in_proj_bias"));
        NDArray values =
            normed
                .squeeze(0)
                .dot(weights.get("in_proj_weight").get(2L * width + ":").transpose())
                .add(weights.get("in_proj_bias").get(2L * width + ":"))
                .reshape(-1, heads, width / heads)
                .swapAxes(0, 1);
        NDArray last =
            rows.get(1).sub(rows.get(0).get(":, :1").mul(attended.get(2).reshape(1, 1, 1)));
        found.put("plain_rows", rows.get(0));
        found.put("masked_rows", rows.get(1));
        found.put("plain_A", joined(rows.get(0).matMul(values)));
        found.put("masked_A", joined(rows.get(1).matMul(values)));
        if (saliency == Saliency.ROWS) {
          found.put("final_rows", last);
          found.put("final_A", joined(last.matMul(values)));
        }
      }
      for (String name : golden.outputs().keySet()) {
        golden.check(name, found.get(name));
      }
    }
  }

  /** {@code [H, N, d] -> [N, H d]}. */
  private static NDArray joined(NDArray heads) {
    return heads.swapAxes(0, 1).reshape(heads.getShape().get(1), -1);
  }

  private void maskToGrid(GoldenCase golden) {
    int grid = golden.config().get("grid").getAsInt();
    try (NDManager manager = NDManager.newBaseManager()) {
      List<Mask> masks = groups(golden);
      NDArray grids = SegmentGrids.of(manager, masks, grid);
      for (int i = 0; i < masks.size(); i++) {
        golden.check("mask_" + i, grids.get(i));
      }
    }
  }

  /** The union of the segments of each group. */
  private static List<Mask> groups(GoldenCase golden) {
    GoldenTensor labels = golden.input("labels");
    int height = (int) labels.shape()[0];
    int width = (int) labels.shape()[1];
    List<Mask> masks = new ArrayList<>();
    for (JsonElement group : golden.config().getAsJsonArray("groups")) {
      List<Mask> parts = new ArrayList<>();
      for (JsonElement label : group.getAsJsonArray()) {
        parts.add(Mask.ofLabel(width, height, labels.ints(), label.getAsInt()));
      }
      masks.add(Mask.union(parts));
    }
    return masks;
  }

  private void cropAndMask(GoldenCase golden) throws IOException {
    GoldenTensor labels = golden.input("labels");
    int size = golden.config().get("size").getAsInt();
    Mask mask =
        Mask.ofLabel(
            (int) labels.shape()[1],
            (int) labels.shape()[0],
            labels.ints(),
            golden.config().get("segment").getAsInt());
    Box box = mask.box();
    golden.check(
        "box", GoldenTensor.of(new double[] {box.y(), box.x(), box.bottom(), box.right()}, 4));
    Picture picture = Picture.readAsStored(golden.file("image.png")).rgb();
    Picture crop = CropAndMask.crop(picture, mask);
    golden.check("crop", GoldenTensor.of(crop.samples(), crop.height(), crop.width(), 3));
    Picture input = CropAndMask.input(picture, mask, size);
    golden.check("resized", GoldenTensor.of(input.samples(), size, size, 3));
  }

  private void segmentEmbedding(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    int layers = config.get("layers").getAsInt();
    int size = config.get("resolution").getAsInt();
    ClipConfig clip =
        new ClipConfig(
            new ClipConfig.Vit(
                config.get("width").getAsInt(),
                layers,
                config.get("patch").getAsInt(),
                config.get("grid").getAsInt()),
            new ClipConfig.Text(64, 0, 1, 1),
            config.get("embed").getAsInt());
    try (NDManager manager = NDManager.newBaseManager()) {
      PortableWeights portable = new PortableWeights(clip.shapes(), golden.salt());
      ClipModel model = ClipModel.of(clip, Weights.load(portable, clip.shapes(), manager), manager);
      Picture picture = Picture.readAsStored(golden.file("image.png")).rgb();
      NDArray pixels =
          manager.create(
              picture.resize(size, size, Filter.BICUBIC).toPixels(Normalization.CLIP),
              new Shape(1, 3, size, size));
      golden.check("embedding_plain", model.image().encode(pixels).squeeze(0));
      NDArray masks = SegmentGrids.of(manager, groups(golden), config.get("grid").getAsInt());
      int masked = layers - config.get("masked_from_layer_zero_based").getAsInt();
      JsonArray deviations = config.getAsJsonArray("two_sigma_squared");
      for (JsonElement deviation : deviations) {
        boolean none = deviation.isJsonNull();
        double twoSigmaSquared = none ? 0 : deviation.getAsDouble();
        String tag = none ? "none" : "sd" + deviation.getAsString().replaceFirst("\\.0$", "");
        SegmentEncoder encoder =
            SegmentEncoder.of(model, new Settings(masked, twoSigmaSquared, Saliency.ROWS));
        SegmentEncoder.Embeddings found = encoder.embed(encoder.shared(pixels), masks);
        for (int group = 0; group < masks.getShape().get(0); group++) {
          String suffix = "_" + group + "_" + tag;
          checkIfRecorded(golden, "embedding" + suffix, found.embeddings().get(group));
          checkIfRecorded(golden, "saliency" + suffix, found.saliency().get(group));
          checkIfRecorded(golden, "weight" + suffix, found.shares().get(group));
        }
      }
    }
  }

  private static void checkIfRecorded(GoldenCase golden, String name, NDArray found) {
    if (golden.outputs().has(name)) {
      golden.check(name, found);
    }
  }
}
