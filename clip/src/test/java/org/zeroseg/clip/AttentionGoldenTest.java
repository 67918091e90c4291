package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.refine.LaplacianPropagation;
import org.zeroseg.core.refine.Pamr;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

class AttentionGoldenTest {

  private static final Kernels KERNELS = Kernels.of(DenseAttention.class, "attention.torchscript");

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "clip",
        Map.of(
            "dense_attention_block", AttentionGoldenTest::block,
            "dense_attention_variants", AttentionGoldenTest::variants,
            "dense_attention_vit", AttentionGoldenTest::transformer,
            "anomaly_tokens", AttentionGoldenTest::anomalies,
            "feedback_attention", AttentionGoldenTest::feedback,
            "position_resampling", AttentionGoldenTest::positions,
            "pamr", AttentionGoldenTest::pamr,
            "laplacian_propagation", AttentionGoldenTest::propagation));
  }

  /** One block's arrays in the order of {@code Transformer.attentionWeights}, without the norm. */
  private static List<NDArray> weights(GoldenCase golden, int width, NDManager manager) {
    Map<String, Shape> shapes =
        Map.of(
            "attn.in_proj_weight", new Shape(3L * width, width),
            "attn.in_proj_bias", new Shape(3L * width),
            "attn.out_proj.weight", new Shape(width, width),
            "attn.out_proj.bias", new Shape(width));
    String prefix = golden.config().get("prefix").getAsString();
    Weights weights =
        Weights.load(
            new PortableWeights(shapes, golden.salt(), prefix, golden.weightScale()),
            shapes,
            manager);
    return Stream.of("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
        .map(name -> weights.get("attn." + name))
        .toList();
  }

  private static void block(GoldenCase golden) {
    JsonObject config = golden.config();
    int heads = config.get("heads").getAsInt();
    try (NDManager manager = NDManager.newBaseManager()) {
      List<NDArray> weights = weights(golden, config.get("width").getAsInt(), manager);
      NDArray y = golden.input(manager, "x").swapAxes(0, 1);
      int[] grid = config.has("grid") ? pair(config, "grid") : new int[2];
      config
          .getAsJsonObject("variants")
          .asMap()
          .forEach(
              (name, options) -> {
                JsonObject json = options.getAsJsonObject();
                Attention attention = AttentionCases.attention(unchecked(json));
                Block block = new Block(golden, attention, heads, grid, y, weights);
                block.check(name, json);
              });
      if (config.has("neighbourhoods")) {
        config
            .getAsJsonObject("neighbourhoods")
            .asMap()
            .forEach(
                (name, each) -> {
                  int[] size = pair(each.getAsJsonObject(), "grid");
                  double sigma = each.getAsJsonObject().get("gaussian_std").getAsDouble();
                  NDArray how = Kernels.numbers(manager, size[0], size[1], sigma);
                  golden.check(name, KERNELS.call("neighbourhood", y, how));
                });
      }
      if (golden.outputs().has("aggregated")) {
        NDArray threshold =
            Kernels.numbers(manager, config.get("similarity_threshold").getAsDouble());
        NDArray found = KERNELS.call("aggregate", y, features(golden, manager), threshold);
        golden.check("aggregated", found.swapAxes(0, 1));
      }
    }
  }

  /** Terms that only go together with what the case does not say are tested one by one. */
  private static JsonObject unchecked(JsonObject json) {
    JsonObject copy = json.deepCopy();
    if (copy.get("terms").getAsJsonArray().size() == 2 && copy.has("proxy")) {
      JsonArray terms = new JsonArray();
      terms.add("kk");
      copy.add("terms", terms);
    }
    return copy;
  }

  /** Unit features whose products are the recorded cosines. */
  private static NDArray features(GoldenCase golden, NDManager manager) {
    NDList eigen = Kernels.core().callAll("eigen", golden.input(manager, "similarity"));
    NDArray root = eigen.get(0).maximum(0).sqrt();
    return eigen.get(1).mul(root.expandDims(1));
  }

  @SuppressWarnings("ArrayRecordComponent")
  private record Block(
      GoldenCase golden,
      Attention attention,
      int heads,
      int[] grid,
      NDArray y,
      List<NDArray> weights) {

    void check(String name, JsonObject json) {
      NDManager manager = y.getManager();
      int batch = (int) y.getShape().get(0);
      NDArray h = Kernels.numbers(manager, heads);
      double[] numbers = DenseAttention.how(attention, heads, grid[0], grid[1]);
      NDArray how = manager.create(numbers);
      NDList qkv = KERNELS.callAll("projections", y, h, weights.get(0), weights.get(1));
      int tokens = (int) y.getShape().get(1);
      NDArray eye =
          manager.eye(tokens).reshape(1, 1, tokens, tokens).repeat(0, batch).repeat(1, heads);
      NDArray found;
      NDArray matrix;
      if (attention.needsEncoder()) {
        NDArray values = KERNELS.call("values", y.get(":, 1:"), weights.get(0), weights.get(1));
        NDArray map = golden.input(manager, "features");
        int rows = (int) map.getShape().get(2);
        int columns = (int) map.getShape().get(3);
        NDArray features = map.reshape(1, map.getShape().get(1), -1).swapAxes(1, 2);
        NDArray grids = Kernels.numbers(manager, grid[0], grid[1], rows, columns);
        NDArray placed = KERNELS.call("on_grid", values, grids);
        NDArray likeness = likeness(json, manager);
        found = KERNELS.call("proxy", features, placed, likeness);
        NDArray unit = manager.eye(rows * columns).expandDims(0);
        matrix = KERNELS.call("proxy", features, unit, likeness).squeeze(0);
      } else if (json.has("proxy")) {
        NDArray values = KERNELS.call("values", y, weights.get(0), weights.get(1));
        NDArray own = KERNELS.call("terms", y, how, weights.get(0), weights.get(1));
        found =
            KERNELS
                .call("proxy", features(golden, manager), values, likeness(json, manager))
                .add(own)
                .mul(0.5);
        matrix = found;
      } else if (json.has("solver")) {
        NDArray rotation =
            Kernels.numbers(
                manager, attention.procrustes().steps(), attention.procrustes().keyWeight());
        found = KERNELS.call("procrustes", y, rotation, h, weights.get(0), weights.get(1));
        matrix = KERNELS.call("aligned", qkv.get(0), qkv.get(1), eye, rotation);
      } else if (json.has("sfr")) {
        matrix = fed(json, qkv, eye, how);
        found = KERNELS.call("joined", fed(json, qkv, qkv.get(2), how));
      } else {
        found = KERNELS.call("terms", y, how, weights.get(0), weights.get(1));
        matrix = KERNELS.call("mixed", qkv.get(0), qkv.get(1), qkv.get(2), eye, how);
      }
      if (golden.outputs().has("attention_" + name)) {
        golden.check("attention_" + name, perHead(matrix));
      }
      NDArray out = Kernels.core().call("linear", found, weights.get(2), weights.get(3));
      golden.check("out_" + name, out.swapAxes(0, 1));
    }

    /** {@code [B, H, T, T]} as {@code [B H, T, T]}; a matrix for all heads as it is. */
    private static NDArray perHead(NDArray matrix) {
      Shape shape = matrix.getShape();
      return shape.dimension() == 4 ? matrix.reshape(-1, shape.get(2), shape.get(3)) : matrix;
    }

    private static NDArray likeness(JsonObject json, NDManager manager) {
      JsonObject proxy = json.getAsJsonObject("proxy");
      return Kernels.numbers(
          manager, proxy.get("beta").getAsDouble(), proxy.get("gamma").getAsDouble());
    }

    /** Feedback in the scores, then the given mean of earlier blocks. */
    private NDArray fed(JsonObject json, NDList qkv, NDArray values, NDArray how) {
      NDManager manager = y.getManager();
      JsonObject sfr = json.getAsJsonObject("sfr");
      JsonObject rcs = json.getAsJsonObject("rcs");
      NDArray f = golden.input(manager, "sfr").squeeze(0);
      int tokens = (int) y.getShape().get(1);
      NDArray where =
          Kernels.numbers(
              manager, 0, tokens, sfr.get("tau").getAsDouble(), sfr.get("lambda").getAsDouble());
      NDArray found =
          KERNELS.call("fed", qkv.get(0), qkv.get(1), values, f.div(f.max()), where, how);
      NDArray earlier = golden.input(manager, "rcs").expandDims(0).matMul(values);
      NDArray mixture =
          Kernels.numbers(manager, rcs.get("tau").getAsDouble(), rcs.get("lambda").getAsDouble());
      return KERNELS.call("blend", found, earlier, mixture);
    }
  }

  private static int[] pair(JsonObject json, String key) {
    return json.getAsJsonArray(key).asList().stream().mapToInt(JsonElement::getAsInt).toArray();
  }

  private static void variants(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      VisionTransformer vit = (VisionTransformer) ClipCases.imageTower(golden, manager);
      NDArray pixels = ClipCases.pixels(golden, ClipCases.CLIP, manager);
      golden
          .config()
          .getAsJsonObject("variants")
          .asMap()
          .forEach(
              (name, options) -> {
                Attention attention = AttentionCases.attention(options.getAsJsonObject());
                DenseAttention dense = new DenseAttention(vit, attention, Optional.empty());
                DenseAttention.Result result = dense.features(pixels, pixels);
                golden.check("projected_" + name, result.patches().squeeze(0));
              });
    }
  }

  private static void transformer(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      VisionTransformer vit = (VisionTransformer) ClipCases.imageTower(golden, manager);
      NDArray pixels = ClipCases.pixels(golden, ClipCases.CLIP, manager);
      NDArray words = ClipCases.textEmbeddings(golden, manager);
      JsonObject json = golden.config().getAsJsonObject("attention");
      Attention attention = AttentionCases.attention(json);
      Optional<PatchEncoder> encoder = AttentionCases.encoder(golden, manager);
      DenseAttention dense = new DenseAttention(vit, attention, encoder);
      int last = vit.blocks().layers() - 1;
      NDArray input = vit.blocks().forward(vit.tokens(pixels, attention.positions()), 0, last);
      if (golden.outputs().has("last_block_input")) {
        golden.check("last_block_input", input.squeeze(0));
      }
      DenseAttention.Result result = dense.features(pixels, words);
      int height = result.height();
      int width = result.width();
      golden.check("grid", GoldenTensor.of(new long[] {height, width}, 2));
      golden.check("projected", result.patches().squeeze(0));
      NDArray cosine = Refinement.cosines(result.patches(), words);
      golden.check("cosine", cosine.reshape(-1, height, width));
      if (golden.outputs().has("class_projected")) {
        golden.check("class_projected", result.classes().orElseThrow().squeeze(0));
        NDArray biased = dense.cosines(pixels, words).cosines();
        golden.check("biased", biased.reshape(-1, height, width));
      }
      if (golden.outputs().has("proxy")) {
        proxy(golden, dense, encoder.orElseThrow(), pixels);
      }
      if (golden.outputs().has("lof")) {
        NDArray patches = input.get(":, 1:").squeeze(0);
        Attention.Calibration c = attention.calibration().orElseThrow();
        lof(golden, patches, c.neighbours(), c.contamination(), height, width);
      }
      if (golden.outputs().has("feedback")) {
        firstPass(golden, vit, attention, pixels, words);
      }
    }
  }

  private static void proxy(
      GoldenCase golden, DenseAttention dense, PatchEncoder encoder, NDArray pixels) {
    NDManager manager = pixels.getManager();
    NDArray features = encoder.features(DenseAttention.imageNet(pixels));
    NDArray eye = manager.eye((int) features.getShape().get(1)).expandDims(0);
    NDArray how =
        Kernels.numbers(
            manager, dense.attention().proxy().beta(), dense.attention().proxy().gamma());
    golden.check("proxy", KERNELS.call("proxy", features, eye, how).squeeze(0));
  }

  /** What the first pass says, by the same steps as the second takes it. */
  private static void firstPass(
      GoldenCase golden,
      VisionTransformer vit,
      Attention attention,
      NDArray pixels,
      NDArray words) {
    Attention once =
        new Attention(
            "first",
            attention.terms(),
            attention.combine(),
            attention.neighbourhood(),
            attention.residual(),
            attention.feedForward(),
            attention.globalBias(),
            attention.procrustes(),
            attention.proxy(),
            attention.correlation(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    Attention.Feedback feedback = attention.feedback().orElseThrow();
    DenseClip.Map map = new DenseAttention(vit, once, Optional.empty()).cosines(pixels, words);
    int rows = (int) pixels.getShape().get(2);
    int columns = (int) pixels.getShape().get(3);
    float[] probabilities =
        FeedbackRows.probabilities(
            map.cosines().toFloatArray(),
            map.height(),
            map.width(),
            pixels.toFloatArray(),
            rows,
            columns,
            feedback.scale());
    golden.check(
        "first_pass", GoldenTensor.of(probabilities, words.getShape().get(0), rows, columns));
    int[] labels =
        FeedbackRows.patchLabels(
            probabilities, rows, columns, vit.config().patch(), feedback.threshold());
    golden.check("patch_labels", GoldenTensor.of(labels, map.height(), map.width()));
    golden.check("feedback", matrix(labels, map.height(), map.width(), feedback.sigma()));
  }

  private static GoldenTensor matrix(int[] labels, int height, int width, double sigma) {
    FeedbackRows rows = new FeedbackRows(labels, height, width, sigma, false);
    int tokens = 1 + height * width;
    float[] matrix = new float[tokens * tokens];
    for (int token = 0; token < tokens; token++) {
      rows.row(token, matrix, token * tokens);
    }
    return GoldenTensor.of(matrix, tokens, tokens);
  }

  private static void feedback(GoldenCase golden) {
    golden
        .config()
        .getAsJsonObject("grids")
        .asMap()
        .forEach(
            (name, options) -> {
              GoldenTensor stored = golden.input("labels_" + name);
              long[] longs = stored.longs();
              int[] labels = Arrays.stream(longs).mapToInt(Math::toIntExact).toArray();
              Matcher sides = Pattern.compile("(\\d+)x(\\d+)").matcher(name);
              if (!sides.matches()) {
                throw new AssertionError(name);
              }
              double sigma = options.getAsJsonObject().get("gaussian_std").getAsDouble();
              golden.check(
                  "feedback_" + name,
                  matrix(
                      labels,
                      Integer.parseInt(sides.group(1)),
                      Integer.parseInt(sides.group(2)),
                      sigma));
            });
    GoldenTensor maps = golden.input("probabilities");
    JsonObject config = golden.config();
    int patch = config.get("patch_size").getAsInt();
    int rows = (int) maps.shape()[1];
    int columns = (int) maps.shape()[2];
    int[] labels =
        FeedbackRows.patchLabels(
            maps.floats(), rows, columns, patch, config.get("threshold").getAsDouble());
    golden.check("patch_labels", GoldenTensor.of(labels, rows / patch, columns / patch));
  }

  private static AnomalousTokens lof(
      GoldenCase golden,
      NDArray tokens,
      int neighbours,
      double contamination,
      int height,
      int width) {
    NDArray k = Kernels.numbers(tokens.getManager(), neighbours);
    float[] factors = KERNELS.call("outlier_factors", tokens, k).toFloatArray();
    golden.check("lof", GoldenTensor.of(factors, factors.length));
    AnomalousTokens found = AnomalousTokens.of(factors, contamination, height, width);
    long[] cells = found.cells().stream().asLongStream().toArray();
    golden.check("anomalies", GoldenTensor.of(cells, cells.length));
    return found;
  }

  private static void anomalies(GoldenCase golden) {
    JsonObject config = golden.config();
    int[] grid = pair(config, "grid");
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray tokens = golden.input(manager, "tokens");
      int depth = (int) tokens.getShape().get(1);
      AnomalousTokens found =
          lof(
              golden,
              tokens,
              config.get("neighbours").getAsInt(),
              config.get("contamination").getAsDouble(),
              grid[0],
              grid[1]);
      float[] repaired = tokens.toFloatArray();
      found.repair(repaired, 0, depth);
      golden.check("repaired", GoldenTensor.of(repaired, (long) grid[0] * grid[1], depth));
      BitSet given = new BitSet();
      for (int cell : pair(config, "clustered")) {
        given.set(cell);
      }
      float[] clustered = tokens.toFloatArray();
      new AnomalousTokens(given, grid[0], grid[1]).repair(clustered, 0, depth);
      golden.check("clustered", GoldenTensor.of(clustered, (long) grid[0] * grid[1], depth));
    }
  }

  private static void positions(GoldenCase golden) {
    Pattern name = Pattern.compile("(factor|gem)_(\\d+)x(\\d+)");
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray table = golden.input(manager, "pos");
      for (String output : golden.outputs().keySet()) {
        Matcher parts = name.matcher(output);
        if (!parts.matches()) {
          throw new AssertionError(output);
        }
        PositionResampling rule =
            parts.group(1).equals("gem")
                ? PositionResampling.ANTIALIASED
                : PositionResampling.CELL_COUNT_BY_FACTOR;
        int height = Integer.parseInt(parts.group(2));
        int width = Integer.parseInt(parts.group(3));
        golden.check(output, rule.resample(table, height, width, Mode.INFERENCE, manager));
      }
    }
  }

  private static void pamr(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    List<Integer> dilations =
        config.getAsJsonArray("dilations").asList().stream().map(JsonElement::getAsInt).toList();
    Pamr refinement = new Pamr(config.get("iterations").getAsInt(), dilations);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray pixels = ClipCases.pixels(golden, ClipCases.CLIP, manager);
      GoldenTensor maps = golden.input("maps");
      int rows = (int) pixels.getShape().get(2);
      int columns = (int) pixels.getShape().get(3);
      float[] refined =
          refinement.refine(
              pixels.toFloatArray(),
              rows,
              columns,
              maps.floats(),
              (int) maps.shape()[2],
              (int) maps.shape()[3]);
      golden.check("refined", GoldenTensor.of(refined, 1, maps.shape()[1], rows, columns));
    }
  }

  private static void propagation(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    int steps = config.get("iterations").getAsInt();
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray pixels = ClipCases.pixels(golden, ClipCases.CLIP, manager);
      GoldenTensor logits = golden.input("logits");
      int grid = config.get("grid").getAsInt();
      golden.check("propagated", propagate(golden, pixels, logits, 1, grid, steps));
      golden.check("scaled", propagate(golden, pixels, logits, 30, grid, steps));
      golden.check("fine", propagate(golden, pixels, logits, 1, 200, steps));
    }
  }

  private static GoldenTensor propagate(
      GoldenCase golden, NDArray pixels, GoldenTensor logits, float factor, int grid, int steps) {
    int rows = (int) logits.shape()[1];
    int columns = (int) logits.shape()[2];
    int count = (int) logits.shape()[0];
    float[] scaled = logits.floats().clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= factor;
    }
    GoldenTensor text = golden.input("text");
    int depth = (int) text.shape()[1];
    float[][] words = new float[count][];
    for (int k = 0; k < count; k++) {
      words[k] = Arrays.copyOfRange(text.floats(), k * depth, (k + 1) * depth);
    }
    LaplacianPropagation.Coarse coarse =
        new LaplacianPropagation(grid, steps, false)
            .solve(
                pixels.toFloatArray(),
                rows,
                columns,
                () -> {
                  ScoreRows.Reader reader =
                      new ScoreRows.Stored(scaled, count, rows, columns).reader();
                  float[][] row = new float[count][columns];
                  return y -> {
                    reader.row(y, row);
                    return row;
                  };
                },
                words);
    float[] whole =
        new ScoreRows.Stored(coarse.values(), count, coarse.height(), coarse.width())
            .resized(rows, columns)
            .all();
    return GoldenTensor.of(whole, count, rows, columns);
  }
}
