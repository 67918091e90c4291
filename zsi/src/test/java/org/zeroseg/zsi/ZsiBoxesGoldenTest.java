package org.zeroseg.zsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Nms;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoGroundTruth;

class ZsiBoxesGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "zsi",
        Map.of(
            "anchors", ZsiBoxesGoldenTest::anchors,
            "delta2bbox", ZsiBoxesGoldenTest::decode,
            "bbox2delta", ZsiBoxesGoldenTest::encode,
            "bbox_overlaps", ZsiBoxesGoldenTest::overlaps,
            "max_iou_assign", ZsiBoxesGoldenTest::assign,
            "anchor_target", ZsiBoxesGoldenTest::anchorTargets,
            "nms", ZsiBoxesGoldenTest::nms,
            "multiclass_nms", ZsiBoxesGoldenTest::multiclassNms,
            "mask_target", ZsiBoxesGoldenTest::maskTargets,
            "mask_paste", ZsiBoxesGoldenTest::maskPaste));
  }

  @TestFactory
  Stream<DynamicTest> pictures() {
    return Golden.tests("zsi", Map.of("preprocess", ZsiBoxesGoldenTest::preprocess));
  }

  private static double[] doubles(JsonArray array) {
    return array.asList().stream().mapToDouble(value -> value.getAsDouble()).toArray();
  }

  private static int[] ints(JsonArray array) {
    return array.asList().stream().mapToInt(value -> value.getAsInt()).toArray();
  }

  private static void anchors(GoldenCase golden) {
    JsonObject config = golden.config();
    int[] strides = ints(config.getAsJsonArray("strides"));
    Anchors anchors =
        new Anchors(
            strides,
            config.getAsJsonArray("scales").get(0).getAsDouble(),
            doubles(config.getAsJsonArray("ratios")));
    int[] padded = ints(config.getAsJsonArray("pad_shape"));
    float[] base = new float[strides.length * 4 * anchors.shapes()];
    for (int level = 0; level < strides.length; level++) {
      int[] size = ints(config.getAsJsonArray("feature_sizes").get(level).getAsJsonArray());
      float[] first = anchors.base(level);
      System.arraycopy(first, 0, base, level * first.length, first.length);
      float[] grid = anchors.grid(level, size[0], size[1]);
      golden.check("anchors_" + level, GoldenTensor.of(grid, grid.length / 4, 4));
      boolean[] valid = anchors.valid(level, size[0], size[1], padded[0], padded[1]);
      golden.check("valid_" + level, GoldenTensor.of(valid, valid.length));
    }
    golden.check("base_anchors", GoldenTensor.of(base, strides.length, anchors.shapes(), 4));
  }

  private static Deltas deltas(JsonObject config) {
    double[] stds = doubles(config.getAsJsonArray("stds"));
    return new Deltas((float) stds[0], (float) stds[2]);
  }

  private static void decode(GoldenCase golden) {
    float[] boxes = ZsiCases.input(golden, "rois").floats();
    for (String name : golden.outputs().keySet()) {
      JsonObject config = golden.config().getAsJsonObject(name);
      int slots = config.has("classes") ? config.get("classes").getAsInt() : 1;
      String input = name.equals("per_class") ? "deltas_per_class" : "deltas";
      double[] size =
          config.has("max_shape")
              ? doubles(config.getAsJsonArray("max_shape"))
              : new double[] {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
      float[] decoded =
          deltas(config)
              .decode(boxes, ZsiCases.input(golden, input).floats(), slots, size[1], size[0]);
      golden.check(name, GoldenTensor.of(decoded, boxes.length / 4, 4L * slots));
    }
  }

  private static void encode(GoldenCase golden) {
    float[] boxes = ZsiCases.input(golden, "proposals").floats();
    float[] targets = ZsiCases.input(golden, "gt").floats();
    for (String name : golden.outputs().keySet()) {
      Deltas coding = deltas(golden.config().getAsJsonObject(name));
      float[] encoded = new float[boxes.length];
      for (int at = 0; at < boxes.length; at += 4) {
        coding.encode(boxes, at, targets, at, encoded, at);
      }
      golden.check(name, GoldenTensor.of(encoded, boxes.length / 4, 4));
    }
  }

  private static void overlaps(GoldenCase golden) {
    float[] a = ZsiCases.input(golden, "a").floats();
    float[] b = ZsiCases.input(golden, "b").floats();
    int rows = a.length / 4;
    int columns = b.length / 4;
    float[] iou = new float[rows * columns];
    float[] iof = new float[rows * columns];
    for (int i = 0; i < iou.length; i++) {
      iou[i] = Matching.iou(a, i / columns, b, i % columns);
      iof[i] = Matching.iof(a, i / columns, b, i % columns);
    }
    golden.check("iou", GoldenTensor.of(iou, rows, columns));
    golden.check("iof", GoldenTensor.of(iof, rows, columns));
  }

  private static Matching matching(JsonObject config, String ending) {
    return new Matching(
        config.get("pos" + ending).getAsFloat(),
        config.get("neg" + ending).getAsFloat(),
        config.get(ending.isEmpty() ? "min_pos" : "min_pos_iou").getAsFloat());
  }

  private static void assign(GoldenCase golden) {
    Matching.Matches matches =
        matching(golden.config(), "_iou_thr")
            .of(
                ZsiCases.input(golden, "boxes").floats(),
                ZsiCases.input(golden, "gt_boxes").floats());
    int[] labels = ZsiCases.input(golden, "gt_labels").ints();
    int n = matches.objects().length;
    golden.check("gt_inds", GoldenTensor.of(matches.objects(), n));
    golden.check("max_overlaps", GoldenTensor.of(matches.overlaps(), n));
    int[] named = Arrays.stream(matches.objects()).map(i -> i > 0 ? labels[i - 1] : 0).toArray();
    golden.check("labels", GoldenTensor.of(named, n));
  }

  private static void anchorTargets(GoldenCase golden) {
    JsonObject config = golden.config();
    int[] size = ints(config.getAsJsonArray("img_shape"));
    JsonArray sizes = config.getAsJsonArray("feature_sizes");
    int[][] grids =
        sizes.asList().stream().map(each -> ints(each.getAsJsonArray())).toArray(int[][]::new);
    Pyramid.Grids pyramid = Pyramid.Grids.of(Anchors.PUBLISHED, grids, size[0], size[1]);
    AnchorTargets targets =
        AnchorTargets.of(
            pyramid.anchors(),
            pyramid.valid(),
            ZsiCases.input(golden, "gt_boxes").floats(),
            size[1],
            size[0],
            new AnchorTargets.Rules(
                matching(config.getAsJsonObject("assigner"), ""),
                Sampling.ALL,
                config.get("allowed_border").getAsInt()),
            new SplittableRandom(1));
    int start = 0;
    for (int level = 0; level < grids.length; level++) {
      int end = start + grids[level][0] * grids[level][1] * 3;
      int[] labels = Arrays.copyOfRange(targets.labels(), start, end);
      int n = labels.length;
      golden.check(
          "labels_" + level,
          GoldenTensor.of(Arrays.stream(labels).map(label -> Math.max(label, 0)).toArray(), n));
      golden.check(
          "label_weights_" + level,
          GoldenTensor.of(Arrays.stream(labels).map(label -> label < 0 ? 0 : 1).toArray(), n));
      golden.check(
          "bbox_targets_" + level,
          GoldenTensor.of(Arrays.copyOfRange(targets.deltas(), 4 * start, 4 * end), n, 4));
      golden.check(
          "bbox_weights_" + level,
          GoldenTensor.of(
              IntStream.range(0, 4 * n).map(i -> labels[i / 4] > 0 ? 1 : 0).toArray(), n, 4));
      start = end;
    }
    golden.check(
        "num_pos_neg", GoldenTensor.of(new int[] {targets.positives(), targets.negatives()}, 2));
  }

  private static void nms(GoldenCase golden) {
    float[] rows = ZsiCases.input(golden, "dets").floats();
    int n = rows.length / 5;
    float[] boxes = new float[4 * n];
    float[] scores = new float[n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(rows, 5 * i, boxes, 4 * i, 4);
      scores[i] = rows[5 * i + 4];
    }
    double threshold = golden.config().get("iou_thr").getAsDouble();
    int[] kept =
        Nms.boxes(boxes, scores, threshold, Nms.BoxRule.MMDET_CUDA).stream()
            .mapToInt(Nms.Kept::index)
            .sorted()
            .toArray();
    golden.check("keep", GoldenTensor.of(kept, kept.length));
  }

  private static void multiclassNms(GoldenCase golden) {
    GoldenTensor scores = ZsiCases.input(golden, "scores");
    float[] boxes = ZsiCases.input(golden, "boxes").floats();
    int classes = (int) scores.shape()[1];
    int slots = boxes.length / 4 / (int) scores.shape()[0];
    JsonObject config = golden.config();
    Detections.Rules rules =
        new Detections.Rules(
            config.get("score_thr").getAsDouble(),
            config.get("iou_thr").getAsDouble(),
            config.get("max_num").getAsInt());
    int[] slot = IntStream.range(0, classes).map(c -> slots == 1 ? 0 : c).toArray();
    Detections found = Detections.select(boxes, slots, slot, scores.floats(), rules);
    golden.check("det_bboxes", rows(found));
    golden.check("det_labels", labels(found));
  }

  static GoldenTensor rows(Detections found) {
    float[] rows = new float[5 * found.size()];
    for (int i = 0; i < found.size(); i++) {
      System.arraycopy(found.boxes(), 4 * i, rows, 5 * i, 4);
      rows[5 * i + 4] = found.scores()[i];
    }
    return GoldenTensor.of(rows, found.size(), 5);
  }

  static GoldenTensor labels(Detections found) {
    return GoldenTensor.of(Arrays.stream(found.classes()).map(c -> c - 1).toArray(), found.size());
  }

  private static void maskTargets(GoldenCase golden) {
    JsonObject config = golden.config();
    int width = config.get("width").getAsInt();
    int height = config.get("height").getAsInt();
    List<Mask> masks = new ArrayList<>();
    for (var polygon : config.getAsJsonArray("polygons")) {
      masks.add(Rle.ofPolygon(width, height, doubles(polygon.getAsJsonArray())).mask());
    }
    byte[] all = new byte[masks.size() * width * height];
    for (int i = 0; i < masks.size(); i++) {
      System.arraycopy(masks.get(i).toBytes(), 0, all, i * width * height, width * height);
    }
    golden.check("gt_masks", GoldenTensor.of(all, masks.size(), height, width));
    float[] boxes = ZsiCases.input(golden, "boxes").floats();
    int[] objects = ZsiCases.input(golden, "gt_index").ints();
    float[] targets = new float[objects.length * 28 * 28];
    for (int i = 0; i < objects.length; i++) {
      MaskTargets.write(masks.get(objects[i]), boxes, i, targets, i * 28 * 28);
    }
    golden.check("targets", GoldenTensor.of(targets, objects.length, 28, 28));
  }

  private static void maskPaste(GoldenCase golden) {
    JsonObject config = golden.config();
    int[] size = ints(config.getAsJsonArray("ori_shape"));
    float scale = config.get("scale_factor").getAsFloat();
    float[] boxes = ZsiCases.input(golden, "boxes").floats();
    for (int i = 0; i < boxes.length; i++) {
      boxes[i] /= scale;
    }
    float[] maps = ZsiCases.input(golden, "selected_logits").floats();
    for (int i = 0; i < maps.length; i++) {
      maps[i] = (float) (1 / (1 + Math.exp(-maps[i])));
    }
    int n = boxes.length / 4;
    int area = size[0] * size[1];
    byte[] masks = new byte[n * area];
    float threshold = config.get("threshold").getAsFloat();
    for (int i = 0; i < n; i++) {
      Rle pasted = PastedMask.of(maps, i * 28 * 28, boxes, i, size[1], size[0], threshold);
      System.arraycopy(pasted.mask().toBytes(), 0, masks, i * area, area);
      assertEquals(pasted.text(), pasted.mask().rle().text());
    }
    golden.check("masks", GoldenTensor.of(masks, n, size[0], size[1]));
  }

  private static void preprocess(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    int[] limits = ints(config.getAsJsonArray("img_scale"));
    Picture picture = Picture.read(golden.file(golden.inputs().get("picture").getAsString()));
    Frame frame = Frame.of(picture.width(), picture.height(), limits[0], limits[1]);
    JsonObject meta = golden.json().getAsJsonObject("meta");
    int[] shape = ints(meta.getAsJsonArray("img_shape"));
    assertEquals(shape[0], frame.height());
    assertEquals(shape[1], frame.width());
    assertEquals(meta.get("scale_factor").getAsDouble(), frame.scale(), 1e-9);
    int[] padded = ints(meta.getAsJsonArray("pad_shape"));
    assertEquals(padded[0], Frame.padded(frame.height()));
    assertEquals(padded[1], Frame.padded(frame.width()));
    float[] batch = new float[3 * padded[0] * padded[1]];
    Frame.write(
        frame.resize(picture), config.get("flip").getAsBoolean(), batch, 0, padded[0], padded[1]);
    ZsiCases.check(golden, "tensor", GoldenTensor.of(batch, 3, padded[0], padded[1]));
  }

  @TestFactory
  Stream<DynamicTest> annotations() {
    return Golden.tests("zsi", Map.of("annotation_parse", ZsiBoxesGoldenTest::parse));
  }

  private static void parse(GoldenCase golden) throws IOException {
    CocoGroundTruth truth =
        CocoGroundTruth.read(golden.file(golden.inputs().get("annotations").getAsString()));
    int[] labels = Annotations.labels(truth, seen(truth)::contains);
    int[] trainable =
        Annotations.trainable(truth).stream().mapToInt(image -> (int) image.id()).toArray();
    golden.check("train_images", GoldenTensor.of(trainable, trainable.length));
    for (CocoGroundTruth.Image image : truth.images()) {
      Annotations found = Annotations.of(truth, image.id());
      int count = found.categories().length;
      golden.check("boxes_" + image.id(), GoldenTensor.of(found.boxes(), count, 4));
      golden.check(
          "labels_" + image.id(),
          GoldenTensor.of(Arrays.stream(found.categories()).map(c -> labels[c]).toArray(), count));
      golden.check(
          "ignore_" + image.id(), GoldenTensor.of(found.crowds(), found.crowds().length / 4, 4));
    }
  }

  /** The seen classes of the split that a file's categories are all of, if there is one. */
  private static List<String> seen(CocoGroundTruth truth) throws IOException {
    try (Stream<Path> files = Files.list(Golden.data().resolve("zsi"))) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        if (file.toString().endsWith(".json")) {
          ClassVectors.Names names = ClassVectors.Names.read(file);
          if (names.seen().size() + names.unseen().size() == truth.categories().size()) {
            return names.seen();
          }
        }
      }
    }
    return List.of();
  }
}
