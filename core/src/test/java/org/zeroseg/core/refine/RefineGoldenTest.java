package org.zeroseg.core.refine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Components;
import org.zeroseg.core.mask.Connectivity;
import org.zeroseg.core.mask.Mask;

class RefineGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "refine",
        Map.of(
            "bilateral_solver", this::bilateralSolver,
            "bilateral_grid", this::bilateralGrid,
            "densecrf", this::denseCrf,
            "densecrf_bruteforce", this::bruteForce,
            "densecrf_compat", this::compatibility,
            "densecrf_unary", this::unary,
            "permutohedral_filter", this::permutohedralFilter));
  }

  private static BilateralSolver solver(JsonObject config) {
    BilateralSolver standard = BilateralSolver.DEFAULT;
    return new BilateralSolver(
        config.get("sigma_spatial").getAsDouble(),
        config.get("sigma_luma").getAsDouble(),
        config.get("sigma_chroma").getAsDouble(),
        config.get("lambda").getAsDouble(),
        config.get("confidence").getAsDouble(),
        config.has("cg_maxiter") ? config.get("cg_maxiter").getAsInt() : standard.iterations(),
        config.has("cg_tol") ? config.get("cg_tol").getAsDouble() : standard.tolerance(),
        0);
  }

  private static BilateralSolver.Guide guide(GoldenCase golden) throws IOException {
    return solver(golden.config()).guide(picture(golden));
  }

  /** The recorded tensor or the crop of a photo that {@code inputs.image} tells of. */
  private static Picture picture(GoldenCase golden) throws IOException {
    JsonObject entry = golden.inputs().getAsJsonObject("image");
    if (!entry.has("photo")) {
      GoldenTensor image = golden.input("image");
      return Picture.of(
          PixelFormat.RGB, (int) image.shape()[1], (int) image.shape()[0], image.bytes());
    }
    JsonArray crop = entry.getAsJsonArray("crop_top_left_height_width");
    return Picture.readAsStored(golden.file(entry.get("photo").getAsString()))
        .crop(
            new Window(
                crop.get(1).getAsInt(),
                crop.get(0).getAsInt(),
                crop.get(3).getAsInt(),
                crop.get(2).getAsInt()));
  }

  private void bilateralSolver(GoldenCase golden) throws IOException {
    BilateralSolver.Guide guide = guide(golden);
    GoldenTensor mask = golden.input("mask");
    assertEquals(golden.config().get("vertices").getAsInt(), guide.grid().vertices);
    double[] soft = guide.solve(mask.floats());
    golden.check("soft", GoldenTensor.of(soft, mask.shape()));
    int width = (int) mask.shape()[1];
    int height = (int) mask.shape()[0];
    Mask refined = guide.refine(Mask.of(width, height, mask.booleans()));
    golden.check("mask_soft_above_half", GoldenTensor.of(refined.toBytes(), mask.shape()));
    golden.check(
        "mask_second_largest_component",
        GoldenTensor.of(secondComponent(refined).toBytes(), mask.shape()));
  }

  /**
   * The second mask that the reference returns and no published pipeline reads: holes filled,
   * 4-connected components and the background ranked by size, the second largest.
   */
  private static Mask secondComponent(Mask mask) {
    Mask filled = mask.filled(Connectivity.FOUR);
    Components components = filled.components(Connectivity.FOUR);
    List<Mask> ranked = new ArrayList<>(List.of(filled.not()));
    for (int i = 0; i < components.count(); i++) {
      ranked.add(components.mask(i));
    }
    ranked.sort(Comparator.comparingInt(Mask::area));
    return ranked.size() == 1 ? filled.not() : ranked.get(ranked.size() - 2);
  }

  private void bilateralGrid(GoldenCase golden) throws IOException {
    BilateralSolver.Guide guide = guide(golden);
    BilateralGrid grid = guide.grid();
    GoldenTensor mask = golden.input("mask");
    int pixels = mask.size();
    int size = grid.vertices;
    long[] coordinates = new long[5 * pixels];
    for (int i = 0; i < pixels; i++) {
      long key = grid.keys[grid.vertexOfPixel[i]];
      long[] xyluv = {
        key & 0xffff, key >> 16 & 0xffff, key >> 32 & 0xff, key >> 40 & 0xff, key >> 48 & 0xff
      };
      System.arraycopy(xyluv, 0, coordinates, 5 * i, 5);
    }
    golden.check(
        "pixel_coordinates_xyluv",
        GoldenTensor.of(coordinates, mask.shape()[0], mask.shape()[1], 5));
    // The record numbers vertices by v, u, luma, y, x: the order of the packed keys.
    int[] order =
        IntStream.range(0, size)
            .boxed()
            .sorted(Comparator.comparingLong(vertex -> grid.keys[vertex]))
            .mapToInt(Integer::intValue)
            .toArray();
    int[] rank = new int[size];
    for (int i = 0; i < size; i++) {
      rank[order[i]] = i;
    }
    int[] vertexOfPixel = Arrays.stream(grid.vertexOfPixel).map(vertex -> rank[vertex]).toArray();
    golden.check("pixel_vertex", GoldenTensor.of(vertexOfPixel, mask.shape()));
    check(golden, "vertex_pixel_count", grid.pixels, order);
    check(golden, "bistochastic_n", grid.n, order);
    check(golden, "bistochastic_m", grid.m, order);
    double[] recorded = golden.input("vertex_vector").values();
    double[] vector = new double[size + 1];
    for (int i = 0; i < size; i++) {
      vector[order[i]] = recorded[i];
    }
    double[] product = new double[size];
    grid.blur(vector, product);
    check(golden, "blur_of_vertex_vector", product, order);
    BilateralSolver.NormalEquations equations =
        new BilateralSolver.NormalEquations(solver(golden.config()), grid, mask.floats());
    check(golden, "A_diagonal", equations.diagonal, order);
    equations.multiply(vector, product);
    check(golden, "A_times_vertex_vector", product, order);
    check(golden, "b", equations.b, order);
    check(golden, "y0", equations.start, order);
  }

  private static void check(GoldenCase golden, String name, double[] byVertex, int[] order) {
    double[] sorted = Arrays.stream(order).mapToDouble(vertex -> byVertex[vertex]).toArray();
    golden.check(name, GoldenTensor.of(sorted, sorted.length));
  }

  private static DenseCrf crf(GoldenCase golden, DenseCrf.Normalization normalization) {
    JsonObject config = golden.config();
    DenseCrf.Builder builder =
        DenseCrf.builder(config.get("width").getAsInt(), config.get("height").getAsInt())
            .normalization(normalization);
    if (config.has("gauss")) {
      JsonObject gauss = config.getAsJsonObject("gauss");
      builder.gaussian(gauss.get("sxy").getAsFloat(), compatibility(golden, gauss));
    }
    if (config.has("bilateral")) {
      JsonObject bilateral = config.getAsJsonObject("bilateral");
      builder.bilateral(
          golden.input("image").bytes(),
          bilateral.get("sxy").getAsFloat(),
          bilateral.get("srgb").getAsFloat(),
          compatibility(golden, bilateral));
    }
    return builder.build();
  }

  private static Compatibility compatibility(GoldenCase golden, JsonObject kernel) {
    String form = kernel.get("compat").getAsString();
    return switch (form) {
      case "diagonal" -> Compatibility.diagonal(golden.input(form).floats());
      case "matrix" -> Compatibility.matrix(golden.input(form).floats());
      default -> Compatibility.potts(Float.parseFloat(form));
    };
  }

  private static int iterations(String name) {
    return Integer.parseInt(name.substring(name.lastIndexOf('_') + 1));
  }

  private void denseCrf(GoldenCase golden) {
    int labels = golden.config().get("labels").getAsInt();
    GoldenTensor unary = golden.input("unary");
    for (String name : golden.outputs().keySet()) {
      String normalization =
          golden.config().has("normalization")
              ? golden.config().get("normalization").getAsString()
              : name.substring(name.indexOf('_') + 1);
      int iterations =
          golden.config().get("iterations").isJsonArray()
              ? iterations(name)
              : golden.config().get("iterations").getAsInt();
      float[] scores =
          crf(golden, DenseCrf.Normalization.valueOf(normalization.toUpperCase(Locale.ROOT)))
              .infer(unary.floats(), labels, iterations);
      if (name.startsWith("label")) {
        golden.check(
            name,
            GoldenTensor.of(DenseCrf.labels(scores, labels), unary.shape()[1], unary.shape()[2]));
      } else {
        golden.check(name, GoldenTensor.of(scores, unary.shape()));
      }
    }
  }

  private void compatibility(GoldenCase golden) {
    GoldenTensor unary = golden.input("unary");
    int labels = golden.config().get("labels").getAsInt();
    for (String name : golden.outputs().keySet()) {
      float[] scores =
          crf(golden, DenseCrf.Normalization.SYMMETRIC)
              .infer(unary.floats(), labels, iterations(name));
      golden.check(name, GoldenTensor.of(scores, unary.shape()));
    }
  }

  private void bruteForce(GoldenCase golden) {
    JsonObject config = golden.config();
    int width = config.get("width").getAsInt();
    int height = config.get("height").getAsInt();
    int labels = config.get("labels").getAsInt();
    byte[] image = golden.input("image").bytes();
    BruteForceCrf exact = new BruteForceCrf(width * height);
    if (config.has("gauss")) {
      JsonObject gauss = config.getAsJsonObject("gauss");
      exact.add(
          BruteForceCrf.positions(width, height, gauss.get("sxy").getAsDouble()),
          gauss.get("compat").getAsDouble());
    }
    if (config.has("bilateral")) {
      JsonObject bilateral = config.getAsJsonObject("bilateral");
      exact.add(
          BruteForceCrf.colours(
              width,
              image,
              bilateral.get("sxy").getAsDouble(),
              bilateral.get("srgb").getAsDouble()),
          bilateral.get("compat").getAsDouble());
    }
    DenseCrf lattice = crf(golden, DenseCrf.Normalization.SYMMETRIC);
    GoldenTensor unary = golden.input("unary");
    for (String name : golden.outputs().keySet()) {
      float[] scores = exact.infer(unary.floats(), labels, iterations(name));
      if (name.startsWith("q_")) {
        golden.check(name, GoldenTensor.of(scores, unary.shape()));
        continue;
      }
      int[] best = DenseCrf.labels(scores, labels);
      golden.check(name, GoldenTensor.of(best, height, width));
      int[] approximate =
          DenseCrf.labels(lattice.infer(unary.floats(), labels, iterations(name)), labels);
      double equal = IntStream.range(0, best.length).filter(i -> best[i] == approximate[i]).count();
      assertTrue(equal / best.length >= (config.has("gauss") ? 0.93 : 0.9), name);
    }
  }

  private void unary(GoldenCase golden) {
    JsonObject config = golden.config();
    JsonObject fromLabels = config.getAsJsonObject("from_labels");
    int classes = fromLabels.get("labels").getAsInt();
    double probability = fromLabels.get("gt_prob").getAsDouble();
    int[] labels = golden.input("labels").ints();
    int[] sure = Arrays.stream(labels).map(label -> Math.max(label - 1, 0)).toArray();
    float[] softmax = golden.input("softmax").floats();
    JsonObject scaled = config.getAsJsonObject("from_softmax_scaled");
    long[] shape = {classes, labels.length};
    golden.check(
        "from_labels_zero_unsure",
        GoldenTensor.of(UnaryEnergies.fromUnsureLabels(labels, classes, probability), shape));
    golden.check(
        "from_labels_no_zero_unsure",
        GoldenTensor.of(UnaryEnergies.fromLabels(sure, classes, probability), shape));
    golden.check(
        "from_softmax",
        GoldenTensor.of(
            UnaryEnergies.fromSoftmax(
                softmax, config.getAsJsonObject("from_softmax").get("clip").getAsFloat()),
            shape));
    golden.check(
        "from_softmax_scaled",
        GoldenTensor.of(
            UnaryEnergies.fromSoftmax(
                softmax,
                classes,
                scaled.get("scale").getAsDouble(),
                scaled.get("clip").getAsFloat()),
            shape));
  }

  private void permutohedralFilter(GoldenCase golden) {
    int dimension = golden.config().get("dimension").getAsInt();
    GoldenTensor features = golden.input("features");
    GoldenTensor values = golden.input("values");
    int points = (int) values.shape()[0];
    int channels = (int) values.shape()[1];
    PermutohedralLattice lattice = new PermutohedralLattice(features.floats(), dimension);
    assertEquals(
        golden.config().get("lattice_vertices_without_padding").getAsInt(), lattice.vertices);
    golden.check(
        "filtered",
        GoldenTensor.of(lattice.filter(values.floats(), channels, false), values.shape()));
    golden.check(
        "filtered_reverse_axis_order",
        GoldenTensor.of(lattice.filter(values.floats(), channels, true), values.shape()));
    float[] ones = new float[points];
    Arrays.fill(ones, 1);
    float[] norm = lattice.filter(ones, 1, false);
    golden.check("filter_of_ones", GoldenTensor.of(norm, points, 1));
    golden.check("barycentric", GoldenTensor.of(lattice.weights, points, dimension + 1));
    float[] scaled = values.floats();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= (float) (1 / Math.sqrt(norm[i / channels] + 1e-20f));
    }
    float[] filtered = lattice.filter(scaled, channels, false);
    for (int i = 0; i < filtered.length; i++) {
      filtered[i] *= (float) (1 / Math.sqrt(norm[i / channels] + 1e-20f));
    }
    golden.check("symmetric_normalised", GoldenTensor.of(filtered, values.shape()));
    int[] recorded = golden.output("vertex_of_point").ints();
    int[] names = new int[lattice.vertices + 1];
    Arrays.fill(names, -1);
    for (int i = 0; i < recorded.length; i++) {
      if (lattice.weights[i] > 1e-5) {
        int vertex = lattice.vertexOfPoint[i];
        names[vertex] = names[vertex] < 0 ? recorded[i] : names[vertex];
        assertEquals(recorded[i], names[vertex], "vertex of entry " + i);
      }
    }
  }
}
