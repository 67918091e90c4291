package org.zeroseg.core.match;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.RoiAlign;

class MatchGoldenTest {

  private static final Pattern TORCHVISION =
      Pattern.compile("aligned(\\d)_sampling(-?\\d+)_(\\d+)x(\\d+)");
  private static final Pattern MMDETECTION = Pattern.compile("sample(\\d+)_(\\d+)x(\\d+)");

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "refine",
        Map.of(
            "assignment", this::assignment,
            "roi_align", this::roiAlign,
            "roi_align_v1", this::roiAlignV1));
  }

  private void assignment(GoldenCase golden) {
    GoldenTensor cost = golden.input("cost");
    int rows = (int) cost.shape()[0];
    int columns = (int) cost.shape()[1];
    int[] assigned =
        golden.config().get("maximize").getAsBoolean()
            ? Assignment.maximise(cost.values(), rows, columns)
            : Assignment.minimise(cost.values(), rows, columns);
    int[] row = IntStream.range(0, rows).filter(r -> assigned[r] != Assignment.NONE).toArray();
    int[] column = Arrays.stream(row).map(r -> assigned[r]).toArray();
    assertEquals(Math.min(rows, columns), Arrays.stream(column).distinct().count());
    double total =
        Arrays.stream(row).mapToDouble(r -> cost.values()[r * columns + assigned[r]]).sum();
    golden.check("total", GoldenTensor.of(new double[] {total}, 1));
    if (golden.config().get("unique_optimum").getAsBoolean()) {
      golden.check("row", GoldenTensor.of(row, row.length));
      golden.check("col", GoldenTensor.of(column, column.length));
    }
  }

  private void roiAlign(GoldenCase golden) {
    JsonObject outputs = golden.outputs();
    for (String name : outputs.keySet()) {
      Matcher size = TORCHVISION.matcher(name);
      assertTrue(size.matches(), name);
      check(
          golden,
          name,
          Integer.parseInt(size.group(3)),
          Integer.parseInt(size.group(4)),
          Integer.parseInt(size.group(2)),
          size.group(1).equals("1") ? RoiAlign.Convention.HALF_PIXEL : RoiAlign.Convention.CORNERS);
    }
  }

  private void roiAlignV1(GoldenCase golden) {
    for (String name : golden.outputs().keySet()) {
      Matcher size = MMDETECTION.matcher(name);
      assertTrue(size.matches(), name);
      check(
          golden,
          name,
          Integer.parseInt(size.group(2)),
          Integer.parseInt(size.group(3)),
          Integer.parseInt(size.group(1)),
          RoiAlign.Convention.INCLUSIVE);
    }
  }

  private static void check(
      GoldenCase golden,
      String name,
      int height,
      int width,
      int sampling,
      RoiAlign.Convention convention) {
    float scale = golden.config().get("spatial_scale").getAsFloat();
    RoiAlign align = new RoiAlign(height, width, scale, sampling, convention);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray features = golden.input(manager, "x");
      float[] boxes = golden.input("rois_index_xyxy").floats();
      golden.check(name, align.pool(features, boxes, Mode.INFERENCE));
    }
  }
}
