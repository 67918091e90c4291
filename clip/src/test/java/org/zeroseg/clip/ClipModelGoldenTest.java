package org.zeroseg.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.Precision;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.tensor.Weights;

class ClipModelGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "clip",
        Map.of(
            "clip_model", ClipModelGoldenTest::model,
            "clip_dense", ClipModelGoldenTest::dense,
            "position_embedding", ClipModelGoldenTest::positionEmbedding,
            "attention_pool", ClipModelGoldenTest::attentionPool,
            "bottleneck", ClipModelGoldenTest::bottleneck));
  }

  private static void model(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      ClipModel model = ClipCases.model(golden, manager);
      NDArray pixels = ClipCases.pixels(golden, ClipCases.CLIP, manager);
      Checked checked = new Checked(golden);
      if (model.image() instanceof VisionTransformer vit) {
        NDArray tokens = vit.tokens(pixels, PositionResampling.TARGET_SIZE);
        checked.check("vision_pre", tokens);
        NDList states = vit.blocks().hiddenStates(tokens);
        NDList first = new NDList();
        for (int i = 0; i < states.size(); i++) {
          checked.check("vision_layer_" + i, states.get(i));
          first.add(states.get(i).get(":, 0"));
        }
        checked.check("vision_cls_per_layer", NDArrays.concat(first));
        NDArray last = states.get(states.size() - 1);
        checked.check("vision_tokens_last", last);
        checked.check("vision_patches_projected", vit.project(vit.normalize(last.get(":, 1:"))));
      } else {
        NDList stages = ((ModifiedResNet) model.image()).stages(pixels);
        NDList folded = ((ModifiedResNet) model.image()).folded(manager).stages(pixels);
        for (int i = 0; i < stages.size(); i++) {
          checked.check("layer" + (i + 1), stages.get(i));
          golden.check("layer" + (i + 1), folded.get(i));
        }
      }
      NDArray image = model.image().encode(pixels);
      checked.check("image_embedding", image);
      NDArray ids = golden.input(manager, "ids");
      checked.check("text_last", model.text().hidden(ids));
      NDArray texts = model.text().encode(ids);
      checked.check("text_embeddings", texts);
      NDArray logits = model.logits(image, texts);
      checked.check("logits_per_image", logits);
      checked.check("probs", logits.softmax(1));
      checked.all();
      ClipModel integers = ClipCases.model(golden, Precision.INT8, manager);
      requireAlike(image, integers.image().encode(pixels));
      requireAlike(texts, integers.text().encode(ids));
    }
  }

  /** Products in integers turn no vector by more than a cosine of 0.999. */
  private static void requireAlike(NDArray expected, NDArray actual) {
    int[] rows = {1};
    NDArray cosines =
        expected.mul(actual).sum(rows).div(expected.norm(rows).mul(actual.norm(rows)));
    float least = cosines.min().getFloat();
    assertTrue(least >= 0.999f, "a cosine of " + least);
  }

  /** Checks what a case records, and that nothing of it was left out. */
  private static final class Checked {
    private final GoldenCase golden;
    private final java.util.Set<String> left;

    Checked(GoldenCase golden) {
      this.golden = golden;
      this.left = new java.util.TreeSet<>(golden.outputs().keySet());
    }

    void check(String name, NDArray actual) {
      if (left.remove(name)) {
        golden.check(name, actual);
      }
    }

    void all() {
      assertEquals(java.util.Set.of(), left, "outputs without a check");
    }
  }

  private static void dense(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      VisionTransformer vit = (VisionTransformer) ClipCases.imageTower(golden, manager);
      NDArray pixels = ClipCases.pixels(golden, ClipCases.IMAGENET, manager);
      String variant = golden.config().get("variant").getAsString();
      if (variant.equals("zutis")) {
        int patch = vit.config().patch();
        NDArray patches = vit.patches(pixels, PositionResampling.SCALE_FACTOR);
        golden.check("patch_tokens", patches);
        golden.check("projected", vit.project(patches));
        golden.check(
            "grid",
            manager.create(
                new long[] {pixels.getShape().get(2) / patch, pixels.getShape().get(3) / patch}));
      } else {
        assertEquals("reco", variant);
        NDArray padded = Tiles.pad(pixels, vit.config().patch());
        NDArray tokens =
            vit.normalizeJointly(
                vit.blocks().forward(vit.tokens(padded, PositionResampling.CELL_COUNT)));
        long h = padded.getShape().get(2) / vit.config().patch();
        NDArray patches = tokens.get(":, 1:").swapAxes(1, 2);
        golden.check(
            "patch_tokens",
            patches.reshape(patches.getShape().get(0), patches.getShape().get(1), h, -1));
        golden.check("image_embedding", vit.project(tokens.get(":, 0")));
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> zutis() {
    return Golden.tests(
        "zutis", Map.of("clip_position_interpolation", ClipModelGoldenTest::interpolation));
  }

  private static void interpolation(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray table =
          PositionResampling.SCALE_FACTOR.resample(
              golden.input(manager, "positional_embedding"),
              golden.config().get("target_height").getAsInt(),
              golden.config().get("target_width").getAsInt(),
              Mode.INFERENCE,
              manager);
      golden.check("tokens", table.expandDims(0));
    }
  }

  private static void positionEmbedding(GoldenCase golden) {
    Map<String, PositionResampling> variants =
        Map.of(
            "zutis", PositionResampling.SCALE_FACTOR,
            "reco", PositionResampling.CELL_COUNT,
            "maskclip", PositionResampling.CELL_COUNT,
            "archive_rn", PositionResampling.ALIGNED_CORNERS);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray table = golden.input(manager, "pos");
      for (String output : golden.outputs().keySet()) {
        int split = output.lastIndexOf('_');
        String[] sides = output.substring(split + 1).split("x", 2);
        golden.check(
            output,
            variants
                .get(output.substring(0, split))
                .resample(
                    table,
                    Integer.parseInt(sides[0]),
                    Integer.parseInt(sides[1]),
                    Mode.INFERENCE,
                    manager));
      }
    }
  }

  private static void attentionPool(GoldenCase golden) {
    JsonObject config = golden.config();
    int width = config.get("width").getAsInt();
    int out = config.get("out").getAsInt();
    int grid = config.get("native_grid").getAsInt();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("positional_embedding", new Shape(1 + (long) grid * grid, width));
    for (String projection : new String[] {"q_proj", "k_proj", "v_proj"}) {
      shapes.put(projection + ".weight", new Shape(width, width));
      shapes.put(projection + ".bias", new Shape(width));
    }
    shapes.put("c_proj.weight", new Shape(out, width));
    shapes.put("c_proj.bias", new Shape(out));
    try (NDManager manager = NDManager.newBaseManager()) {
      PortableWeights portable =
          new PortableWeights(
              shapes, golden.salt(), config.get("prefix").getAsString(), golden.weightScale());
      AttentionPool pool =
          new AttentionPool(
              Weights.load(portable, shapes, manager), config.get("heads").getAsInt(), manager);
      golden.check(
          "pooled",
          pool.pool(golden.input(manager, "x"), PositionResampling.TARGET_SIZE, Mode.INFERENCE));
      NDArray other = golden.input(manager, "x2");
      golden.check(
          "all_tokens_" + other.getShape().get(2) + "x" + other.getShape().get(3),
          pool.every(other, PositionResampling.SCALE_FACTOR, Mode.INFERENCE).swapAxes(0, 1));
    }
  }

  private static void bottleneck(GoldenCase golden) {
    JsonObject config = golden.config();
    int in = config.get("inplanes").getAsInt();
    int planes = config.get("planes").getAsInt();
    int stride = config.get("stride").getAsInt();
    // A ResNet's shapes hold those of its blocks.
    Map<String, Shape> shapes = new LinkedHashMap<>();
    ClipConfig.bottleneck(shapes, "", in, planes, stride > 1 || in != 4 * planes);
    try (NDManager manager = NDManager.newBaseManager()) {
      PortableWeights portable =
          new PortableWeights(
              shapes, golden.salt(), config.get("prefix").getAsString(), golden.weightScale());
      Weights weights = Weights.load(portable, shapes, manager);
      ModifiedResNet.Bottleneck block = ModifiedResNet.Bottleneck.of(weights, stride == 2, manager);
      golden.check("out", block.forward(golden.input(manager, "x"), Mode.INFERENCE));
    }
  }
}
