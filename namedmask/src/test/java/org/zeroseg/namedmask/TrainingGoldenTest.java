package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.network.Dropout;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.CrossEntropy;
import org.zeroseg.core.train.Optimiser;

class TrainingGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests("namedmask", Map.of("train_steps", TrainingGoldenTest::trainSteps));
  }

  private static void trainSteps(GoldenCase golden) {
    JsonObject json = golden.config();
    JsonObject adam = json.getAsJsonObject("optimiser");
    double rate = adam.get("lr_classifier").getAsDouble();
    NamedMaskTrainer.Options options =
        new NamedMaskTrainer.Options(
            rate,
            adam.get("lr_backbone").getAsDouble() / rate,
            adam.get("weight_decay").getAsDouble(),
            adam.getAsJsonArray("betas").get(0).getAsDouble(),
            adam.getAsJsonArray("betas").get(1).getAsDouble(),
            json.get("ignore_index").getAsInt(),
            DeepLab.DROPOUT,
            false);
    DeepLabConfig config = NamedMaskCases.config(json);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Weights loaded = Weights.load(NamedMaskCases.weights(golden), config.shapes(), manager);
      Map<String, NDArray> weights = new LinkedHashMap<>();
      config.shapes().keySet().forEach(name -> weights.put(name, loaded.get(name)));
      NamedMaskTrainer trainer = NamedMaskTrainer.of(config, weights, options);
      NamedMaskTrainer.Loss loss = trainer.new Loss(manager);
      CrossEntropy criterion = new CrossEntropy(options.ignore());
      int steps = json.get("steps").getAsInt();
      float[] losses = new float[steps];
      try (Optimiser optimiser = trainer.optimiser(json.get("n_iters").getAsLong())) {
        for (int step = 0; step < steps; step++) {
          checkRates(golden, step, optimiser);
          try (NDManager call = manager.newSubManager()) {
            NDArray value = recorded(golden, step, loss, criterion, call);
            losses[step] = value.toFloatArray()[0];
            Map<String, NDArray> gradients = optimiser.gradients(value);
            if (step == 0) {
              checkGradients(golden, gradients);
            }
            optimiser.step(gradients);
          }
          if (step == 0) {
            checkWeights(golden, "1", weights);
          }
        }
        checkRates(golden, steps, optimiser);
        checkWeights(golden, "N", weights);
        golden.check("loss", GoldenTensor.of(losses, steps));
      }
    }
  }

  private static NDArray recorded(
      GoldenCase golden,
      int step,
      NamedMaskTrainer.Loss loss,
      CrossEntropy criterion,
      NDManager call) {
    return TorchEngine.recorded(
        () -> {
          NDArray logits = loss.logits(pixels(golden, step, call), dropout(golden, step, call));
          if (step == 0) {
            check(golden, "logits_step0", GoldenTensor.of(logits));
          }
          return criterion.of(logits, golden.input(call, "targets").get(step));
        });
  }

  private static NDArray pixels(GoldenCase golden, int step, NDManager call) {
    GoldenTensor images = golden.input("images");
    byte[] all = images.bytes();
    int length = all.length / (int) images.shape()[0];
    long[] shape = Arrays.copyOfRange(images.shape(), 1, 5);
    List<Picture> pictures =
        NamedMaskCases.pictures(Arrays.copyOfRange(all, step * length, (step + 1) * length), shape);
    return Normalization.IMAGENET.pixels(call, pictures);
  }

  private static UnaryOperator<NDArray> dropout(GoldenCase golden, int step, NDManager call) {
    if (!golden.inputs().has("dropout_keep")) {
      return UnaryOperator.identity();
    }
    NDArray kept = golden.input(call, "dropout_keep").get(step);
    return pyramid -> new Dropout(DeepLab.DROPOUT).keep(pyramid, kept);
  }

  private static void checkRates(GoldenCase golden, int step, Optimiser optimiser) {
    JsonArray recorded =
        golden
            .config()
            .getAsJsonObject("schedule")
            .getAsJsonArray("learning_rates_before_each_step_and_after")
            .get(step)
            .getAsJsonArray();
    for (int i = 0; i < recorded.size(); i++) {
      assertEquals(recorded.get(i).getAsDouble(), optimiser.rates().get(i), 1e-12);
    }
  }

  private static void checkGradients(GoldenCase golden, Map<String, NDArray> gradients) {
    for (String output : golden.outputs().keySet()) {
      if (output.startsWith("grad.")) {
        String name = output.substring("grad.".length());
        check(golden, output, slice(golden, name, GoldenTensor.of(gradients.get(name))));
      }
    }
  }

  private static void checkWeights(GoldenCase golden, String when, Map<String, NDArray> weights) {
    for (String output : golden.outputs().keySet()) {
      for (String kind : List.of("param", "buf")) {
        String prefix = kind + when + ".";
        if (output.startsWith(prefix)) {
          String name = output.substring(prefix.length());
          check(golden, output, slice(golden, name, GoldenTensor.of(weights.get(name))));
        }
      }
    }
  }

  private static GoldenTensor slice(GoldenCase golden, String name, GoldenTensor whole) {
    JsonElement slices = golden.json().getAsJsonObject("slices").get(name);
    if (slices == null) {
      return whole;
    }
    String notation =
        slices.getAsJsonArray().asList().stream()
            .map(
                part ->
                    part.getAsJsonArray().asList().stream()
                        .map(JsonElement::getAsString)
                        .collect(Collectors.joining(":")))
            .collect(Collectors.joining(","));
    return whole.slice(notation);
  }

  private static void check(GoldenCase golden, String name, GoldenTensor actual) {
    DeepLabGoldenTest.mismatch(golden, name, golden.outputs().getAsJsonObject(name));
    golden.check(name, actual);
  }
}
