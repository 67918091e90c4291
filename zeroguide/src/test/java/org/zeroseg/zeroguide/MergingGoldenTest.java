package org.zeroseg.zeroguide;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.cluster.MergeTree;
import org.zeroseg.core.cluster.SiblingCut;
import org.zeroseg.core.cluster.Vectors;
import org.zeroseg.core.cluster.Ward;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.image.Picture;
import org.zeroseg.dino.Dino;
import org.zeroseg.zeroguide.caption.Caption;
import org.zeroseg.zeroguide.caption.CaptionCases;
import org.zeroseg.zeroguide.caption.ZeroCap;

class MergingGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "zeroguide",
        Map.of(
            "cluster-tree", this::clusterTree,
            "merge", this::merge,
            "label-and-merge", this::labelAndMerge));
  }

  private void clusterTree(GoldenCase golden) {
    GoldenTensor features = golden.input("features");
    int dimension = (int) features.shape()[1];
    JsonObject config = golden.config();
    float[] unit = Vectors.unit(features.floats(), dimension);
    MergeTree tree = Ward.tree(unit, dimension);
    int clusters = config.get("num_parts").getAsInt();
    SiblingCut cut = SiblingCut.of(tree, unit, dimension, clusters);
    golden.check("sibling_similarity", GoldenTensor.of(cut.cosines(), cut.cosines().length));
    int[] nodes = cut.nodes();
    byte[] parts = new byte[nodes.length * tree.leaves()];
    for (int i = 0; i < nodes.length; i++) {
      for (int member : tree.members(nodes[i])) {
        parts[i * tree.leaves() + member] = 1;
      }
    }
    golden.check("parts", GoldenTensor.of(parts, nodes.length, tree.leaves()));
    int[] children =
        IntStream.rangeClosed(tree.root() - clusters + 2, tree.root())
            .flatMap(node -> IntStream.of(tree.left(node), tree.right(node)))
            .toArray();
    golden.check("last_children", GoldenTensor.of(children, clusters - 1, 2));
    int[] grid = ints(config.getAsJsonArray("grid"));
    int[] size = ints(config.getAsJsonArray("load_size"));
    for (JsonElement threshold : config.getAsJsonArray("thresholds")) {
      String tag = "_" + threshold.getAsString();
      SiblingCut.Segments segments =
          cut.segments(threshold.getAsDouble(), config.get("splits_considered").getAsInt());
      int count = segments.treeIds().length;
      golden.check("tree" + tag, GoldenTensor.of(segments.treeIds(), count));
      golden.check("centroids" + tag, GoldenTensor.of(segments.centroids(), count, dimension));
      float[] unary =
          Oversegmentation.enlarge(cut.energies(segments), grid[0], grid[1], size[0], size[1]);
      if (golden.outputs().has("unary" + tag)) {
        golden.check(
            "unary" + tag, GoldenTensor.of(unary, count, size[0], size[1]).slice("[:, ::4, ::4]"));
      }
      golden.check(
          "labels_without_crf" + tag,
          GoldenTensor.of(Oversegmentation.lowest(unary, count), size[0], size[1]));
    }
  }

  private static int[] ints(JsonArray array) {
    return array.asList().stream().mapToInt(JsonElement::getAsInt).toArray();
  }

  /** Recorded embeddings, captions and features in place of the networks. */
  private void merge(GoldenCase golden) {
    JsonObject config = golden.config();
    boolean bySight = config.get("merge_choice").getAsString().equals("image");
    SegmentMerging merging =
        new SegmentMerging(
            config.get("merge_threshold").getAsDouble(),
            bySight ? 1 : config.get("visual_weight").getAsDouble());
    Map<Long, List<String>> captions = new HashMap<>();
    for (JsonElement element : golden.json().getAsJsonArray("nodes")) {
      JsonObject node = element.getAsJsonObject();
      captions.put(
          node.get("node").getAsLong(),
          node.getAsJsonArray("captions").asList().stream().map(JsonElement::getAsString).toList());
    }
    long[] leafIds =
        config.getAsJsonArray("tree_leaf_ids").asList().stream()
            .mapToLong(JsonElement::getAsLong)
            .toArray();
    SegmentMerging.Result result =
        merging.merge(
            leafIds,
            (ids, leaves) ->
                IntStream.range(0, ids.size())
                    .mapToObj(
                        i -> node(golden, ids.get(i), leaves.get(i), captions.get(ids.get(i))))
                    .toList());
    checkSegments(golden, result.segments());
    checkPairs(golden, result);
    // A parent is described only if it is made; the reference describes it to compare.
    assertTrue(
        result.nodes().size()
            <= golden
                .json()
                .getAsJsonObject("expected")
                .getAsJsonArray("nodes_embedded_by_reference")
                .size());
  }

  /** Everything behind the candidates, with real networks. */
  private void labelAndMerge(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    JsonObject sizes = config.getAsJsonObject("clip");
    GoldenTensor labels = golden.input("labels");
    long[] treeIds =
        config.getAsJsonArray("tree_leaf_ids").asList().stream()
            .mapToLong(JsonElement::getAsLong)
            .toArray();
    Oversegmentation.Candidates candidates =
        new Oversegmentation.Candidates(
            (int) labels.shape()[1], (int) labels.shape()[0], labels.ints(), treeIds);
    int masked =
        sizes.get("vision_layers").getAsInt()
            - sizes.get("masked_from_layer_zero_based").getAsInt();
    try (Clip clip = CaptionCases.clip(sizes, golden.salt());
        ZeroCap namer = CaptionCases.namer(golden, clip);
        Dino dino = TinyModels.dino();
        ZeroGuide guide =
            ZeroGuide.reference()
                .dino(dino)
                .clip(clip)
                .encoder(
                    new SegmentEncoder.Settings(
                        masked, config.get("two_sigma_squared").getAsDouble(), Saliency.ROWS))
                .merging(
                    config.get("merge_threshold").getAsDouble(),
                    config.get("visual_weight").getAsDouble())
                .build()) {
      Picture picture = Picture.readAsStored(golden.file("image.png")).rgb();
      SegmentMerging.Result result = guide.merge(picture, candidates, Optional.of(namer));
      for (SegmentMerging.Node node : result.nodes()) {
        String key = Arrays.stream(node.leaves()).mapToObj(Integer::toString).collect(joining(","));
        golden.check(
            "node_embedding_" + key, GoldenTensor.of(node.embedding(), node.embedding().length));
      }
      double[] recorded = golden.output("pair_similarity").values();
      assertEquals(
          recorded.length, result.comparisons().size(), () -> result.comparisons().toString());
      double[] found =
          Arrays.stream(recorded).map(value -> nearest(value, result.comparisons())).toArray();
      golden.check("pair_similarity", GoldenTensor.of(found, found.length));
      checkSegments(golden, result.segments());
    }
  }

  /** The reference compared in another order. */
  private static double nearest(double value, List<SegmentMerging.Comparison> comparisons) {
    return comparisons.stream()
        .map(SegmentMerging.Comparison::similarity)
        .min(Comparator.comparingDouble(similarity -> Math.abs(similarity - value)))
        .orElseThrow();
  }

  private static SegmentMerging.Node node(
      GoldenCase golden, long id, int[] leaves, List<String> captions) {
    float[] embedding = golden.input("embedding_" + id).floats();
    float[] features = golden.input("caption_features_" + id).floats();
    int width = embedding.length;
    Map<String, float[]> texts = new HashMap<>();
    for (int i = 0; i < captions.size(); i++) {
      texts.put(captions.get(i), Arrays.copyOfRange(features, i * width, (i + 1) * width));
    }
    List<Caption> named = captions.stream().map(text -> new Caption(text, 0)).toList();
    List<SegmentLabel> labels =
        new Naming(false, PromptTemplates.of("Image of a {}.")).labels(embedding, named, texts);
    return new SegmentMerging.Node(id, leaves, embedding, new double[0], labels);
  }

  private static void checkPairs(GoldenCase golden, SegmentMerging.Result result) {
    Map<Long, Double> found =
        result.comparisons().stream()
            .collect(
                Collectors.toMap(
                    SegmentMerging.Comparison::parent, SegmentMerging.Comparison::similarity));
    boolean bySight = golden.config().get("merge_choice").getAsString().equals("image");
    for (JsonElement element : golden.json().getAsJsonArray("pairs")) {
      JsonObject pair = element.getAsJsonObject();
      Double similarity = found.get(pair.get("parent").getAsLong());
      if (similarity != null) {
        assertEquals(
            pair.get(bySight ? "visual" : "mixed").getAsDouble(), similarity, 1e-5, pair::toString);
      }
    }
  }

  /** The recorded segments are in another order; they are matched by their leaves. */
  static void checkSegments(GoldenCase golden, List<SegmentMerging.Node> segments) {
    JsonObject expected = golden.json().getAsJsonObject("expected");
    JsonArray recorded = expected.getAsJsonArray("segments");
    assertEquals(recorded.size(), segments.size());
    List<SegmentMerging.Node> ordered = new ArrayList<>();
    for (JsonElement leaves : recorded) {
      int[] wanted = ints(leaves.getAsJsonArray());
      ordered.add(
          segments.stream()
              .filter(node -> Arrays.equals(node.leaves(), wanted))
              .findFirst()
              .orElseThrow(() -> new AssertionError("no segment of the leaves " + leaves)));
    }
    assertEquals(
        expected.getAsJsonArray("captions").asList().stream()
            .map(JsonElement::getAsString)
            .toList(),
        ordered.stream().map(node -> node.labels().get(0).text()).toList());
    golden.check(
        "embeddings", joined(ordered.stream().map(SegmentMerging.Node::embedding).toList()));
    golden.check(
        "text_features",
        joined(ordered.stream().map(node -> node.labels().get(0).textEmbedding()).toList()));
    golden.check(
        "confidence",
        GoldenTensor.of(
            ordered.stream().mapToDouble(node -> node.labels().get(0).confidence()).toArray(),
            ordered.size()));
    GoldenTensor labels = golden.input("labels");
    int[] owner = new int[(int) Arrays.stream(labels.values()).max().orElseThrow() + 1];
    for (int i = 0; i < ordered.size(); i++) {
      for (int leaf : ordered.get(i).leaves()) {
        owner[leaf] = i;
      }
    }
    int[] map = Arrays.stream(labels.ints()).map(leaf -> owner[leaf]).toArray();
    golden.check("labels", GoldenTensor.of(map, labels.shape()));
  }

  private static GoldenTensor joined(List<float[]> rows) {
    int width = rows.get(0).length;
    float[] flat = new float[rows.size() * width];
    for (int i = 0; i < rows.size(); i++) {
      System.arraycopy(rows.get(i), 0, flat, i * width, width);
    }
    return GoldenTensor.of(flat, rows.size(), width);
  }
}
