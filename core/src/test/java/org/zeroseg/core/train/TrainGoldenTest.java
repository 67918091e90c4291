package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;

class TrainGoldenTest {

  @TestFactory
  Stream<DynamicTest> namedMask() {
    return Golden.tests(
        "namedmask", Map.of("adam_steps", this::adam, "poly_schedule", this::polyAfter));
  }

  @TestFactory
  Stream<DynamicTest> zutis() {
    return Golden.tests("zutis", Map.of("poly_lr", this::polyAt));
  }

  @TestFactory
  Stream<DynamicTest> selfMask() {
    return Golden.tests("selfmask", Map.of("lr_schedule", this::sawTooth));
  }

  private void adam(GoldenCase golden) {
    JsonObject config = golden.config();
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Map<String, NDArray> parameters = new LinkedHashMap<>();
      List<Optimiser.Group> groups = new ArrayList<>();
      for (JsonElement element : config.getAsJsonArray("groups")) {
        Map<String, NDArray> own = new LinkedHashMap<>();
        for (JsonElement number : element.getAsJsonObject().getAsJsonArray("params")) {
          own.put(number.getAsString(), golden.input(manager, "param" + number.getAsInt()));
        }
        parameters.putAll(own);
        Schedule schedule =
            Schedule.poly(
                element.getAsJsonObject().get("lr").getAsDouble(),
                config.get("n_iters").getAsLong(),
                config.get("poly_power").getAsDouble(),
                config.get("min_lr").getAsDouble());
        groups.add(new Optimiser.Group(own, schedule, config.get("weight_decay").getAsDouble()));
      }
      Adam.Options options =
          new Adam.Options(
              config.getAsJsonArray("betas").get(0).getAsDouble(),
              config.getAsJsonArray("betas").get(1).getAsDouble(),
              config.get("eps").getAsDouble(),
              false);
      try (Adam adam = new Adam(groups, options)) {
        for (int step = 0; golden.inputs().has("grad0.step" + step); step++) {
          adam.step(gradients(golden, parameters.keySet(), step, manager));
          for (String number : parameters.keySet()) {
            golden.check("param" + number + ".after" + (step + 1), parameters.get(number));
          }
        }
        for (String number : parameters.keySet()) {
          golden.check("m" + number, adam.state().get("adam.mean." + number));
          golden.check("v" + number, adam.state().get("adam.square." + number));
        }
      }
    }
  }

  private static Map<String, NDArray> gradients(
      GoldenCase golden, Set<String> numbers, int step, NDManager manager) {
    Map<String, NDArray> gradients = new LinkedHashMap<>();
    for (String number : numbers) {
      gradients.put(number, golden.input(manager, "grad" + number + ".step" + step));
    }
    return gradients;
  }

  private void polyAfter(GoldenCase golden) {
    poly(golden, "n_iters", golden.input("completed_steps").longs());
  }

  private void polyAt(GoldenCase golden) {
    poly(golden, "max_iters", golden.output("iterations").longs());
  }

  private static void poly(GoldenCase golden, String stepsKey, long[] steps) {
    JsonObject config = golden.config();
    int groups = config.getAsJsonArray("base_lr").size();
    double[] rates = new double[steps.length * groups];
    for (int i = 0; i < rates.length; i++) {
      rates[i] =
          Schedule.poly(
                  config.getAsJsonArray("base_lr").get(i % groups).getAsDouble(),
                  config.get(stepsKey).getAsLong(),
                  config.get("power").getAsDouble(),
                  config.get("min_lr").getAsDouble())
              .rate(steps[i / groups]);
    }
    golden.check("lr", GoldenTensor.of(rates, steps.length, groups));
  }

  private void sawTooth(GoldenCase golden) {
    JsonObject config = golden.config();
    long perEpoch = config.get("iterations_per_epoch").getAsLong();
    long all = config.get("epochs").getAsLong() * perEpoch;
    Schedule poly =
        Schedule.poly(
            config.get("base_lr").getAsDouble(), all, config.get("power").getAsDouble(), 0);
    Schedule schedule =
        poly.warmUp(config.get("warmup_iters").getAsLong()).restartingEvery(perEpoch);
    double[] rates = new double[(int) all];
    for (int i = 0; i < rates.length; i++) {
      rates[i] = schedule.rate(i);
    }
    golden.check("lr", GoldenTensor.of(rates, rates.length));
  }
}
