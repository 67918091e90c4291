package org.zeroseg.dino;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.network.QueryDecoder;
import org.zeroseg.core.network.ResNet;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.Weights;

class SelfMaskGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "selfmask",
        Map.of(
            "selfmask_forward", SelfMaskGoldenTest::forward,
            "transformer_decoder", SelfMaskGoldenTest::decoder,
            "pos_embed_interpolation", SelfMaskGoldenTest::positions,
            "mask_voting", SelfMaskGoldenTest::voting,
            "pseudo_mask", SelfMaskGoldenTest::pseudoMask,
            "selfmask_loss", SelfMaskGoldenTest::loss,
            "resnet_forward", SelfMaskGoldenTest::resnet));
  }

  private static int number(JsonObject config, String name) {
    return config.get(name).getAsInt();
  }

  private static Checkpoint checkpoint(GoldenCase golden, Map<String, Shape> shapes) {
    JsonObject config = golden.config();
    return config.get("weights").getAsString().equals("stored")
        ? Checkpoints.open(golden.folder().resolve("weights.safetensors"))
        : new PortableWeights(
            shapes, golden.salt(), config.get("prefix").getAsString(), golden.weightScale());
  }

  private static NDArray pixels(GoldenCase golden, NDManager manager) throws IOException {
    JsonObject image = golden.inputs().getAsJsonObject("image");
    String file = image.get(image.has("file") ? "file" : "shared_file").getAsString();
    Picture picture = Picture.readAsStored(golden.file(file)).rgb();
    return manager.create(
        picture.toPixels(Normalization.IMAGENET),
        new Shape(1, 3, picture.height(), picture.width()));
  }

  private static void forward(GoldenCase golden) throws IOException {
    JsonObject json = golden.config();
    int patch = number(json, "patch_size");
    int side = json.has("pos_embed_grid") ? number(json, "pos_embed_grid") : 224 / patch;
    SelfMaskConfig config =
        new SelfMaskConfig(
            new DinoConfig(
                patch,
                number(json, "embed_dim"),
                number(json, "depth"),
                number(json, "heads"),
                side),
            number(json, "n_queries"),
            number(json, "n_decoder_layers"),
            number(json, "decoder_heads"),
            number(json, "decoder_ffn"));
    try (NDManager model = NDManager.newBaseManager();
        NDManager call = model.newSubManager();
        Checkpoint checkpoint = checkpoint(golden, config.shapes())) {
      Weights weights = Weights.load(checkpoint, config.shapes(), model);
      SelfMaskNetwork network = SelfMaskNetwork.of(config, weights, PositionRule.SELFMASK, model);
      NDArray pixels = pixels(golden, call);
      SelfMaskNetwork.Seen seen = network.look(pixels);
      NDArray last = seen.lastQueries();
      NDArray all = NDArrays.stack(seen.queries(), 1);
      Grid grid = seen.grid();
      NDArray features =
          seen.patches()
              .swapAxes(1, 2)
              .reshape(1, config.encoder().width(), grid.rows(), grid.columns());
      NDList best = network.detect(pixels);
      for (String name : golden.outputs().keySet()) {
        golden.check(
            name,
            switch (name) {
              case "patch_tokens" -> seen.patches().swapAxes(1, 2);
              case "queries" -> all;
              case "pixel_features" ->
                  Interpolation.resize(
                      features, 2L * grid.rows(), 2L * grid.columns(), Interpolation.Mode.BILINEAR);
              case "mask_logits_last" -> SelfMaskNetwork.maskLogits(seen, last);
              case "objectness" -> network.proposals(pixels).get(1).squeeze(3);
              case "objectness_logit_last" -> network.objectnessLogits(last).squeeze(2);
              case "mask_prob" -> best.get(0).squeeze(0);
              case "best_query" -> best.get(2);
              case "mask" -> best.get(0).squeeze(0).gt(0.5f);
              default -> throw new AssertionError("output " + name);
            });
      }
    }
  }

  private static void decoder(GoldenCase golden) {
    JsonObject config = golden.config();
    try (NDManager manager = NDManager.newBaseManager();
        Checkpoint checkpoint = Checkpoints.open(golden.folder().resolve("weights.safetensors"))) {
      Map<String, Shape> shapes = new LinkedHashMap<>();
      int layers = number(config, "layers");
      QueryDecoder.shapes(shapes, "", layers, number(config, "dim"), number(config, "ffn"));
      Weights weights = Weights.load(checkpoint, shapes, manager);
      QueryDecoder decoder =
          QueryDecoder.of(
              weights,
              layers,
              number(config, "heads"),
              config.get("normalize_before").getAsBoolean(),
              manager);
      NDArray memory = golden.input(manager, "memory").swapAxes(0, 1);
      // The recorded queries differ from picture to picture; ours are the same for a batch.
      NDArray queries = golden.input(manager, "query_pos");
      NDList pictures = new NDList();
      for (long b = 0; b < memory.getShape().get(0); b++) {
        NDList outputs =
            decoder.forward(
                memory.get("{}:{}", b, b + 1), Optional.empty(), queries.get(":, {}", b));
        pictures.add(NDArrays.stack(outputs).swapAxes(1, 2));
      }
      golden.check("decoded", NDArrays.concat(pictures, 2));
    }
  }

  private static void positions(GoldenCase golden) {
    JsonObject json = golden.config();
    int patch = 8;
    int rows = number(json, "grid_rows");
    int columns = number(json, "grid_cols");
    try (NDManager manager = NDManager.newBaseManager()) {
      DinoConfig config =
          new DinoConfig(patch, number(json, "dim"), 1, 1, number(json, "base_grid"));
      Weights weights =
          Weights.of(Map.of("pos_embed", golden.input(manager, "pos_embed")), "golden");
      DinoPositions positions = new DinoPositions(config, weights, PositionRule.SELFMASK);
      golden.check(
          "interpolated",
          positions.at(
              new Shape(1, 3, (long) patch * rows, (long) patch * columns), patch, manager));
    }
  }

  private static List<Mask> masks(GoldenTensor tensor) {
    int height = (int) tensor.shape()[1];
    int width = (int) tensor.shape()[2];
    List<Mask> masks = new ArrayList<>();
    for (int i = 0; i < tensor.shape()[0]; i++) {
      byte[] one = Arrays.copyOfRange(tensor.bytes(), i * height * width, (i + 1) * height * width);
      masks.add(Mask.of(width, height, one));
    }
    return masks;
  }

  private static void voting(GoldenCase golden) {
    List<Mask> masks = masks(golden.input("masks"));
    MaskVoting.Vote vote =
        new MaskVoting(
                golden.config().get("remove_long_masks").getAsBoolean(),
                golden.config().get("remove_small_large_masks").getAsBoolean())
            .vote(masks);
    golden.check("kept", GoldenTensor.of(vote.kept(), vote.kept().length));
    golden.check("scores", GoldenTensor.of(vote.scores(), vote.scores().length));
    golden.check("best_original_index", GoldenTensor.of(new int[] {vote.best()}, 1));
    Mask best = masks.get(vote.best());
    golden.check("best_mask", GoldenTensor.of(best.toBytes(), best.height(), best.width()));
  }

  private static void pseudoMask(GoldenCase golden) {
    JsonObject config = golden.config();
    int width = number(config, "image_width");
    int height = number(config, "image_height");
    List<Integer> clusters = new ArrayList<>();
    config.getAsJsonArray("cluster_sizes").forEach(k -> clusters.add(k.getAsInt()));
    List<Mask> candidates = new ArrayList<>();
    try (NDManager manager = NDManager.newBaseManager()) {
      for (JsonElement encoder : config.getAsJsonArray("encoders")) {
        String name = encoder.getAsString();
        candidates.addAll(
            new SpectralMasks(clusters, 7)
                .candidates(
                    golden.input(manager, name),
                    number(config.getAsJsonObject("strides"), name),
                    width,
                    height));
      }
    }
    int[] areas = candidates.stream().mapToInt(Mask::area).sorted().toArray();
    golden.check("candidate_areas_sorted", GoldenTensor.of(areas, areas.length));
    Mask best = candidates.get(MaskVoting.DEFAULT.vote(candidates).best());
    golden.check("salient_mask", GoldenTensor.of(best.toBytes(), height, width));
  }

  private static void loss(GoldenCase golden) {
    double weight = golden.config().get("rank_weight").getAsDouble();
    for (SelfMaskLoss.Ranking ranking : SelfMaskLoss.Ranking.values()) {
      boolean released = ranking == SelfMaskLoss.Ranking.AS_RELEASED;
      String suffix = released ? "" : "_intended";
      try (NDManager manager = NDManager.newBaseManager();
          GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray masks = golden.input(manager, "mask_pred");
        NDArray objectness = golden.input(manager, "objectness");
        NDArray truth = golden.input(manager, "gt");
        masks.setRequiresGradient(true);
        objectness.setRequiresGradient(true);
        SelfMaskLoss.Value value = new SelfMaskLoss(weight, ranking).of(masks, objectness, truth);
        collector.backward(value.loss());
        int[] best = value.bestQueries();
        boolean[] present = new boolean[best.length];
        double dice = 0;
        double order = 0;
        int count = 0;
        for (int b = 0; b < best.length; b++) {
          present[b] = truth.get(b).toType(masks.getDataType(), true).sum().getFloat() > 0;
          if (present[b]) {
            count++;
            dice += value.dice().get(b).sum().getFloat();
            order += value.ranking().getFloat(b);
          } else {
            best[b] = -1;
          }
        }
        golden.check("loss" + suffix, value.loss());
        golden.check("mean_ranking" + suffix, GoldenTensor.of(new double[] {order / count}, 1));
        golden.check("grad_objectness" + suffix, objectness.getGradient());
        if (released) {
          golden.check("mean_dice", GoldenTensor.of(new double[] {dice / count}, 1));
          golden.check("best_query", GoldenTensor.of(best, best.length));
          golden.check("grad_mask_pred", masks.getGradient());
        }
      }
    }
  }

  private static void resnet(GoldenCase golden) throws IOException {
    try (NDManager model = NDManager.newBaseManager();
        NDManager call = model.newSubManager();
        Checkpoint checkpoint = checkpoint(golden, ResNetConfig.RESNET_50.shapes(""))) {
      List<Boolean> dilated = new ArrayList<>();
      golden
          .config()
          .getAsJsonArray("replace_stride_with_dilation")
          .forEach(dilate -> dilated.add(dilate.getAsBoolean()));
      assertEquals(List.of(false, true, true), dilated);
      ResNetConfig config = ResNetConfig.RESNET_50.withOutputStride(8);
      ResNet network = ResNet.load(checkpoint, config, model);
      NDArray pixels = pixels(golden, call);
      for (ResNet view : List.of(network, network.folded(model))) {
        NDList stages = view.stages(pixels);
        for (String name : golden.outputs().keySet()) {
          golden.check(name, stages.get(Integer.parseInt(name.substring("layer".length())) - 1));
        }
      }
    }
  }
}
