package org.zeroseg.core.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;

class MaskGoldenTest {

  @TestFactory
  Stream<DynamicTest> refine() {
    return Golden.tests(
        "refine",
        Map.of(
            "rle", this::encodeDecode,
            "rle_string", this::string,
            "rle_merge_iou", this::mergeAndIou,
            "polygon_to_mask", this::polygons,
            "box_to_mask", this::boxToMask,
            "mask_to_box", this::maskToBox,
            "connected_components", this::componentsAndHoles,
            "mask_nms", this::maskNms,
            "box_nms", this::boxNms));
  }

  @TestFactory
  Stream<DynamicTest> eval() {
    return Golden.tests("eval", Map.of("rle", this::cocoEntries));
  }

  @TestFactory
  Stream<DynamicTest> zsi() {
    return Golden.tests("zsi", Map.of("rle", this::polygonsAndOverlaps));
  }

  @TestFactory
  Stream<DynamicTest> namedMask() {
    return Golden.tests("namedmask", Map.of("rle", this::pseudoMask));
  }

  @TestFactory
  Stream<DynamicTest> dino() {
    return Golden.tests("dino", Map.of("connected_components", this::components));
  }

  @TestFactory
  Stream<DynamicTest> zutis() {
    return Golden.tests("zutis", Map.of("mask_nms", this::instanceNms));
  }

  // The mask of a tensor [H, W], or of one page of a tensor [N, H, W].
  private static Mask mask(GoldenTensor tensor, int page) {
    int rank = tensor.shape().length;
    int height = (int) tensor.shape()[rank - 2];
    int width = (int) tensor.shape()[rank - 1];
    int start = page * height * width;
    return Mask.of(width, height, (x, y) -> tensor.values()[start + y * width + x] != 0);
  }

  private static List<Mask> masks(GoldenTensor tensor) {
    return IntStream.range(0, (int) tensor.shape()[0]).mapToObj(i -> mask(tensor, i)).toList();
  }

  private static GoldenTensor pixels(Mask mask) {
    return GoldenTensor.of(mask.toBytes(), mask.height(), mask.width());
  }

  private static GoldenTensor pixels(List<Mask> masks, Mask size) {
    int area = size.width() * size.height();
    byte[] all = new byte[masks.size() * area];
    for (int i = 0; i < masks.size(); i++) {
      System.arraycopy(masks.get(i).toBytes(), 0, all, i * area, area);
    }
    return GoldenTensor.of(all, masks.size(), size.height(), size.width());
  }

  private static double[] xywh(Box box) {
    return new double[] {box.x(), box.y(), box.width(), box.height()};
  }

  private static List<Box> boxes(GoldenTensor rows) {
    double[] v = rows.values();
    return IntStream.range(0, v.length / 4)
        .mapToObj(i -> new Box(v[4 * i], v[4 * i + 1], v[4 * i + 2], v[4 * i + 3]))
        .toList();
  }

  private static GoldenTensor table(List<double[]> rows) {
    int columns = rows.isEmpty() ? 4 : rows.get(0).length;
    double[] flat = rows.stream().flatMapToDouble(Arrays::stream).toArray();
    return GoldenTensor.of(flat, rows.size(), columns);
  }

  private static GoldenTensor vector(int... values) {
    return GoldenTensor.of(values, values.length);
  }

  private static String text(GoldenTensor ascii) {
    return new String(ascii.bytes(), StandardCharsets.US_ASCII);
  }

  private static int[] size(JsonObject holder) {
    JsonArray size = holder.getAsJsonArray("size");
    return new int[] {size.get(1).getAsInt(), size.get(0).getAsInt()};
  }

  private static boolean[] flags(JsonArray crowd) {
    boolean[] flags = new boolean[crowd.size()];
    for (int i = 0; i < flags.length; i++) {
      flags[i] = crowd.get(i).getAsInt() != 0;
    }
    return flags;
  }

  private void encodeDecode(GoldenCase golden) {
    for (String name : golden.config().getAsJsonObject("strings").keySet()) {
      Mask mask = mask(golden.input(name), 0);
      Rle rle = mask.rle();
      assertEquals(golden.config().getAsJsonObject("strings").get(name).getAsString(), rle.text());
      assertEquals(text(golden.output(name + "_string")), rle.text());
      assertEquals(mask, Rle.parse(mask.width(), mask.height(), rle.text()).mask());
      golden.check(name + "_counts", vector(rle.counts()));
      golden.check(name + "_area", vector(rle.area()));
      golden.check(name + "_bbox_xywh", GoldenTensor.of(xywh(rle.box()), 4));
      assertEquals(rle.box(), mask.box());
    }
  }

  private void string(GoldenCase golden) {
    int[] size = size(golden.config());
    String text = text(golden.input("string"));
    Rle rle = Rle.parse(size[0], size[1], text);
    Mask mask = rle.mask();
    assertEquals(text, mask.rle().text());
    golden.check("counts", vector(rle.counts()));
    golden.check("area", vector(rle.area()));
    golden.check("bbox_xywh", GoldenTensor.of(xywh(rle.box()), 4));
    int[] columns = new int[size[0]];
    int[] rows = new int[size[1]];
    mask.forEach(
        (x, y) -> {
          columns[x]++;
          rows[y]++;
        });
    golden.check("column_sums", vector(columns));
    golden.check("row_sums", vector(rows));
  }

  private void mergeAndIou(GoldenCase golden) {
    List<Rle> masks = masks(golden.input("masks")).stream().map(Mask::rle).toList();
    golden.check("union", pixels(Rle.union(masks.subList(0, 3)).mask()));
    golden.check("intersection", pixels(intersection(masks.subList(0, 2))));
    boolean[] crowd = flags(golden.config().getAsJsonArray("crowd"));
    List<Rle> truths = masks.subList(0, crowd.length);
    golden.check("iou", table(List.of(ious(masks, truths, new boolean[crowd.length]))));
    golden.check("iou_crowd", table(List.of(ious(masks, truths, crowd))));
    List<Box> b = boxes(golden.input("boxes_b"));
    golden.check("box_iou", overlaps(boxes(golden.input("boxes_a")), b, crowd));
  }

  private static GoldenTensor overlaps(List<Box> detections, List<Box> truths, boolean[] crowd) {
    return table(
        detections.stream()
            .map(
                d ->
                    IntStream.range(0, crowd.length)
                        .mapToDouble(t -> overlap(d, truths.get(t), crowd[t]))
                        .toArray())
            .toList());
  }

  private static Mask intersection(List<Rle> masks) {
    return masks.stream().map(Rle::mask).reduce(Mask::and).orElseThrow();
  }

  private static double[][] ious(List<Rle> detections, List<Rle> truths, boolean[] crowd) {
    return detections.stream()
        .map(Rle::mask)
        .map(
            d ->
                IntStream.range(0, crowd.length)
                    .mapToDouble(t -> overlap(d, truths.get(t).mask(), crowd[t]))
                    .toArray())
        .toArray(double[][]::new);
  }

  private static double overlap(Mask detection, Mask truth, boolean crowd) {
    int shared = detection.intersection(truth);
    return crowd && shared > 0 ? (double) shared / detection.area() : detection.iou(truth);
  }

  private static double overlap(Box detection, Box truth, boolean crowd) {
    return crowd ? detection.overlapWithCrowd(truth) : detection.iou(truth);
  }

  private void polygons(GoldenCase golden) {
    int[] size = size(golden.config());
    JsonObject parts = golden.config().getAsJsonObject("parts");
    for (String name : parts.keySet()) {
      List<double[]> polygons =
          IntStream.range(0, parts.get(name).getAsInt())
              .mapToObj(i -> golden.input(name + "_" + i).values())
              .toList();
      Rle rle = Rle.ofPolygons(size[0], size[1], polygons);
      assertEquals(golden.config().getAsJsonObject("strings").get(name).getAsString(), rle.text());
      golden.check(name, pixels(rle.mask()));
    }
  }

  private void boxToMask(GoldenCase golden) {
    int[] size = size(golden.config());
    List<Mask> masks =
        boxes(golden.input("boxes_xywh")).stream()
            .map(box -> Rle.ofBox(size[0], size[1], box).mask())
            .toList();
    golden.check("masks", pixels(masks, masks.get(0)));
  }

  private void maskToBox(GoldenCase golden) {
    List<Box> boxes = masks(golden.input("masks")).stream().map(Mask::box).toList();
    golden.check("coco_xywh", table(boxes.stream().map(MaskGoldenTest::xywh).toList()));
    golden.check("xyxy_inclusive", table(boxes.stream().map(MaskGoldenTest::inclusive).toList()));
    List<double[]> rows = new ArrayList<>();
    for (Box box : boxes) {
      double[] c = inclusive(box);
      rows.add(new double[] {c[1], c[3], c[0], c[2]});
    }
    rows.add(new double[] {-1, -1, -1, -1});
    golden.check("ymin_ymax_xmin_xmax", table(rows));
  }

  private static double[] inclusive(Box box) {
    return new double[] {box.x(), box.y(), box.right() - 1, box.bottom() - 1};
  }

  private void componentsAndHoles(GoldenCase golden) {
    Mask mask = mask(golden.input("mask"), 0);
    Components four = mask.components(Connectivity.FOUR);
    golden.check("labels_4", labels(mask, four));
    golden.check("labels_8", labels(mask, mask.components(Connectivity.EIGHT)));
    int[] sizes = new int[four.count() + 1];
    sizes[0] = mask.not().area();
    for (int i = 0; i < four.count(); i++) {
      sizes[i + 1] = four.area(i);
    }
    golden.check("sizes_4_with_background_first", vector(sizes));
    golden.check("filled", pixels(mask.filled(Connectivity.FOUR)));
    golden.check("filled_8", pixels(mask.filled(Connectivity.EIGHT)));
  }

  private void components(GoldenCase golden) {
    Mask mask = mask(golden.input("mask"), 0);
    int connectivity = golden.config().get("connectivity").getAsInt();
    Components components =
        mask.components(connectivity == 8 ? Connectivity.EIGHT : Connectivity.FOUR);
    golden.check("labels", labels(mask, components));
    golden.check("count", vector(components.count()));
  }

  private static GoldenTensor labels(Mask mask, Components components) {
    return GoldenTensor.of(components.labels(), mask.height(), mask.width());
  }

  private static Nms.Decay decay(GoldenCase golden, String threshold, String sigma) {
    JsonObject config = golden.config();
    return switch (config.get("nms_type").getAsString()) {
      case "hard" -> new Nms.Hard(config.get(threshold).getAsDouble());
      case "linear" -> new Nms.Linear(config.get(threshold).getAsDouble());
      case "gaussian" -> new Nms.Gaussian(config.get(sigma).getAsDouble());
      default -> throw new IllegalArgumentException(config.toString());
    };
  }

  // What ZUTIS keeps: no empty mask, nothing of the background's category.
  private static List<Nms.Kept> instances(
      GoldenCase golden, Nms.Decay decay, double minScore, int background) {
    List<Mask> masks = masks(golden.input("masks"));
    int[] categories = golden.input("category_ids").ints();
    return Nms.masks(masks, golden.input("scores").values(), categories, decay, minScore).stream()
        .filter(kept -> categories[kept.index()] != background)
        .filter(kept -> !masks.get(kept.index()).isEmpty())
        .toList();
  }

  private static GoldenTensor scores(List<Nms.Kept> kept) {
    return GoldenTensor.of(kept.stream().mapToDouble(Nms.Kept::score).toArray(), kept.size());
  }

  private static int[] indices(List<Nms.Kept> kept) {
    return kept.stream().mapToInt(Nms.Kept::index).toArray();
  }

  private static GoldenTensor keptBoxes(List<Nms.Kept> kept, List<Mask> masks) {
    return table(kept.stream().map(k -> inclusive(masks.get(k.index()).box())).toList());
  }

  private static GoldenTensor keptCategories(List<Nms.Kept> kept, GoldenCase golden) {
    int[] categories = golden.input("category_ids").ints();
    return vector(kept.stream().mapToInt(k -> categories[k.index()]).toArray());
  }

  private void maskNms(GoldenCase golden) {
    Nms.Decay decay = decay(golden, "nms_threshold", "sigma");
    double minScore = golden.config().get("score_threshold").getAsDouble();
    List<Nms.Kept> kept = instances(golden, decay, minScore, 0);
    golden.check("kept_index", vector(indices(kept)));
    golden.check("kept_score", scores(kept));
    golden.check("kept_category", keptCategories(kept, golden));
    golden.check("kept_box_xyxy", keptBoxes(kept, masks(golden.input("masks"))));
  }

  private void instanceNms(GoldenCase golden) {
    Nms.Decay decay = decay(golden, "nms_iou_threshold", "soft_sigma");
    double minScore = golden.config().get("soft_score_threshold").getAsDouble();
    int background = golden.config().get("background_category").getAsInt();
    List<Nms.Kept> kept = instances(golden, decay, minScore, background);
    List<Mask> masks = masks(golden.input("masks"));
    golden.check("category_ids", keptCategories(kept, golden));
    golden.check("scores", scores(kept));
    List<Mask> keptMasks = kept.stream().map(k -> masks.get(k.index())).toList();
    golden.check("masks", pixels(keptMasks, masks.get(0)));
    golden.check("boxes", keptBoxes(kept, masks));
  }

  private void boxNms(GoldenCase golden) {
    float[] corners = golden.input("boxes_xyxy").floats();
    float[] scores = golden.input("scores").floats();
    for (JsonElement entry : golden.config().getAsJsonArray("thresholds")) {
      double threshold = entry.getAsDouble();
      long percent = Math.round(100 * threshold);
      int[] kept = indices(Nms.boxes(corners, scores, threshold, Nms.BoxRule.TORCHVISION));
      golden.check("torchvision_keep_" + percent, vector(kept));
      int[] cpu = indices(Nms.boxes(corners, scores, threshold, Nms.BoxRule.MMDET_CPU));
      Arrays.sort(cpu);
      golden.check("mmdet_cpu_keep_" + percent, vector(cpu));
      String batched = "batched_keep_" + percent;
      if (golden.outputs().has(batched)) {
        int[] labels = golden.input("labels").ints();
        golden.check(
            batched,
            vector(
                indices(Nms.boxes(corners, scores, labels, threshold, Nms.BoxRule.TORCHVISION))));
      }
    }
    if (golden.config().has("soft")) {
      JsonObject soft = golden.config().getAsJsonObject("soft");
      Map<String, Nms.Decay> decays = new LinkedHashMap<>();
      decays.put("soft_linear", new Nms.Linear(soft.get("iou_threshold").getAsDouble()));
      decays.put("soft_gaussian", new Nms.Gaussian(soft.get("sigma").getAsDouble()));
      double minScore = soft.get("min_score").getAsDouble();
      decays.forEach(
          (name, decay) -> {
            List<Nms.Kept> kept = Nms.softBoxes(corners, scores, decay, minScore);
            golden.check(name + "_index", vector(indices(kept)));
            List<double[]> rows = new ArrayList<>();
            for (Nms.Kept one : kept) {
              double[] row = new double[5];
              for (int i = 0; i < 4; i++) {
                row[i] = corners[4 * one.index() + i];
              }
              row[4] = one.score();
              rows.add(row);
            }
            golden.check(name + "_dets", table(rows));
          });
    }
  }

  private void pseudoMask(GoldenCase golden) {
    Mask mask = mask(golden.input("mask"), 0);
    JsonObject expected = golden.json().getAsJsonObject("expected");
    int[] size = size(expected);
    assertEquals(expected.get("counts").getAsString(), mask.rle().text());
    assertEquals(mask, Rle.parse(size[0], size[1], expected.get("counts").getAsString()).mask());
  }

  private void polygonsAndOverlaps(GoldenCase golden) {
    int width = golden.config().get("width").getAsInt();
    int height = golden.config().get("height").getAsInt();
    List<double[]> polygons = new ArrayList<>();
    golden.config().getAsJsonArray("polygons").forEach(p -> polygons.add(numbers(p)));
    List<Mask> drawn = new ArrayList<>();
    polygons.forEach(p -> drawn.add(Rle.ofPolygon(width, height, p).mask()));
    drawn.add(Rle.ofPolygons(width, height, polygons).mask());
    golden.check("polygon_masks", pixels(drawn, drawn.get(0)));

    GoldenTensor input = golden.tensors("inputs.safetensors").get("masks");
    List<Rle> masks = masks(input).stream().map(Mask::rle).toList();
    JsonArray texts = golden.json().getAsJsonArray("rle_text");
    for (int i = 0; i < masks.size(); i++) {
      assertEquals(texts.get(i).getAsString(), masks.get(i).text());
      assertEquals(masks.get(i), Rle.parse(width, height, texts.get(i).getAsString()));
    }
    golden.check("area", vector(masks.stream().mapToInt(Rle::area).toArray()));
    golden.check("bbox", table(masks.stream().map(m -> xywh(m.box())).toList()));
    List<Rle> truths = List.of(masks.get(0), masks.get(1), masks.get(3));
    golden.check(
        "mask_iou", table(List.of(ious(masks, truths, new boolean[] {false, false, true}))));
    List<Box> boxes = boxes(golden.tensors("inputs.safetensors").get("boxes_xywh"));
    golden.check("box_iou", overlaps(boxes, boxes.subList(0, 2), new boolean[] {false, true}));
  }

  private static double[] numbers(JsonElement array) {
    return array.getAsJsonArray().asList().stream().mapToDouble(JsonElement::getAsDouble).toArray();
  }

  private void cocoEntries(GoldenCase golden) throws IOException {
    String file = golden.inputs().get("entries").getAsString();
    JsonObject entries =
        JsonParser.parseString(Files.readString(golden.file(file))).getAsJsonObject();
    Map<String, GoldenTensor> tensors =
        golden.tensors(golden.inputs().get("tensors").getAsString());
    for (JsonObject entry : list(entries, "encode")) {
      int[] size = size(entry);
      GoldenTensor tensor = tensors.get("mask." + entry.get("name").getAsString());
      Rle rle = Rle.parse(size[0], size[1], entry.get("counts").getAsString());
      if (tensor != null) {
        assertEquals(mask(tensor, 0), rle.mask());
      }
      check(entry, rle.mask().rle());
    }
    for (JsonObject entry : list(entries, "uncompressed")) {
      int[] size = size(entry);
      int[] runs = Arrays.stream(numbers(entry.get("runs"))).mapToInt(v -> (int) v).toArray();
      Rle rle = Rle.of(size[0], size[1], runs);
      check(entry, rle);
      assertEquals(entry.get("reencoded").getAsString(), rle.mask().rle().text());
    }
    for (JsonObject entry : list(entries, "decode")) {
      int[] size = size(entry);
      Rle rle = Rle.parse(size[0], size[1], entry.get("counts").getAsString());
      assertEquals(mask(tensors.get(entry.get("mask").getAsString()), 0), rle.mask());
    }
    for (JsonObject entry : list(entries, "merge")) {
      List<Rle> masks = rles(entry, "inputs");
      boolean intersect = entry.get("intersect").getAsInt() != 0;
      check(entry, intersect ? intersection(masks).rle() : Rle.union(masks));
    }
    double tolerance = golden.outputs().getAsJsonObject("iou").get("atol").getAsDouble();
    for (JsonObject entry : list(entries, "iou")) {
      double[][] ious =
          ious(rles(entry, "dt"), rles(entry, "gt"), flags(entry.getAsJsonArray("iscrowd")));
      checkOverlaps(entry, table(List.of(ious)), tensors, tolerance);
    }
    for (JsonObject entry : list(entries, "bbox_iou")) {
      GoldenTensor overlaps =
          overlaps(
              boxRows(entry, "dt"), boxRows(entry, "gt"), flags(entry.getAsJsonArray("iscrowd")));
      checkOverlaps(entry, overlaps, tensors, tolerance);
    }
    for (JsonObject entry : list(entries, "polygon")) {
      int[] size = size(entry);
      List<double[]> polygons = new ArrayList<>();
      entry.getAsJsonArray("polygons").forEach(polygon -> polygons.add(pairs(numbers(polygon))));
      JsonArray parts = entry.getAsJsonArray("parts");
      for (int i = 0; i < parts.size(); i++) {
        assertEquals(
            parts.get(i).getAsString(),
            Rle.ofPolygon(size[0], size[1], polygons.get(i)).text(),
            entry.toString());
      }
      check(entry, Rle.ofPolygons(size[0], size[1], polygons));
    }
    for (JsonObject entry : list(entries, "box")) {
      int[] size = size(entry);
      double[] box = numbers(entry.get("box"));
      check(entry, Rle.ofBox(size[0], size[1], new Box(box[0], box[1], box[2], box[3])));
    }
  }

  // The reference ignores a number without a partner, which is refused here.
  private static double[] pairs(double[] xy) {
    return Arrays.copyOf(xy, xy.length & ~1);
  }

  private static List<JsonObject> list(JsonObject entries, String key) {
    return entries.has(key)
        ? entries.getAsJsonArray(key).asList().stream().map(JsonElement::getAsJsonObject).toList()
        : Collections.emptyList();
  }

  private static List<Rle> rles(JsonObject entry, String key) {
    int[] size = size(entry);
    return entry.getAsJsonArray(key).asList().stream()
        .map(text -> Rle.parse(size[0], size[1], text.getAsString()))
        .toList();
  }

  private static List<Box> boxRows(JsonObject entry, String key) {
    return entry.getAsJsonArray(key).asList().stream()
        .map(MaskGoldenTest::numbers)
        .map(v -> new Box(v[0], v[1], v[2], v[3]))
        .toList();
  }

  private static void checkOverlaps(
      JsonObject entry, GoldenTensor found, Map<String, GoldenTensor> tensors, double tolerance) {
    GoldenTensor expected = tensors.get(entry.get("expected").getAsString());
    assertArrayEquals(expected.values(), found.values(), tolerance, entry.toString());
  }

  private static void check(JsonObject entry, Rle rle) {
    assertEquals(entry.get("counts").getAsString(), rle.text(), entry.toString());
    if (entry.has("area")) {
      assertEquals(entry.get("area").getAsInt(), rle.area(), entry.toString());
    }
    if (entry.has("bbox")) {
      assertArrayEquals(numbers(entry.get("bbox")), xywh(rle.box()), entry.toString());
    }
    if (entry.has("runs") && entry.get("runs").isJsonArray()) {
      int[] runs = Arrays.stream(numbers(entry.get("runs"))).mapToInt(v -> (int) v).toArray();
      assertArrayEquals(runs, rle.counts(), entry.toString());
    }
  }
}
