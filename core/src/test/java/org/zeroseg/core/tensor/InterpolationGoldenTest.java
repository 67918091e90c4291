package org.zeroseg.core.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;

class InterpolationGoldenTest {

  @TestFactory
  Stream<DynamicTest> clip() {
    return Golden.tests("clip", Map.of("interpolate", this::calls));
  }

  @TestFactory
  Stream<DynamicTest> refine() {
    return Golden.tests(
        "refine",
        Map.of(
            "interpolate", this::sizes,
            "interpolate_scale", this::scale,
            "grid_sample", this::gridSample));
  }

  private static Interpolation.Mode mode(String name) {
    return Interpolation.Mode.valueOf(name.replace('-', '_').toUpperCase(Locale.ROOT));
  }

  private static boolean flag(JsonObject config, String key) {
    return config.has(key) && !config.get(key).isJsonNull() && config.get(key).getAsBoolean();
  }

  private void calls(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray x = golden.input(manager, "x");
      for (JsonElement element : golden.config().getAsJsonArray("calls")) {
        JsonObject call = element.getAsJsonObject();
        Interpolation.Mode mode = mode(call.get("mode").getAsString());
        NDArray y;
        if (call.has("scale_factor")) {
          JsonArray factor = call.getAsJsonArray("scale_factor");
          y =
              Interpolation.scale(
                  x, factor.get(0).getAsDouble(), factor.get(1).getAsDouble(), mode);
        } else {
          JsonArray size = call.getAsJsonArray("size");
          y =
              Interpolation.resize(
                  x,
                  size.get(0).getAsLong(),
                  size.get(1).getAsLong(),
                  mode,
                  flag(call, "align_corners"));
        }
        golden.check(call.get("name").getAsString(), y);
      }
    }
  }

  private void sizes(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray x = golden.input(manager, "x");
      Interpolation.Mode mode = mode(golden.config().get("mode").getAsString());
      for (JsonElement element : golden.config().getAsJsonArray("sizes")) {
        long height = element.getAsJsonArray().get(0).getAsLong();
        long width = element.getAsJsonArray().get(1).getAsLong();
        golden.check(
            "out_" + height + "x" + width,
            flag(golden.config(), "antialias")
                ? Interpolation.resizeAntialiased(x, height, width, mode)
                : Interpolation.resize(
                    x, height, width, mode, flag(golden.config(), "align_corners")));
      }
    }
  }

  /** Either MODE_sfI and MODE_sfI_recompute, or a position table by size (a) and by factor (b). */
  private void scale(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray x = golden.input(manager, "x");
      long height = x.getShape().get(2);
      long width = x.getShape().get(3);
      if (!golden.config().has("scale_factors")) {
        for (String name : golden.outputs().keySet()) {
          long[] shape = golden.output(name).shape();
          golden.check(
              name,
              name.equals("a")
                  ? Interpolation.resize(x, shape[2], shape[3], Interpolation.Mode.BICUBIC)
                  : Interpolation.scale(
                      x,
                      (shape[2] + 0.1) / height,
                      (shape[3] + 0.1) / width,
                      Interpolation.Mode.BICUBIC));
        }
        return;
      }
      JsonArray factors = golden.config().getAsJsonArray("scale_factors");
      for (String name : golden.outputs().keySet()) {
        List<String> parts = List.of(name.split("_", -1));
        Interpolation.Mode mode = mode(parts.get(0));
        JsonElement factor = factors.get(Integer.parseInt(parts.get(1).substring(2)));
        boolean pair = factor.isJsonArray();
        double down = pair ? factor.getAsJsonArray().get(0).getAsDouble() : factor.getAsDouble();
        double across = pair ? factor.getAsJsonArray().get(1).getAsDouble() : factor.getAsDouble();
        golden.check(
            name,
            parts.size() > 2
                ? Interpolation.resize(
                    x, (long) Math.floor(height * down), (long) Math.floor(width * across), mode)
                : Interpolation.scale(x, down, across, mode));
      }
    }
  }

  private void gridSample(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray x = golden.input(manager, "x");
      NDArray grid = golden.input(manager, "grid");
      for (String name : golden.outputs().keySet()) {
        List<String> parts = List.of(name.split("_", -1));
        golden.check(
            name,
            Interpolation.gridSample(
                x,
                grid,
                mode(parts.get(0)),
                Interpolation.Padding.valueOf(parts.get(1).toUpperCase(Locale.ROOT)),
                parts.get(2).equals("corners")));
      }
    }
  }
}
