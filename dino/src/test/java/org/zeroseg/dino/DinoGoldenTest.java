package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.network.Pooling;
import org.zeroseg.core.network.ResNet;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.tensor.Weights;

class DinoGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "dino",
        Map.ofEntries(
            Map.entry("vit_forward", DinoGoldenTest::forward),
            Map.entry("vit_descriptors", DinoGoldenTest::descriptors),
            Map.entry("vit_saliency", DinoGoldenTest::saliency),
            Map.entry("pos_embed_interpolation", DinoGoldenTest::positions),
            Map.entry("resnet_forward", DinoGoldenTest::resnet),
            Map.entry("preprocess", DinoGoldenTest::preprocess),
            Map.entry("attention_mass_mask", DinoGoldenTest::attentionMass),
            Map.entry("lost", DinoGoldenTest::lost),
            Map.entry("tokencut", DinoGoldenTest::tokenCut),
            Map.entry("tokencut_image", DinoGoldenTest::tokenCutImage),
            Map.entry("maskdistill_mask", DinoGoldenTest::maskDistill)));
  }

  private static DinoConfig config(JsonObject json) {
    int patch = json.get("patch_size").getAsInt();
    return new DinoConfig(
        patch,
        json.get("embed_dim").getAsInt(),
        json.get("depth").getAsInt(),
        json.get("heads").getAsInt(),
        json.get("img_size").getAsInt() / patch);
  }

  private static DinoVit vit(GoldenCase golden, NDManager manager) {
    DinoConfig config = config(golden.config());
    try (Checkpoint checkpoint = checkpoint(golden, config.shapes())) {
      Weights weights = Weights.load(checkpoint, config.shapes(), manager);
      return DinoVit.of(config, weights, PositionRule.DINO, manager);
    }
  }

  private static Checkpoint checkpoint(GoldenCase golden, Map<String, Shape> shapes) {
    return golden.config().get("weights").getAsString().equals("stored")
        ? Checkpoints.open(golden.folder().resolve("weights.safetensors"))
        : new PortableWeights(shapes, golden.salt(), "", golden.weightScale());
  }

  private static Path file(GoldenCase golden) {
    JsonObject image = golden.inputs().getAsJsonObject("image");
    return golden.file(image.get(image.has("file") ? "file" : "shared_file").getAsString());
  }

  private static NDArray pixels(NDManager manager, Picture picture) {
    return manager.create(
        picture.toPixels(Normalization.IMAGENET),
        new Shape(1, 3, picture.height(), picture.width()));
  }

  private static NDArray pixels(GoldenCase golden, NDManager manager) throws IOException {
    return pixels(manager, Picture.readAsStored(file(golden)).rgb());
  }

  private static void forward(GoldenCase golden) throws IOException {
    try (NDManager model = NDManager.newBaseManager();
        NDManager call = model.newSubManager()) {
      DinoVit vit = vit(golden, model);
      NDArray pixels = pixels(golden, call);
      NDArray tokens = vit.embed(pixels, vit.config().patch());
      NDList states = vit.blocks().hiddenStates(tokens);
      int last = vit.config().depth() - 1;
      NDList qkv = vit.blocks().queriesKeysValues(last, last == 0 ? tokens : states.get(last - 1));
      for (String name : golden.outputs().keySet()) {
        NDArray actual;
        if (name.startsWith("layer")) {
          int layer = Integer.parseInt(name.substring(5, name.indexOf('_')));
          actual = vit.norm(states.get(layer - 1));
        } else {
          actual =
              switch (name) {
                case "tokens_in" -> tokens;
                case "cls" -> vit.forward(pixels).get(":, 0");
                case "attn_cls" -> vit.classAttention(pixels, last, vit.config().patch());
                case "attn_last" -> vit.blocks().attentionProbabilities(last, states.get(last - 1));
                case "q_last", "queries_last" -> vit.blocks().heads(qkv.get(0));
                case "k_last", "keys_last" -> vit.blocks().heads(qkv.get(1));
                case "v_last", "values_last" -> vit.blocks().heads(qkv.get(2));
                default -> throw new AssertionError("output " + name);
              };
        }
        golden.check(name, actual);
      }
    }
  }

  private static void descriptors(GoldenCase golden) throws IOException {
    try (NDManager model = NDManager.newBaseManager();
        NDManager call = model.newSubManager()) {
      DinoVit vit = vit(golden, model);
      NDArray pixels = pixels(golden, call);
      JsonObject config = golden.config();
      int stride = config.get("stride").getAsInt();
      int layer = config.get("layer").getAsInt();
      for (String name : golden.outputs().keySet()) {
        Facet facet = facet(name, config);
        int level = name.endsWith("_layer0") ? 0 : layer;
        boolean bins =
            name.endsWith("_logbin") || (config.has("bin") && config.get("bin").getAsBoolean());
        NDArray found =
            name.endsWith("_with_cls")
                ? DenseDescriptors.headsInnermost(
                    vit.facet(pixels, facet, level, stride), vit.config().heads())
                : new DenseDescriptors(facet, level, stride, bins).describe(vit, pixels);
        golden.check(name, found.expandDims(1));
      }
    }
  }

  private static Facet facet(String output, JsonObject config) {
    String text =
        config.has("facet") ? config.get("facet").getAsString() : output.split("_", -1)[1];
    return Facet.valueOf(text.toUpperCase(java.util.Locale.ROOT));
  }

  private static void saliency(GoldenCase golden) throws IOException {
    try (NDManager model = NDManager.newBaseManager();
        NDManager call = model.newSubManager()) {
      DinoVit vit = vit(golden, model);
      int stride = golden.config().get("stride").getAsInt();
      NDArray attention =
          vit.classAttention(pixels(golden, call), vit.config().depth() - 1, stride);
      NDList heads = new NDList();
      for (JsonElement head : golden.config().getAsJsonArray("heads_used")) {
        heads.add(attention.get(":, {}, 1:", head.getAsInt()));
      }
      // From 0 to 1, picture by picture.
      NDArray mean = NDArrays.stack(heads).mean(new int[] {0});
      NDArray least = mean.min(new int[] {1}, true);
      NDArray most = mean.max(new int[] {1}, true);
      golden.check("saliency", mean.sub(least).div(most.sub(least)));
    }
  }

  private static void positions(GoldenCase golden) {
    JsonObject json = golden.config();
    int patch = json.get("patch_size").getAsInt();
    DinoConfig config =
        new DinoConfig(patch, json.get("dim").getAsInt(), 1, 1, json.get("base_grid").getAsInt());
    try (NDManager model = NDManager.newBaseManager()) {
      Weights weights = Weights.of(Map.of("pos_embed", golden.input(model, "pos_embed")), "case");
      Shape pixels =
          new Shape(1, 3, json.get("image_height").getAsInt(), json.get("image_width").getAsInt());
      NDArray table =
          new DinoPositions(config, weights, PositionRule.DINO)
              .at(pixels, json.get("stride").getAsInt(), model);
      golden.check("interpolated", table);
    }
  }

  private static void resnet(GoldenCase golden) throws IOException {
    try (NDManager model = NDManager.newBaseManager();
        NDManager call = model.newSubManager()) {
      List<Boolean> dilate = new ArrayList<>();
      golden
          .config()
          .getAsJsonArray("replace_stride_with_dilation")
          .forEach(value -> dilate.add(value.getAsBoolean()));
      ResNetConfig config =
          ResNetConfig.RESNET_50.withOutputStride(dilate.get(1) ? 8 : dilate.get(2) ? 16 : 32);
      ResNet network =
          ResNet.load(
              new PortableWeights(config.shapes(""), golden.salt(), "", golden.weightScale()),
              config,
              model);
      NDArray pixels = pixels(golden, call);
      for (ResNet view : List.of(network, network.folded(model))) {
        NDList stages = view.stages(pixels);
        for (String name : golden.outputs().keySet()) {
          golden.check(
              name,
              switch (name) {
                case "stem" -> view.stem(pixels);
                case "pooled" -> Pooling.global(stages.get(3));
                default -> stages.get(Integer.parseInt(name.substring("layer".length())) - 1);
              });
        }
      }
    }
  }

  private static void preprocess(GoldenCase golden) throws IOException {
    Picture picture = Picture.readAsStored(file(golden)).rgb();
    JsonObject config = golden.config();
    Picture resized = picture;
    if (!config.get("resize").isJsonNull()) {
      if (config.has("size")) {
        Sizes sizes =
            Sizes.shorterSide(picture.width(), picture.height(), config.get("size").getAsInt());
        resized = picture.resize(sizes.newWidth(), sizes.newHeight(), Filter.LANCZOS);
      } else {
        int patch = config.get("patch_size").getAsInt();
        Sizes sizes = TokenCut.size(picture.width(), picture.height(), patch);
        resized = picture.resize(sizes.newWidth(), sizes.newHeight(), Filter.LANCZOS);
        golden.check(
            "grid",
            GoldenTensor.of(
                new long[] {
                  picture.height(),
                  picture.width(),
                  resized.height() / patch,
                  resized.width() / patch
                },
                4));
      }
      golden.check(
          "resized", GoldenTensor.of(resized.samples(), resized.height(), resized.width(), 3));
    }
    if (golden.outputs().has("pixels")) {
      golden.check(
          "pixels",
          GoldenTensor.of(
              resized.toPixels(Normalization.IMAGENET), 3, resized.height(), resized.width()));
    }
  }

  private static Grid grid(GoldenCase golden) {
    return new Grid(golden.config().get("rows").getAsInt(), golden.config().get("cols").getAsInt());
  }

  private static GoldenTensor tensor(Mask mask) {
    return GoldenTensor.of(mask.toBytes(), mask.height(), mask.width());
  }

  private static GoldenTensor corners(Box box) {
    return GoldenTensor.of(
        new double[] {box.x(), box.y(), box.x() + box.width(), box.y() + box.height()}, 4);
  }

  private static void attentionMass(GoldenCase golden) {
    Grid grid = grid(golden);
    int cell = golden.config().get("patch_size").getAsInt();
    AttentionMass finder = new AttentionMass(golden.config().get("mass").getAsDouble());
    float[] attention = golden.input("attention").floats();
    int heads = golden.config().get("heads").getAsInt();
    byte[] masks = new byte[heads * grid.size()];
    byte[] largest = new byte[heads * grid.size()];
    double[] boxes = new double[4 * heads];
    for (int head = 0; head < heads; head++) {
      int start = head * (1 + grid.size()) + 1;
      Mask mask =
          finder.mask(java.util.Arrays.copyOfRange(attention, start, start + grid.size()), grid);
      Mask part = AttentionMass.largest(mask);
      System.arraycopy(mask.toBytes(), 0, masks, head * grid.size(), grid.size());
      System.arraycopy(part.toBytes(), 0, largest, head * grid.size(), grid.size());
      Box box = GridMasks.box(part, cell, Integer.MAX_VALUE, Integer.MAX_VALUE);
      System.arraycopy(corners(box).values(), 0, boxes, 4 * head, 4);
    }
    golden.check("mask", GoldenTensor.of(masks, heads, grid.rows(), grid.columns()));
    golden.check("largest_component", GoldenTensor.of(largest, heads, grid.rows(), grid.columns()));
    golden.check("largest_box", GoldenTensor.of(boxes, heads, 4));
  }

  private static void lost(GoldenCase golden) {
    Grid grid = grid(golden);
    try (NDManager call = NDManager.newBaseManager()) {
      Lost.Found found =
          new Lost(golden.config().get("k_patches").getAsInt())
              .find(golden.input(call, "features"), grid);
      golden.check("degree", GoldenTensor.of(found.degree(), grid.size()));
      golden.check("seed", GoldenTensor.of(new int[] {found.seed()}, 1));
      golden.check("similar", GoldenTensor.of(found.similar(), found.similar().length));
      golden.check("expansion", GoldenTensor.of(found.expansion(), grid.size()));
      golden.check("mask", tensor(found.mask()));
      golden.check("box", corners(box(golden, found.mask())));
    }
  }

  private static Box box(GoldenCase golden, Mask mask) {
    JsonObject config = golden.config();
    return GridMasks.box(
        mask,
        config.get("patch_size").getAsInt(),
        config.get("image_width").getAsInt(),
        config.get("image_height").getAsInt());
  }

  private static TokenCut tokenCutOf(JsonObject config) {
    return new TokenCut(
        config.get("tau").getAsDouble(),
        config.get("eps").getAsDouble(),
        config.get("binary_graph").getAsBoolean());
  }

  private static void tokenCut(GoldenCase golden) {
    Grid grid = grid(golden);
    JsonObject config = golden.config();
    try (NDManager call = NDManager.newBaseManager()) {
      TokenCut.Found found = tokenCutOf(config).find(golden.input(call, "features"), grid);
      golden.check("eigenvalues", GoldenTensor.of(found.eigenvalues(), 4));
      golden.check(
          "eigenvector", GoldenTensor.of(found.eigenvector(), grid.rows(), grid.columns()));
      golden.check("seed", GoldenTensor.of(new int[] {found.seed()}, 1));
      golden.check("bipartition", tensor(found.bipartition()));
      golden.check("mask", tensor(found.mask()));
      golden.check("box", corners(box(golden, found.mask())));
      golden.check(
          "image_mask",
          tensor(
              GridMasks.stretched(
                  found.mask(),
                  config.get("mask_width").getAsInt(),
                  config.get("mask_height").getAsInt())));
    }
  }

  private static void tokenCutImage(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    Picture picture = Picture.readAsStored(file(golden)).rgb();
    try (NDManager model = NDManager.newBaseManager();
        NDManager call = model.newSubManager()) {
      DinoVit vit = vit(golden, model);
      Sizes sizes = TokenCut.size(picture.width(), picture.height(), vit.config().patch());
      NDArray pixels =
          pixels(call, picture.resize(sizes.newWidth(), sizes.newHeight(), Filter.LANCZOS));
      NDArray keys =
          DinoVit.withoutClass(
              vit.facet(pixels, Facet.KEY, vit.config().depth() - 1, vit.config().patch()));
      Grid grid = vit.grid(pixels.getShape(), vit.config().patch());
      TokenCut.Found found = tokenCutOf(config).find(keys, grid);
      golden.check("keys", keys.squeeze(0));
      golden.check("eigenvalues", GoldenTensor.of(found.eigenvalues(), 4));
      golden.check("seed", GoldenTensor.of(new int[] {found.seed()}, 1));
      golden.check(
          "image_mask",
          tensor(GridMasks.stretched(found.mask(), picture.width(), picture.height())));
    }
  }

  private static void maskDistill(GoldenCase golden) {
    JsonObject config = golden.config();
    MaskDistill finder =
        new MaskDistill(
            config.get("topk").getAsDouble(),
            config.get("mass").getAsDouble(),
            config.get("heads_used").getAsInt());
    try (NDManager call = NDManager.newBaseManager()) {
      MaskDistill.Found found =
          finder.find(golden.input(call, "query"), golden.input(call, "key"), grid(golden));
      golden.check("cls_score", GoldenTensor.of(found.scores(), found.scores().length));
      golden.check("mask", tensor(found.mask()));
    }
  }
}
