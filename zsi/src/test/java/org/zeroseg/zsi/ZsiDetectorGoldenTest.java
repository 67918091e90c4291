package org.zeroseg.zsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.tensor.Weights;

class ZsiDetectorGoldenTest {

  @TestFactory
  Stream<DynamicTest> backbones() {
    return Golden.tests("zsi", Map.of("backbone_fpn", ZsiDetectorGoldenTest::backbone));
  }

  @TestFactory
  Stream<DynamicTest> detectors() {
    return Golden.tests("zsi", Map.of("detector_test", ZsiDetectorGoldenTest::detector));
  }

  private static ResNetConfig resNet(JsonObject config) {
    return switch (config.get("depth").getAsInt()) {
      case 18 -> ResNetConfig.RESNET_18;
      case 50 -> ResNetConfig.RESNET_50;
      default -> ResNetConfig.RESNET_101;
    };
  }

  private static void backbone(GoldenCase golden) throws IOException {
    JsonObject json = golden.config();
    int channels = json.get("fpn_out").getAsInt();
    ZsiConfig config = new ZsiConfig(resNet(json), channels, 1, 1, 0, 1, 1, 1, true);
    Map<String, Shape> shapes = config.shapes();
    try (NDManager manager = NDManager.newBaseManager()) {
      Weights weights =
          Weights.load(new PortableWeights(shapes, golden.salt(), "", Map.of()), shapes, manager);
      NDArray vocabulary = manager.ones(new Shape(1, 1));
      ZsiModel plain = ZsiModel.of(config, weights, vocabulary, Mode.INFERENCE, manager);
      for (ZsiModel model : List.of(plain, plain.folded(new float[2][1], false, manager))) {
        try (NDManager call = manager.newSubManager()) {
          NDArray pixels = pixels(golden, "resized", call);
          NDList stages = model.stages(pixels);
          NDList levels = model.pyramid(stages);
          for (int i = 0; i < stages.size(); i++) {
            ZsiCases.check(golden, "c" + (i + 2), stages.get(i));
          }
          for (int i = 0; i < levels.size(); i++) {
            ZsiCases.check(golden, "p" + (i + 2), levels.get(i));
          }
        }
      }
    }
  }

  static NDArray pixels(GoldenCase golden, String input, NDManager manager) throws IOException {
    Picture picture = Picture.read(golden.file(golden.inputs().get(input).getAsString())).rgb();
    int rows = Frame.padded(picture.height());
    int columns = Frame.padded(picture.width());
    float[] batch = new float[3 * rows * columns];
    Frame.write(picture, false, batch, 0, rows, columns);
    return manager.create(batch, new Shape(1, 3, rows, columns));
  }

  static ZsiConfig config(GoldenCase golden) {
    JsonObject config = golden.config();
    JsonObject arch = config.getAsJsonObject("arch");
    return new ZsiConfig(
        resNet(arch),
        arch.get("fpn_out").getAsInt(),
        arch.get("rpn_channels").getAsInt(),
        arch.get("fc_out_channels").getAsInt(),
        arch.get("mask_channels").getAsInt(),
        300,
        config.get("num_classes").getAsInt() - 1,
        config.get("vocabulary_size").getAsInt(),
        true);
  }

  /** The case's weights but for the word vectors in them, which the network does not read. */
  static Weights weights(GoldenCase golden, Map<String, Shape> shapes, NDManager manager) {
    return Weights.load(
        new PortableWeights(shapes, golden.salt(), "", golden.weightScale()), shapes, manager);
  }

  /** A case of the reference's detector: its network, its words, and how it is asked. */
  private static void detector(GoldenCase golden) throws IOException {
    JsonObject json = golden.config();
    ZsiConfig config = config(golden);
    try (NDManager manager = NDManager.newBaseManager()) {
      Map<String, Shape> shapes = config.shapes();
      shapes.keySet().removeIf(name -> !ZsiConfig.infers(name));
      ClassVectors classes = ZsiHeadsGoldenTest.classes(golden);
      ZsiModel plain =
          ZsiModel.of(
              config,
              weights(golden, shapes, manager),
              ZsiHeadsGoldenTest.vocabulary(golden, manager),
              Mode.INFERENCE,
              manager);
      float[] background = plain.proposals().backgroundVector();
      float[][] seen = classes.seenRows(background);
      Inference inference = new Inference(plain.folded(seen, false, manager));
      Picture picture =
          Picture.read(golden.file(golden.inputs().get("picture").getAsString())).rgb();
      JsonArray limits = json.getAsJsonArray("img_scale");
      Frame frame =
          Frame.of(
              picture.width(),
              picture.height(),
              limits.get(0).getAsInt(),
              limits.get(1).getAsInt());
      NDList levels = inference.levels(pixels(golden, "resized", manager));
      for (int i = 0; i < levels.size(); i++) {
        ZsiCases.check(golden, "fpn_" + i, levels.get(i));
      }
      ProposalNetwork.Answer answer = inference.model().proposals().forward(levels.get(2));
      golden.check("rpn_cls_2", answer.scores().squeeze(0));
      golden.check("rpn_reg_2", answer.deltas().squeeze(0));
      JsonObject rpn = json.getAsJsonObject("rpn");
      Proposals.Rules rules =
          new Proposals.Rules(
              rpn.get("nms_pre").getAsInt(),
              rpn.get("nms_post").getAsInt(),
              rpn.get("max_num").getAsInt(),
              rpn.get("nms_thr").getAsDouble());
      Proposals proposals = inference.proposals(levels, List.of(frame), rules).get(0);
      match(golden, "proposals", "match", proposals.boxes(), proposals.scores(), new int[0]);
      JsonObject rcnn = json.getAsJsonObject("rcnn");
      Detector.Options options =
          Detector.Options.published(
              new Detections.Rules(
                  rcnn.get("score_thr").getAsDouble(),
                  rcnn.get("nms_thr").getAsDouble(),
                  rcnn.get("max_per_img").getAsInt()));
      Detector detector = Detector.of(classes, background, options);
      boolean generalised = json.get("mode").getAsString().equals("gzsi");
      Recorded recorded = Recorded.of(golden, "proposals", 5);
      for (String rule : List.of("match", "match_from_proposals")) {
        Proposals given =
            rule.equals("match") ? proposals : new Proposals(recorded.boxes, recorded.scores);
        Inference.Classified classified = inference.classify(levels, List.of(given)).get(0);
        Detector.Boxes boxes =
            detector.boxes(
                given.boxes(),
                classified.logits(),
                classified.deltas(),
                classified.semantic(),
                frame.width(),
                frame.height(),
                (float) frame.scale());
        Detections found = detector.unseen().select(boxes);
        if (generalised) {
          found = detector.seen().select(boxes).followedBy(found, classes.seen().size());
        }
        int[] labels = Arrays.stream(found.classes()).map(c -> c - 1).toArray();
        match(golden, "det_bboxes", rule, found.boxes(), found.scores(), labels);
      }
      masks(golden, inference, levels, frame, classes, background);
    }
  }

  /** The mask head's maps of recorded boxes, and the pasted masks of all of them. */
  private static void masks(
      GoldenCase golden,
      Inference inference,
      NDList levels,
      Frame frame,
      ClassVectors classes,
      float[] background) {
    JsonObject json = golden.config();
    float[] own = json.get("mask_sync_bg").getAsBoolean() ? background : classes.background();
    float[][] seen = classes.seenRows(own);
    Matrix unseen = MaskWords.unseen(seen, MaskWords.unseenRows(classes, own));
    boolean generalised = json.get("mode").getAsString().equals("gzsi");
    List<float[]> words = new ArrayList<>();
    for (int c = 1; generalised && c < seen.length; c++) {
      words.add(seen[c]);
    }
    for (int c = 1; c < unseen.rows(); c++) {
      words.add(unseen.row(c));
    }
    MaskHead.Filters filters =
        inference.model().masks().orElseThrow().filters(Matrix.rows(words.toArray(float[][]::new)));
    Recorded recorded = Recorded.of(golden, "det_bboxes", 5);
    int[] labels = golden.output("det_labels").ints();
    float[] boxes = recorded.boxes.clone();
    for (int i = 0; i < boxes.length; i++) {
      boxes[i] *= (float) frame.scale();
    }
    int count = (int) golden.output("mask_logits").shape()[0];
    int step = generalised ? 16 : 8;
    float[] some = new float[count * 28 * 28];
    String[] texts =
        golden.json().getAsJsonArray("rle").asList().stream()
            .map(element -> element.getAsString())
            .toArray(String[]::new);
    int[] differing = {0, 0};
    inference.masks(
        levels,
        0,
        boxes,
        labels,
        filters,
        (first, logits) -> {
          for (int i = 0; i < logits.length / 784; i++) {
            int box = first + i;
            if (box % step == 0 && box / step < count) {
              System.arraycopy(logits, i * 784, some, box / step * 784, 784);
            }
          }
          for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (1 / (1 + Math.exp(-logits[i])));
          }
          Sizes sizes = frame.sizes();
          for (int i = 0; i < logits.length / 784; i++) {
            int box = first + i;
            if (box % step == 0 && box / step < texts.length) {
              Mask mask =
                  PastedMask.of(
                          logits,
                          i * 784,
                          recorded.boxes,
                          box,
                          sizes.width(),
                          sizes.height(),
                          (float) json.getAsJsonObject("rcnn").get("mask_thr").getAsDouble())
                      .mask();
              Mask expected = Rle.parse(sizes.width(), sizes.height(), texts[box / step]).mask();
              differing[0] += mask.andNot(expected).area() + expected.andNot(mask).area();
              differing[1] += expected.area();
            }
          }
        });
    golden.check("mask_logits", GoldenTensor.of(some, count, 28, 28));
    assertTrue(
        differing[0] <= 0.002 * differing[1],
        golden + ": masks differ in " + differing[0] + " of " + differing[1] + " pixels");
  }

  /** Recorded boxes with their scores. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Recorded(float[] boxes, float[] scores) {

    static Recorded of(GoldenCase golden, String output, int width) {
      float[] rows = golden.output(output).floats();
      int n = rows.length / width;
      Recorded recorded = new Recorded(new float[4 * n], new float[n]);
      for (int i = 0; i < n; i++) {
        System.arraycopy(rows, width * i, recorded.boxes, 4 * i, 4);
        recorded.scores[i] = rows[width * i + 4];
      }
      return recorded;
    }
  }

  /** Pairs boxes with recorded ones, one to one, best overlaps first. */
  private static void match(
      GoldenCase golden, String output, String rule, float[] boxes, float[] scores, int[] labels) {
    JsonObject limits = golden.outputs().getAsJsonObject(output).getAsJsonObject(rule);
    Recorded recorded = Recorded.of(golden, output, 5);
    int[] expected = labels.length > 0 ? golden.output("det_labels").ints() : labels;
    boolean[] taken = new boolean[scores.length];
    int missing = 0;
    for (int i = 0; i < recorded.scores.length; i++) {
      int best = -1;
      float overlap = limits.get("iou").getAsFloat();
      for (int j = 0; j < scores.length; j++) {
        boolean fits =
            !taken[j]
                && Math.abs(scores[j] - recorded.scores[i])
                    <= limits.get("score_atol").getAsDouble()
                && (labels.length == 0 || labels[j] == expected[i]);
        float iou = fits ? Matching.iou(recorded.boxes, i, boxes, j) : 0;
        if (fits && iou >= overlap) {
          best = j;
          overlap = iou;
        }
      }
      if (best < 0) {
        missing++;
      } else {
        taken[best] = true;
      }
    }
    double allowed = limits.get("max_missing").getAsDouble() * recorded.scores.length;
    String found = "%s: %s (%s): %d of %d recorded boxes have no partner, allowed %s";
    String text = found.formatted(golden, output, rule, missing, recorded.scores.length, allowed);
    assertTrue(missing <= allowed, text);
    assertEquals(recorded.scores.length, scores.length, allowed, text);
  }
}
