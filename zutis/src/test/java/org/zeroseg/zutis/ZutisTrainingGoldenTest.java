package org.zeroseg.zutis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.match.Assignment;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Optimiser;

class ZutisTrainingGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "zutis",
        Map.of(
            "zutis_criterion", ZutisTrainingGoldenTest::criterion,
            "zutis_train_step", ZutisTrainingGoldenTest::trainStep));
  }

  @TestFactory
  Stream<DynamicTest> matching() {
    return Golden.tests("refine", Map.of("mask_matching", ZutisTrainingGoldenTest::maskMatching));
  }

  private static void maskMatching(GoldenCase golden) {
    JsonObject config = golden.config();
    double dice = config.get("weight_dice_loss").getAsDouble();
    double bce = config.get("weight_bce_loss").getAsDouble();
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray flat = golden.input(manager, "predicted_masks");
      NDArray truth = golden.input(manager, "ground_truth_masks");
      NDArray proposals = flat.expandDims(1);
      NDArray masks = truth.toType(DataType.FLOAT32, false).expandDims(1);
      golden.check("dice", Criterion.costs(proposals, masks, Criterion.host(manager, 1, 0)));
      golden.check("bce", Criterion.costs(proposals, masks, Criterion.host(manager, 0, 1)));
      NDArray costs = Criterion.costs(proposals, masks, Criterion.host(manager, dice, bce));
      int instances = (int) truth.getShape().get(0);
      double[] wide = costs.toType(DataType.FLOAT64, false).toDoubleArray();
      int[] column = Assignment.minimise(wide, instances, (int) flat.getShape().get(0));
      golden.check("row", GoldenTensor.of(IntStream.range(0, instances).toArray(), instances));
      golden.check("col", GoldenTensor.of(column, instances));
    }
  }

  private static List<NDArray> instances(GoldenCase golden, NDManager manager) {
    List<NDArray> instances = new ArrayList<>();
    for (int i = 0; golden.inputs().has("instance_masks_" + i); i++) {
      NDArray masks = golden.input(manager, "instance_masks_" + i);
      instances.add(masks.toType(DataType.FLOAT32, false));
    }
    return instances;
  }

  private static void criterion(GoldenCase golden) {
    JsonObject config = golden.config();
    Criterion criterion =
        new Criterion(
            config.get("weight_dice_loss").getAsDouble(),
            config.get("weight_bce_loss").getAsDouble(),
            config.get("weight_mask_loss").getAsDouble(),
            config.get("weight_ce_loss").getAsDouble(),
            config.get("ignore_index").getAsInt());
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray proposals = golden.input(manager, "mask_proposals");
      NDArray patchTokens = golden.input(manager, "patch_tokens");
      proposals.setRequiresGradient(true);
      patchTokens.setRequiresGradient(true);
      List<NDArray> instances = instances(golden, manager);
      NDArray words = golden.input(manager, "text_embeddings");
      Shape grid = patchTokens.getShape();
      NDArray layered = proposals.getShape().dimension() == 4 ? proposals.expandDims(1) : proposals;
      Criterion.Losses losses;
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray cosines =
            words
                .matMul(patchTokens.reshape(grid.get(0), -1, grid.get(3)).transpose(0, 2, 1))
                .reshape(grid.get(0), -1, grid.get(1), grid.get(2));
        NDArray labels = golden.input(manager, "semantic_masks");
        losses = criterion.losses(layered, cosines, labels, instances);
        collector.backward(losses.total());
      }
      golden.check("ce_loss", losses.words());
      golden.check("mask_loss", losses.masks());
      golden.check("loss", losses.total());
      checkMatches(golden.json().getAsJsonArray("matches"), losses.matches());
      int first = losses.matches().get(0).image();
      NDArray weights = Criterion.host(manager, criterion.dice(), criterion.pixels());
      golden.check(
          "cost_first", Criterion.costs(layered.get(first).get(0), instances.get(first), weights));
      checkGradient(golden, "grad_mask_proposals", proposals);
      checkGradient(golden, "grad_patch_tokens", patchTokens);
    }
  }

  private static void checkGradient(GoldenCase golden, String name, NDArray array) {
    if (golden.outputs().has(name)) {
      golden.check(name, array.getGradient());
    }
  }

  /** The recorded pairs, instances rising, and no others. */
  private static void checkMatches(JsonArray recorded, List<Criterion.Match> matches) {
    List<String> expected = new ArrayList<>();
    for (JsonElement element : recorded) {
      JsonObject match = element.getAsJsonObject();
      List<Integer> queries = ints(match.get("queries"));
      List<Integer> instances = ints(match.get("instances"));
      StringBuilder pairs = new StringBuilder();
      for (int i = 0; i < queries.size(); i++) {
        pairs.append(' ').append(instances.get(i)).append(':').append(queries.get(i));
      }
      expected.add(match.get("image") + "," + match.get("layer") + pairs);
    }
    List<String> actual = new ArrayList<>();
    for (Criterion.Match match : matches) {
      StringBuilder pairs = new StringBuilder();
      for (int i = 0; i < match.queries().length; i++) {
        if (match.queries()[i] != Assignment.NONE) {
          pairs.append(' ').append(i).append(':').append(match.queries()[i]);
        }
      }
      actual.add(match.image() + "," + match.layer() + pairs);
    }
    assertEquals(expected, actual);
  }

  private static List<Integer> ints(JsonElement array) {
    return array.getAsJsonArray().asList().stream().map(JsonElement::getAsInt).toList();
  }

  private static void trainStep(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    JsonObject optimiser = config.getAsJsonObject("optimiser");
    JsonObject weighting = config.getAsJsonObject("loss_weights");
    double rate = optimiser.get("lr_rest").getAsDouble();
    ZutisTrainer.Options options =
        ZutisTrainer.Options.DEFAULT
            .withLearningRate(rate)
            .withEncoderFactor(optimiser.get("lr_encoder").getAsDouble() / rate)
            .withWeightDecay(optimiser.get("weight_decay").getAsDouble())
            .withStopGradient(config.get("stop_gradient").getAsBoolean())
            .withCriterion(
                new Criterion(
                    weighting.get("dice").getAsDouble(),
                    weighting.get("bce").getAsDouble(),
                    weighting.get("mask").getAsDouble(),
                    weighting.get("ce").getAsDouble(),
                    config.get("ignore_index").getAsInt()));
    try (NDManager manager = NDManager.newBaseManager()) {
      ZutisConfig sizes = ZutisCases.config(config);
      Map<String, Shape> shapes = sizes.shapes();
      PortableWeights portable =
          new PortableWeights(shapes, golden.salt(), "", golden.weightScale());
      Weights loaded = Weights.load(portable, shapes, manager);
      Map<String, NDArray> weights = new LinkedHashMap<>();
      shapes.keySet().forEach(name -> weights.put(name, loaded.get(name)));
      float[][] words = rows(golden.input("text_embeddings"));
      ZutisTrainer trainer = ZutisTrainer.of(sizes, weights, words, options);
      long steps = config.getAsJsonObject("schedule").get("max_iters").getAsLong();
      ZutisTrainer.Loss loss = trainer.new Loss(manager);
      int updates = (int) golden.output("losses").shape()[0];
      double[] values = new double[3 * updates];
      try (Optimiser adam = trainer.optimiser(steps)) {
        for (int update = 0; update < updates; update++) {
          try (NDManager call = manager.newSubManager()) {
            NDArray pixels = pixels(golden, call);
            NDArray labels = golden.input(call, "semantic_masks");
            List<NDArray> instances = instances(golden, call);
            Criterion.Losses losses =
                TorchEngine.recorded(() -> loss.losses(pixels, labels, instances));
            values[3 * update] = losses.words().getFloat();
            values[3 * update + 1] = losses.masks().getFloat();
            values[3 * update + 2] = losses.total().getFloat();
            Map<String, NDArray> gradients = adam.gradients(losses.total());
            if (update == 0) {
              checkMatches(golden.json().getAsJsonArray("matches_first_pass"), losses.matches());
              checkGradients(golden, gradients);
            }
            adam.step(gradients);
          }
          if (update == 0) {
            check(golden, "after/", weights);
          }
        }
      }
      golden.check("losses", GoldenTensor.of(values, updates, 3));
    }
  }

  private static NDArray pixels(GoldenCase golden, NDManager call) throws IOException {
    JsonArray size = golden.config().getAsJsonArray("image_size");
    int height = size.get(0).getAsInt();
    int width = size.get(1).getAsInt();
    List<float[]> all = new ArrayList<>();
    for (int i = 0; golden.inputs().has("image_" + i); i++) {
      String file = golden.inputs().getAsJsonObject("image_" + i).get("picture").getAsString();
      all.add(Picture.readAsStored(golden.file(file)).rgb().toPixels(Normalization.IMAGENET));
    }
    float[] pixels = new float[all.size() * 3 * height * width];
    for (int i = 0; i < all.size(); i++) {
      System.arraycopy(all.get(i), 0, pixels, i * all.get(i).length, all.get(i).length);
    }
    return call.create(pixels, new Shape(all.size(), 3, height, width));
  }

  private static float[][] rows(GoldenTensor matrix) {
    int width = (int) matrix.shape()[1];
    float[][] rows = new float[(int) matrix.shape()[0]][width];
    float[] values = matrix.floats();
    for (int i = 0; i < values.length; i++) {
      rows[i / width][i % width] = values[i];
    }
    return rows;
  }

  private static void checkGradients(GoldenCase golden, Map<String, NDArray> gradients) {
    check(golden, "grad/", gradients);
    List<String> noise =
        golden.json().getAsJsonArray("noise_gradients").asList().stream()
            .map(JsonElement::getAsString)
            .toList();
    double tolerance = golden.json().get("gradient_norms_rtol").getAsDouble();
    JsonObject norms = golden.json().getAsJsonObject("gradient_norms");
    for (String name : norms.keySet()) {
      double norm = 0;
      for (float value : gradients.get(name).toFloatArray()) {
        norm += (double) value * value;
      }
      double recorded = norms.get(name).getAsDouble();
      // Exactly zero in theory: the decoder's first target is.
      double allowed = noise.contains(name) ? 1e-6 : tolerance * recorded;
      assertEquals(recorded, Math.sqrt(norm), allowed, name);
    }
  }

  private static void check(GoldenCase golden, String prefix, Map<String, NDArray> arrays) {
    for (String output : golden.outputs().keySet()) {
      if (output.startsWith(prefix)) {
        golden.check(output, arrays.get(output.substring(prefix.length())));
      }
    }
  }
}
