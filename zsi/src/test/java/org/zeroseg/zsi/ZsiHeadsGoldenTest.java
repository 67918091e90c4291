package org.zeroseg.zsi;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Weights;

class ZsiHeadsGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "zsi",
        Map.of(
            "barpn_forward", ZsiHeadsGoldenTest::propose,
            "barpn_proposals", ZsiHeadsGoldenTest::proposals,
            "barpn_loss", ZsiHeadsGoldenTest::proposalLoss,
            "roi_extract", ZsiHeadsGoldenTest::boxFeatures,
            "bbox_head_forward", ZsiHeadsGoldenTest::boxHead,
            "bbox_head_loss", ZsiHeadsGoldenTest::boxLoss,
            "bbox_head_dets", ZsiHeadsGoldenTest::detections,
            "mask_head_forward", ZsiHeadsGoldenTest::maskHead,
            "mask_head_loss", ZsiHeadsGoldenTest::maskLoss));
  }

  /** The weights of one part under their full names; they ask for gradients. */
  private static Map<String, NDArray> weights(
      GoldenCase golden, Map<String, Shape> shapes, NDManager manager) {
    PortableWeights portable =
        new PortableWeights(
            shapes, golden.salt(), golden.config().get("prefix").getAsString(), Map.of());
    Weights loaded = Weights.load(portable, shapes, manager);
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    shapes.keySet().forEach(name -> arrays.put(name, loaded.get(name)));
    return arrays;
  }

  private static Map<String, Shape> proposalShapes(JsonObject config) {
    return ZsiConfig.proposalShapes(
        "",
        config.get("in_channels").getAsInt(),
        config.get("feat_channels").getAsInt(),
        config.get("semantic_dims").getAsInt());
  }

  private static NDList levels(GoldenCase golden, NDManager manager) {
    NDList levels = new NDList();
    for (int i = 0; golden.inputs().has("feat_" + i); i++) {
      levels.add(ZsiCases.input(golden, "feat_" + i, manager));
    }
    return levels;
  }

  private static void propose(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager()) {
      Weights weights =
          Weights.of(weights(golden, proposalShapes(golden.config()), manager), "golden");
      ProposalNetwork plain = ProposalNetwork.of(weights, Mode.INFERENCE);
      ProposalNetwork folded = plain.folded(manager);
      NDList levels = levels(golden, manager);
      for (ProposalNetwork network : List.of(plain, folded)) {
        for (int i = 0; i < levels.size(); i++) {
          ProposalNetwork.Answer answer = network.forward(levels.get(i));
          golden.check("cls_" + i, answer.scores());
          golden.check("reg_" + i, answer.deltas());
        }
      }
      float[] background = plain.backgroundVector();
      golden.check("v_b", GoldenTensor.of(background, background.length));
    }
  }

  private static void proposals(GoldenCase golden) {
    JsonObject config = golden.config();
    Proposals.Rules rules =
        new Proposals.Rules(
            config.get("nms_pre").getAsInt(),
            config.get("nms_post").getAsInt(),
            config.get("max_num").getAsInt(),
            config.get("nms_thr").getAsDouble());
    JsonArray pictures = config.getAsJsonArray("img_shapes");
    for (int picture = 0; picture < pictures.size(); picture++) {
      List<Proposals.Level> levels = new ArrayList<>();
      List<float[]> anchors = new ArrayList<>();
      for (int i = 0; golden.inputs().has("cls_" + i); i++) {
        GoldenTensor scores = ZsiCases.input(golden, "cls_" + i);
        GoldenTensor deltas = ZsiCases.input(golden, "reg_" + i);
        levels.add(
            ProposalNetwork.Answer.level(
                scores.floats(), deltas.floats(), picture, pictures.size()));
        int rank = scores.shape().length;
        anchors.add(
            Anchors.PUBLISHED.grid(
                i, (int) scores.shape()[rank - 2], (int) scores.shape()[rank - 1]));
      }
      JsonArray size = pictures.get(picture).getAsJsonArray();
      Proposals found =
          Proposals.of(levels, anchors, size.get(1).getAsInt(), size.get(0).getAsInt(), rules);
      golden.check("proposals_" + picture, rows(found.boxes(), found.scores()));
    }
  }

  static GoldenTensor rows(float[] boxes, float[] scores) {
    float[] rows = new float[5 * scores.length];
    for (int i = 0; i < scores.length; i++) {
      System.arraycopy(boxes, 4 * i, rows, 5 * i, 4);
      rows[5 * i + 4] = scores[i];
    }
    return GoldenTensor.of(rows, scores.length, 5);
  }

  private static void proposalLoss(GoldenCase golden) {
    JsonObject config = golden.config();
    try (NDManager manager = NDManager.newBaseManager()) {
      Map<String, NDArray> arrays = weights(golden, proposalShapes(config), manager);
      arrays.values().forEach(array -> array.setRequiresGradient(true));
      ProposalNetwork network =
          ProposalNetwork.of(Weights.of(arrays, "golden"), Mode.DIFFERENTIABLE);
      NDList levels = levels(golden, manager);
      List<float[]> words = new ArrayList<>();
      List<float[]> boxes = new ArrayList<>();
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        List<ProposalNetwork.Answer> answers = levels.stream().map(network::forward).toList();
        ProposalTargets targets = proposalTargets(golden, levels);
        NDArray total = manager.create(0f);
        for (int i = 0; i < answers.size(); i++) {
          ProposalNetwork.Losses losses =
              ProposalNetwork.losses(
                  answers.get(i), targets.labels(i), targets.deltas(i), targets.samples());
          total = total.add(losses.classes()).add(losses.boxes());
          words.add(losses.classes().toFloatArray());
          boxes.add(losses.boxes().toFloatArray());
        }
        collector.backward(total);
      }
      golden.check("loss_rpn_cls", vector(words));
      golden.check("loss_rpn_bbox", vector(boxes));
      checkGradients(golden, arrays);
    }
  }

  private static ProposalTargets proposalTargets(GoldenCase golden, NDList levels) {
    JsonObject config = golden.config();
    int[][] sizes =
        levels.stream()
            .map(NDArray::getShape)
            .map(shape -> new int[] {(int) shape.get(2), (int) shape.get(3)})
            .toArray(int[][]::new);
    AnchorTargets.Rules rules =
        new AnchorTargets.Rules(
            Matching.PROPOSALS, Sampling.ALL, config.get("allowed_border").getAsInt());
    List<AnchorTargets> pictures = new ArrayList<>();
    int[] counts = {};
    for (int i = 0; golden.inputs().has("gt_" + i); i++) {
      JsonArray size = config.getAsJsonArray("img_shapes").get(i).getAsJsonArray();
      JsonArray padded = config.getAsJsonArray("pad_shapes").get(i).getAsJsonArray();
      Pyramid.Grids grids =
          Pyramid.Grids.of(
              Anchors.PUBLISHED, sizes, padded.get(0).getAsInt(), padded.get(1).getAsInt());
      counts = grids.counts();
      pictures.add(
          AnchorTargets.of(
              grids.anchors(),
              grids.valid(),
              ZsiCases.input(golden, "gt_" + i).floats(),
              size.get(1).getAsInt(),
              size.get(0).getAsInt(),
              rules,
              new SplittableRandom(1)));
    }
    return new ProposalTargets(pictures, counts);
  }

  private static GoldenTensor vector(List<float[]> numbers) {
    double[] values = numbers.stream().mapToDouble(number -> number[0]).toArray();
    return GoldenTensor.of(values, values.length);
  }

  private static void checkGradients(GoldenCase golden, Map<String, NDArray> arrays) {
    String prefix = "grad:" + golden.config().get("prefix").getAsString();
    for (String output : golden.outputs().keySet()) {
      if (output.startsWith(prefix)) {
        ZsiCases.checkGradient(golden, output, arrays.get(output.substring(prefix.length())));
      }
    }
  }

  private static void boxFeatures(GoldenCase golden) {
    BoxFeatures features =
        new BoxFeatures(golden.config().get("out_size").getAsInt(), BoxFeatures.BOXES.strides());
    float[] rows = ZsiCases.input(golden, "rois").floats();
    int count = rows.length / 5;
    float[] boxes = new float[4 * count];
    int[] pictures = new int[count];
    for (int i = 0; i < count; i++) {
      pictures[i] = (int) rows[5 * i];
      System.arraycopy(rows, 5 * i + 1, boxes, 4 * i, 4);
    }
    int[] levels = IntStream.range(0, count).map(i -> features.level(boxes, i)).toArray();
    golden.check("levels", GoldenTensor.of(levels, count));
    try (NDManager manager = NDManager.newBaseManager()) {
      for (Mode mode : new Mode[] {Mode.INFERENCE, Mode.DIFFERENTIABLE}) {
        ZsiCases.check(
            golden, "roi_feats", features.pool(levels(golden, manager), boxes, pictures, mode));
      }
    }
  }

  private static Map<String, Shape> boxShapes(JsonObject config) {
    return ZsiConfig.boxShapes(
        "",
        config.get("in_channels").getAsInt(),
        config.get("fc_out_channels").getAsInt(),
        300,
        config.get("num_classes").getAsInt(),
        config.get("vocabulary_size").getAsInt());
  }

  static NDArray vocabulary(GoldenCase golden, NDManager manager) {
    Shape shape = new Shape(300, golden.config().get("vocabulary_size").getAsInt());
    return manager.create(PortableWeights.values(golden.salt(), "vocabulary_w2v", shape), shape);
  }

  /** The classes of a case, named by their columns. */
  static ClassVectors classes(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    float[][] columns = ClassVectors.columns(golden.file(config.get("word_vectors").getAsString()));
    int seen = config.get("num_classes").getAsInt() - 1;
    List<String> names = IntStream.range(1, columns.length).mapToObj(i -> "class " + i).toList();
    return ClassVectors.of(names.subList(0, seen), names.subList(seen, names.size()), columns);
  }

  /** Rows as the columns of an array {@code [D, rows]}. */
  static NDArray columns(NDManager manager, float[]... rows) {
    Matrix turned = Matrix.rows(rows).transposed();
    return manager.create(turned.floats(), new Shape(turned.rows(), turned.columns()));
  }

  private static void boxHead(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      Weights weights = Weights.of(weights(golden, boxShapes(golden.config()), manager), "golden");
      BoxHead head = BoxHead.of(weights, vocabulary(golden, manager), Mode.INFERENCE);
      float[][] words = classes(golden).seenRows(ZsiCases.input(golden, "v_b").floats());
      NDArray pooled = ZsiCases.input(golden, "roi_feats", manager);
      BoxHead.Answer answer = head.forward(pooled, columns(manager, words));
      golden.check("logits", answer.logits());
      golden.check("deltas", answer.deltas());
      golden.check("x_semantic", answer.features());
      golden.check("d_feature", head.reconstruction(answer));
      Matrix turned = Matrix.rows(words).transposed();
      int classes = words.length;
      for (boolean semantic : new boolean[] {false, true}) {
        BoxHead folded = head.folded(turned, semantic, manager);
        NDList parts = folded.classified(pooled).split(new long[] {classes, 5L * classes}, 1);
        golden.check("logits", parts.get(0));
        golden.check("deltas", parts.get(1));
      }
    }
  }

  private static void boxLoss(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      Map<String, NDArray> arrays = weights(golden, boxShapes(golden.config()), manager);
      arrays.values().forEach(array -> array.setRequiresGradient(true));
      BoxHead head =
          BoxHead.of(
              Weights.of(arrays, "golden"), vocabulary(golden, manager), Mode.DIFFERENTIABLE);
      float[][] words = classes(golden).seenRows(ZsiCases.input(golden, "v_b").floats());
      long[] labels = ZsiCases.input(golden, "labels").longs();
      float[] counted = ZsiCases.input(golden, "label_weights").floats();
      Arrays.setAll(labels, i -> counted[i] > 0 ? labels[i] : Matching.IGNORED);
      BoxHead.Losses losses;
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray pooled = ZsiCases.input(golden, "roi_feats", manager);
        BoxHead.Answer answer = head.forward(pooled, columns(manager, words));
        losses =
            head.losses(
                answer,
                labels,
                ZsiCases.input(golden, "bbox_targets").floats(),
                ZsiCases.input(golden, "bbox_weights").floats(),
                true);
        collector.backward(
            losses.classes().add(losses.boxes()).add(losses.reconstruction().mul(0.5f)));
      }
      golden.check("loss_semantic", losses.classes());
      golden.check("loss_bbox", losses.boxes());
      golden.check("bbox_loss_ed", losses.reconstruction().mul(0.5f));
      golden.check("acc", losses.accuracy());
      checkGradients(golden, arrays);
    }
  }

  private static void detections(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    ClassVectors classes = classes(golden);
    float[] background = ZsiCases.input(golden, "v_b").floats();
    Detector detector =
        Detector.of(
            classes,
            background,
            Detector.Options.published(
                new Detections.Rules(
                    config.get("score_thr").getAsDouble(),
                    config.get("iou_thr").getAsDouble(),
                    config.get("max_per_img").getAsInt())));
    JsonArray size = config.getAsJsonArray("img_shape");
    float[] rois = ZsiCases.input(golden, "rois").floats();
    float[] boxes = new float[rois.length / 5 * 4];
    for (int i = 0; i < boxes.length / 4; i++) {
      System.arraycopy(rois, 5 * i + 1, boxes, 4 * i, 4);
    }
    Detector.Boxes answer =
        detector.boxes(
            boxes,
            ZsiCases.input(golden, "logits").floats(),
            ZsiCases.input(golden, "deltas").floats(),
            new float[0],
            size.get(1).getAsInt(),
            size.get(0).getAsInt(),
            config.get("scale_factor").getAsFloat());
    int rows = boxes.length / 4;
    String mode = config.get("mode").getAsString();
    float[] seen = detector.seen().scores(answer);
    float[] unseen = detector.unseen().scores(answer);
    String seenName = mode.equals("gzsi") ? "seen_scores" : "scores";
    if (!mode.equals("zsi")) {
      golden.check(seenName, GoldenTensor.of(seen, rows, seen.length / rows));
    }
    if (!mode.equals("seen")) {
      golden.check(
          mode.equals("gzsi") ? "unseen_scores" : "scores",
          GoldenTensor.of(unseen, rows, unseen.length / rows));
    }
    if (mode.equals("seen")) {
      golden.check(
          "boxes", GoldenTensor.of(answer.decoded(), rows, answer.decoded().length / rows));
    }
    Detections found =
        switch (mode) {
          case "seen" -> detector.seen().select(answer);
          case "zsi" -> detector.unseen().select(answer);
          default ->
              detector
                  .seen()
                  .select(answer)
                  .followedBy(detector.unseen().select(answer), classes.seen().size());
        };
    golden.check("det_bboxes", ZsiBoxesGoldenTest.rows(found));
    golden.check("det_labels", ZsiBoxesGoldenTest.labels(found));
  }

  private static Map<String, Shape> maskShapes(JsonObject config) {
    return ZsiConfig.maskShapes(
        "",
        config.get("in_channels").getAsInt(),
        config.get("conv_out_channels").getAsInt(),
        300,
        config.get("num_classes").getAsInt());
  }

  private static void maskHead(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    try (NDManager manager = NDManager.newBaseManager()) {
      MaskHead head =
          MaskHead.of(
              Weights.of(weights(golden, maskShapes(config), manager), "golden"), Mode.INFERENCE);
      ClassVectors classes = classes(golden);
      float[] background =
          config.get("sync_bg").getAsBoolean()
              ? ZsiCases.input(golden, "v_b").floats()
              : classes.background();
      float[][] seen = classes.seenRows(background);
      Matrix unseen = MaskWords.unseen(seen, MaskWords.unseenRows(classes, background));
      NDArray pooled = ZsiCases.input(golden, "mask_feats", manager);
      NDArray features = head.features(pooled);
      NDArray semantic = head.semantic(features);
      for (String output : golden.outputs().keySet()) {
        switch (output) {
          case "conv4_x" -> ZsiCases.check(golden, output, features);
          case "d_x" -> ZsiCases.check(golden, output, head.reconstruction(semantic));
          default -> {
            Matrix words = output.endsWith("unseen") ? unseen : Matrix.rows(seen);
            NDArray columns = columns(manager, rows(words));
            ZsiCases.check(golden, output, head.maps(semantic, columns));
            ZsiCases.check(golden, output, ownMaps(head, pooled, words));
          }
        }
      }
    }
  }

  private static float[][] rows(Matrix matrix) {
    return IntStream.range(0, matrix.rows()).mapToObj(matrix::row).toArray(float[][]::new);
  }

  /** All maps, each by way of the filters of its own class. */
  private static GoldenTensor ownMaps(MaskHead head, NDArray pooled, Matrix words) {
    MaskHead.Filters filters = head.filters(words);
    int boxes = (int) pooled.getShape().get(0);
    float[] maps = new float[boxes * words.rows() * 28 * 28];
    for (int c = 0; c < words.rows(); c++) {
      int[] same = new int[boxes];
      Arrays.fill(same, c);
      float[] own = head.own(pooled, filters, same).toFloatArray();
      for (int i = 0; i < boxes; i++) {
        System.arraycopy(own, i * 784, maps, (i * words.rows() + c) * 784, 784);
      }
    }
    return GoldenTensor.of(maps, boxes, words.rows(), 28, 28);
  }

  private static void maskLoss(GoldenCase golden) throws IOException {
    try (NDManager manager = NDManager.newBaseManager()) {
      Map<String, NDArray> arrays = weights(golden, maskShapes(golden.config()), manager);
      arrays.values().forEach(array -> array.setRequiresGradient(true));
      MaskHead head = MaskHead.of(Weights.of(arrays, "golden"), Mode.DIFFERENTIABLE);
      ClassVectors classes = classes(golden);
      float[] background =
          golden.config().get("sync_bg").getAsBoolean()
              ? ZsiCases.input(golden, "v_b").floats()
              : classes.background();
      float[][] seen = classes.seenRows(background);
      float[][] own =
          Arrays.stream(ZsiCases.input(golden, "labels").ints())
              .mapToObj(label -> seen[label])
              .toArray(float[][]::new);
      MaskHead.Losses losses;
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        losses =
            head.losses(
                ZsiCases.input(golden, "mask_feats", manager),
                manager.create(own),
                ZsiCases.input(golden, "targets", manager).toType(DataType.FLOAT32, false),
                true);
        collector.backward(losses.masks().add(losses.reconstruction().mul(0.5f)));
      }
      golden.check("loss_mask", losses.masks());
      golden.check("loss_ed", losses.reconstruction().mul(0.5f));
      checkGradients(golden, arrays);
    }
  }
}
