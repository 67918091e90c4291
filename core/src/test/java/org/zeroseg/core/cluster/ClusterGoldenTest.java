package org.zeroseg.core.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.refine.Compatibility;
import org.zeroseg.core.refine.DenseCrf;

class ClusterGoldenTest {

  @TestFactory
  Stream<DynamicTest> refine() {
    return Golden.tests(
        "refine",
        Map.of(
            "kmeans", this::seededKMeans,
            "ward_tree", this::wardTree,
            "ward_tree_connectivity", this::connectedWardTree,
            "zg_hierarchical_cut", this::hierarchicalCut,
            "zg_segment_candidates", this::segmentCandidates));
  }

  @TestFactory
  Stream<DynamicTest> selfmask() {
    return Golden.tests("selfmask", Map.of("kmeans", this::kMeansFromCentres));
  }

  @TestFactory
  Stream<DynamicTest> namedmask() {
    return Golden.tests("namedmask", Map.of("kmeans_groups", this::kMeansGroups));
  }

  private void kMeansGroups(GoldenCase golden) {
    GoldenTensor points = golden.input("embeddings");
    int dimension = (int) points.shape()[1];
    JsonObject config = golden.config();
    int clusters = config.get("k").getAsInt();
    KMeans.Clusters found =
        new KMeans(clusters, 1, config.get("max_iter").getAsInt(), config.get("tol").getAsDouble())
            .fitFrom(points.values(), dimension, golden.input("initial_centres").values());
    golden.check("labels", GoldenTensor.of(found.labels(), found.labels().length));
    golden.check("centres", GoldenTensor.of(found.centres(), clusters, dimension));
    JsonObject expected = golden.json().getAsJsonObject("expected");
    assertEquals(
        expected.get("inertia").getAsDouble(),
        found.inertia(),
        expected.get("tolerance").getAsDouble());
  }

  private void seededKMeans(GoldenCase golden) {
    GoldenTensor points = golden.input("x");
    int dimension = (int) points.shape()[1];
    int clusters = golden.config().get("clusters").getAsInt();
    double[] start;
    if (golden.inputs().has("initial_centers")) {
      start = golden.input("initial_centers").values();
    } else {
      double[] draws = golden.input("uniform_draws").values();
      int[] next = {0};
      DoubleSupplier recorded = () -> draws[next[0]++];
      int first = golden.input("first_index").ints()[0];
      int[] seeds = KMeans.seeds(points.values(), dimension, clusters, first, recorded);
      assertEquals(draws.length, next[0]);
      golden.check("initial_index", GoldenTensor.of(seeds, clusters));
      start = new double[clusters * dimension];
      for (int c = 0; c < clusters; c++) {
        System.arraycopy(points.values(), seeds[c] * dimension, start, c * dimension, dimension);
      }
      golden.check("initial_centers", GoldenTensor.of(start, clusters, dimension));
      KMeans.Clusters once =
          new KMeans(clusters, 1, 1, 0).fitFrom(points.values(), dimension, start);
      golden.check("centers_after_one", GoldenTensor.of(once.centres(), clusters, dimension));
    }
    KMeans.Clusters found = KMeans.of(clusters).fitFrom(points.values(), dimension, start);
    golden.check("centers", GoldenTensor.of(found.centres(), clusters, dimension));
    golden.check("labels", GoldenTensor.of(found.labels(), found.labels().length));
    golden.check("inertia", GoldenTensor.of(new double[] {found.inertia()}, 1));
  }

  private void kMeansFromCentres(GoldenCase golden) {
    GoldenTensor points = golden.input("points");
    int dimension = (int) points.shape()[1];
    JsonObject config = golden.config();
    KMeans.Clusters found =
        new KMeans(
                config.get("k").getAsInt(),
                1,
                config.get("max_iter").getAsInt(),
                config.get("tol").getAsDouble())
            .fitFrom(points.values(), dimension, golden.input("init").values());
    golden.check("labels", GoldenTensor.of(found.labels(), found.labels().length));
    golden.check(
        "centers", GoldenTensor.of(found.centres(), config.get("k").getAsInt(), dimension));
    golden.check("inertia", GoldenTensor.of(new double[] {found.inertia()}, 1));
    golden.check("iterations", GoldenTensor.of(new int[] {found.iterations()}, 1));
  }

  private static int[] children(MergeTree tree) {
    return IntStream.rangeClosed(tree.leaves(), tree.root())
        .flatMap(node -> IntStream.of(tree.left(node), tree.right(node)))
        .toArray();
  }

  private static double[] heights(MergeTree tree) {
    return IntStream.rangeClosed(tree.leaves(), tree.root()).mapToDouble(tree::height).toArray();
  }

  private void wardTree(GoldenCase golden) {
    GoldenTensor features = golden.input("features");
    MergeTree tree = Ward.tree(features.floats(), (int) features.shape()[1]);
    double[] heights = heights(tree);
    int merges = heights.length;
    if (golden.config().get("exact_ties").getAsBoolean()) {
      int zeros = (int) Arrays.stream(heights).filter(height -> height == 0).count();
      double inertia = Arrays.stream(heights).map(height -> height * height / 2).sum();
      golden.check("zero_height_merges", GoldenTensor.of(new int[] {zeros}, 1));
      golden.check("total_inertia", GoldenTensor.of(new double[] {inertia}, 1));
      return;
    }
    golden.check("children", GoldenTensor.of(children(tree), merges, 2));
    golden.check("height", GoldenTensor.of(heights, merges));
    if (golden.outputs().has("size")) {
      int[] sizes = IntStream.rangeClosed(tree.leaves(), tree.root()).map(tree::size).toArray();
      golden.check("size", GoldenTensor.of(sizes, merges));
    }
    for (String name : golden.outputs().keySet()) {
      if (name.startsWith("labels_")) {
        int clusters = Integer.parseInt(name.substring("labels_".length()));
        assertArrayEquals(
            byFirstAppearance(golden.output(name).ints()), tree.labels(clusters), name);
      }
    }
  }

  private static int[] byFirstAppearance(int[] labels) {
    int[] distinct = Arrays.stream(labels).distinct().toArray();
    return Arrays.stream(labels)
        .map(label -> IntStream.range(0, distinct.length).filter(i -> distinct[i] == label).sum())
        .toArray();
  }

  private void connectedWardTree(GoldenCase golden) {
    GoldenTensor features = golden.input("features");
    JsonArray grid = golden.config().getAsJsonArray("grid");
    MergeTree tree =
        Ward.tree(
            features.floats(),
            (int) features.shape()[1],
            Neighbours.grid(grid.get(0).getAsInt(), grid.get(1).getAsInt()));
    golden.check("children", GoldenTensor.of(children(tree), tree.leaves() - 1, 2));
    golden.check("height", GoldenTensor.of(heights(tree), tree.leaves() - 1));
  }

  private static void checkNodes(GoldenCase golden, MergeTree tree, SiblingCut cut) {
    int[] nodes = cut.nodes();
    int points = tree.leaves();
    byte[] masks = new byte[nodes.length * points];
    for (int i = 0; i < nodes.length; i++) {
      for (int member : tree.members(nodes[i])) {
        masks[i * points + member] = 1;
      }
    }
    golden.check("node_masks", GoldenTensor.of(masks, nodes.length, points));
  }

  private void hierarchicalCut(GoldenCase golden) {
    GoldenTensor features = golden.input("features");
    int dimension = (int) features.shape()[1];
    MergeTree tree = Ward.tree(features.floats(), dimension);
    golden.check("children", GoldenTensor.of(children(tree), tree.leaves() - 1, 2));
    int clusters = golden.config().get("clusters").getAsInt();
    checkNodes(golden, tree, SiblingCut.of(tree, features.floats(), dimension, clusters));
  }

  private void segmentCandidates(GoldenCase golden) {
    GoldenTensor descriptors = golden.input("descriptors");
    int dimension = (int) descriptors.shape()[1];
    JsonObject config = golden.config();
    float[] unit = Vectors.unit(descriptors.floats(), dimension);
    MergeTree tree = Ward.tree(unit, dimension);
    SiblingCut cut = SiblingCut.of(tree, unit, dimension, config.get("num_parts").getAsInt());
    checkNodes(golden, tree, cut);
    golden.check("sibling_cosine", GoldenTensor.of(cut.cosines(), cut.cosines().length));
    JsonObject crf = config.getAsJsonObject("crf");
    JsonObject gauss = crf.getAsJsonObject("gauss");
    JsonObject bilateral = crf.getAsJsonObject("bilateral");
    GoldenTensor image = golden.input("image");
    int height = (int) image.shape()[0];
    int width = (int) image.shape()[1];
    DenseCrf field =
        DenseCrf.builder(width, height)
            .gaussian(
                gauss.get("sxy").getAsFloat(),
                Compatibility.potts(gauss.get("compat").getAsFloat()))
            .bilateral(
                image.bytes(),
                bilateral.get("sxy").getAsFloat(),
                bilateral.get("srgb").getAsFloat(),
                Compatibility.potts(bilateral.get("compat").getAsFloat()))
            .build();
    JsonArray thresholds = config.getAsJsonArray("thresholds");
    for (int t = 0; t < thresholds.size(); t++) {
      SiblingCut.Segments segments =
          cut.segments(thresholds.get(t).getAsDouble(), config.get("splits_examined").getAsInt());
      int labels = segments.treeIds().length;
      assertEquals(config.getAsJsonArray("segments_per_threshold").get(t).getAsInt(), labels);
      String tag = String.format("%02d", Math.round(100 * thresholds.get(t).getAsDouble()));
      golden.check("tree_ids_" + tag, GoldenTensor.of(segments.treeIds(), labels));
      if (golden.outputs().has("centroids_" + tag)) {
        golden.check("centroids_" + tag, GoldenTensor.of(segments.centroids(), labels, dimension));
      }
      if (golden.outputs().has("labels_after_crf_" + tag)) {
        float[] unary =
            enlarge(cut.energies(segments), labels, config.getAsJsonArray("grid"), height, width);
        int[] refined =
            DenseCrf.labels(field.infer(unary, labels, crf.get("iterations").getAsInt()), labels);
        golden.check("labels_after_crf_" + tag, GoldenTensor.of(refined, height, width));
      }
    }
  }

  /** Nearest neighbour: source index {@code floor(i * in / out)}. */
  private static float[] enlarge(float[] maps, int labels, JsonArray grid, int height, int width) {
    int rows = grid.get(0).getAsInt();
    int columns = grid.get(1).getAsInt();
    float[] large = new float[labels * height * width];
    for (int i = 0; i < large.length; i++) {
      int label = i / (height * width);
      int y = i / width % height * rows / height;
      int x = i % width * columns / width;
      large[i] = maps[(label * rows + y) * columns + x];
    }
    return large;
  }
}
