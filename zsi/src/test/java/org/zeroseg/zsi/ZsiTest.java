package org.zeroseg.zsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

class ZsiTest {

  @TempDir Path folder;

  private Path file() throws IOException {
    return TinyZsi.write(folder.resolve("tiny.safetensors"), TinyZsi.CONFIG);
  }

  private static List<Zsi.Detection> detect(Zsi zsi, Picture picture, Vocabulary vocabulary) {
    return zsi.detect(List.of(picture), vocabulary).get(0);
  }

  @Test
  void findsSeenAndUnseenClassesAndSaysWhich() throws IOException {
    try (Zsi zsi = TinyZsi.builder(file()).minScore(-100).atMost(20).build()) {
      Vocabulary vocabulary = zsi.vocabulary();
      assertEquals(List.of("cat", "dog", "fire hydrant", "bus", "cake"), vocabulary.names());
      List<Zsi.Detection> found = detect(zsi, TinyZsi.picture(90, 60, 1), vocabulary);
      assertEquals(20, found.stream().filter(Zsi.Detection::seen).count());
      assertEquals(20, found.stream().filter(one -> !one.seen()).count());
      for (Zsi.Detection one : found) {
        assertEquals(vocabulary.names().get(one.label() - 1), one.name());
        assertEquals(one.label() <= 3, one.seen());
        assertEquals(90, one.mask().orElseThrow().width());
        assertEquals(60, one.mask().orElseThrow().height());
      }
    }
  }

  @Test
  void tilesChangeNothingInPicturesThatFitAndJoinWhatNeighboursFind() throws IOException {
    Picture small = TinyZsi.picture(90, 60, 1);
    Picture large = TinyZsi.picture(200, 150, 2);
    Path file = file();
    try (Zsi whole = TinyZsi.builder(file).minScore(-100).atMost(5).build();
        Zsi tiled = TinyZsi.builder(file).minScore(-100).atMost(5).tiles(90, 30).build()) {
      List<List<Zsi.Detection>> found = tiled.detect(List.of(large, small), tiled.vocabulary());
      assertEquals(detect(whole, small, whole.vocabulary()).toString(), found.get(1).toString());
      assertFalse(found.get(0).isEmpty());
      boolean unseen = false;
      for (Zsi.Detection one : found.get(0)) {
        assertEquals(200, one.mask().orElseThrow().width());
        assertTrue(one.box().right() <= 200 && one.box().bottom() <= 150, one.toString());
        assertEquals(one.label() <= 3, one.seen());
        assertFalse(unseen && one.seen(), "seen ones come first");
        unseen |= !one.seen();
      }
      assertEquals(200, tiled.segment(large, tiled.vocabulary()).width());
    }
  }

  @Test
  void looksForOneSideAlone() throws IOException {
    Path file = file();
    for (Zsi.Classes side : List.of(Zsi.Classes.SEEN, Zsi.Classes.UNSEEN)) {
      try (Zsi zsi = TinyZsi.builder(file).minScore(-100).looksFor(side).build()) {
        List<Zsi.Detection> found = detect(zsi, TinyZsi.picture(90, 60, 1), zsi.vocabulary());
        assertFalse(found.isEmpty());
        assertTrue(found.stream().allMatch(one -> one.seen() == (side == Zsi.Classes.SEEN)));
      }
    }
  }

  @Test
  void aPictureDoesNotDependOnTheOthersOfItsBatch() throws IOException {
    List<Picture> pictures =
        List.of(
            TinyZsi.picture(90, 60, 1),
            TinyZsi.picture(60, 90, 2),
            TinyZsi.picture(90, 60, 3),
            TinyZsi.picture(64, 64, 4));
    try (Zsi zsi = TinyZsi.builder(file()).minScore(-100).atMost(10).build()) {
      List<List<Zsi.Detection>> together = zsi.detect(pictures, zsi.vocabulary());
      for (int i = 0; i < pictures.size(); i++) {
        List<Zsi.Detection> alone = detect(zsi, pictures.get(i), zsi.vocabulary());
        assertEquals(alone.size(), together.get(i).size());
        for (int j = 0; j < alone.size(); j++) {
          assertEquals(alone.get(j).label(), together.get(i).get(j).label());
          assertEquals(alone.get(j).score(), together.get(i).get(j).score(), 1e-5);
        }
      }
    }
  }

  @Test
  void wordsThatTheSplitLacksAreFoundByTheirVectors() throws IOException {
    Path file = file();
    Vocabulary vocabulary = Vocabulary.of("tram");
    Picture picture = TinyZsi.picture(90, 60, 1);
    float[] bus = TinyZsi.classes().vector("bus").orElseThrow();
    float[] twice = bus.clone();
    for (int i = 0; i < twice.length; i++) {
      twice[i] *= 2;
    }
    WordVectors words = WordVectors.of(Map.of("tram", twice, "short", new float[] {1, 2}));
    try (Zsi plain = TinyZsi.builder(file).minScore(-100).build();
        Zsi zsi = TinyZsi.builder(file).minScore(-100).words(words).build()) {
      IllegalArgumentException unknown =
          assertThrows(IllegalArgumentException.class, () -> detect(plain, picture, vocabulary));
      assertTrue(unknown.getMessage().contains("'tram'"), unknown.getMessage());
      List<Zsi.Detection> found = detect(zsi, picture, vocabulary);
      assertFalse(found.isEmpty());
      // The direction of bus, in the mean length of the classes.
      double factor = zsi.classes().length() / ClassVectors.norm(bus);
      List<Zsi.Detection> same = detect(zsi, picture, Vocabulary.of("bus"));
      assertEquals(factor, found.get(0).score() / same.get(0).score(), 1e-4);
      IllegalArgumentException wrong =
          assertThrows(
              IllegalArgumentException.class, () -> detect(zsi, picture, Vocabulary.of("short")));
      assertTrue(wrong.getMessage().contains("2 numbers"), wrong.getMessage());
    }
  }

  @Test
  void moreUnseenWordsThanSeenClassesTakeTheMeanOfTheDeltas() throws IOException {
    Map<String, float[]> vectors = new LinkedHashMap<>();
    for (int i = 0; i < 9; i++) {
      vectors.put("word" + i, TinyZsi.classes().vector("bus").orElseThrow());
    }
    Path file = file();
    Picture picture = TinyZsi.picture(90, 60, 1);
    Vocabulary vocabulary = Vocabulary.of(vectors.keySet().toArray(String[]::new));
    WordVectors words = WordVectors.of(vectors);
    try (Zsi zsi = TinyZsi.builder(file).minScore(-100).atMost(5000).words(words).build();
        Zsi mean =
            TinyZsi.builder(file)
                .minScore(-100)
                .atMost(5000)
                .words(words)
                .unseenDeltas(UnseenDeltas.MEAN)
                .build()) {
      assertEquals(
          9,
          detect(zsi, picture, vocabulary).stream()
              .map(Zsi.Detection::name)
              .collect(Collectors.toSet())
              .size());
      // All words are alike, and with the mean of all deltas all their boxes are, too.
      Map<String, List<Box>> boxes =
          detect(mean, picture, vocabulary).stream()
              .collect(
                  Collectors.groupingBy(
                      Zsi.Detection::name,
                      Collectors.mapping(Zsi.Detection::box, Collectors.toList())));
      assertEquals(1, boxes.values().stream().distinct().count());
    }
  }

  @Test
  void nothingAboveTheLeastScoreIsAnEmptyResult() throws IOException {
    try (Zsi zsi = TinyZsi.builder(file()).minScore(1000).build()) {
      Segmentation found = zsi.segment(TinyZsi.picture(90, 60, 1), Vocabulary.of("cat", "bus"));
      assertTrue(found.segments().isEmpty());
      assertEquals(90, found.width());
      assertEquals(0, zsi.detect(List.of(), zsi.vocabulary()).size());
      try (Zsi seen = TinyZsi.builder(file()).looksFor(Zsi.Classes.SEEN).build()) {
        assertTrue(detect(seen, TinyZsi.picture(90, 60, 1), Vocabulary.of("bus")).isEmpty());
      }
    }
  }

  @Test
  void withoutProposalsNothingIsFound() {
    try (NDManager manager = TorchEngine.newManager()) {
      ZsiModel plain =
          ZsiModel.of(
              TinyZsi.CONFIG,
              Weights.of(TinyZsi.weights(TinyZsi.CONFIG, manager), "tiny"),
              TinyZsi.vocabulary(manager),
              Mode.INFERENCE,
              manager);
      float[] background = plain.proposals().backgroundVector();
      Inference inference =
          new Inference(plain.folded(TinyZsi.classes().seenRows(background), false, manager));
      NDList levels = inference.levels(manager.zeros(new Shape(1, 3, 64, 64)));
      Proposals none = new Proposals(new float[0], new float[0]);
      Inference.Classified answer = inference.classify(levels, List.of(none)).get(0);
      Detector detector =
          Detector.of(
              TinyZsi.classes(),
              background,
              Detector.Options.published(Detections.Rules.PUBLISHED));
      Detector.Boxes boxes =
          detector.boxes(
              none.boxes(), answer.logits(), answer.deltas(), answer.semantic(), 64, 64, 1);
      assertEquals(0, detector.seen().select(boxes).size());
      assertEquals(0, detector.unseen().select(boxes).size());
    }
  }

  @Test
  void aBackgroundThresholdOfTheVocabularyRaisesTheLeastScore() throws IOException {
    try (Zsi zsi = TinyZsi.builder(file()).minScore(-100).build()) {
      Vocabulary words = Vocabulary.of("cat", "bus");
      Picture picture = TinyZsi.picture(90, 60, 1);
      List<Zsi.Detection> all = detect(zsi, picture, words);
      double middle = all.get(all.size() / 2).score();
      List<Zsi.Detection> some = detect(zsi, picture, words.withBackgroundThreshold(middle));
      assertTrue(some.size() < all.size());
      assertTrue(some.stream().allMatch(one -> one.score() > middle));
    }
  }

  @Test
  void calibrationTakesFromSeenClassesAlone() throws IOException {
    Path file = file();
    Picture picture = TinyZsi.picture(90, 60, 1);
    try (Zsi plain = TinyZsi.builder(file).minScore(-100).build();
        Zsi calibrated = TinyZsi.builder(file).minScore(-100).calibration(0.25).build()) {
      Vocabulary words = plain.vocabulary();
      List<Zsi.Detection> before = detect(plain, picture, words);
      List<Zsi.Detection> after = detect(calibrated, picture, words);
      for (int i = 0; i < before.size(); i++) {
        double less = before.get(i).seen() ? 0.25 : 0;
        assertEquals(before.get(i).score() - less, after.get(i).score(), 1e-5);
      }
    }
  }

  @Test
  void withoutBackgroundInScoresTheySumOverSeenClasses() {
    float[][] seen = {{0.5f, 0.5f}, {1, 0}, {0, 1}};
    float[][] unseen = {seen[0], {0.25f, 0.75f}};
    float[] proposals = {0, 0, 9, 9, 20, 20, 29, 29};
    float[] logits = {9, 0, 0, 0, 0, 9};
    List<Detections> found = new ArrayList<>();
    for (boolean background : new boolean[] {true, false}) {
      Detector.Options options =
          new Detector.Options(
              new Detections.Rules(-1, 0.5, 100), UnseenDeltas.PUBLISHED, 0, false, background);
      Detector detector = Detector.of(seen, new int[] {0, 1}, unseen, options);
      Detector.Boxes boxes =
          detector.boxes(proposals, logits, new float[24], new float[0], 64, 64, 1);
      found.add(detector.select(boxes));
      float[] p = ClassScores.softmax(logits, 3);
      float[] expected = {
        p[1], p[4], p[2], p[5], 0.25f * p[1] + 0.75f * p[2], 0.25f * p[4] + 0.75f * p[5]
      };
      for (int i = 0; i < expected.length; i++) {
        expected[i] += background ? 0.5f * p[i % 2 * 3] : 0;
      }
      assertArrayEquals(expected, found.get(found.size() - 1).scores(), 1e-6f);
    }
    assertArrayEquals(found.get(0).classes(), found.get(1).classes());
  }

  /** Seen and unseen names compete, and what is more like background has none. */
  @Test
  void aThingHasOneNameIfThatIsAskedFor() throws IOException {
    Path file = file();
    Picture picture = TinyZsi.picture(90, 60, 1);
    try (Zsi plain = TinyZsi.builder(file).minScore(-100).build();
        Zsi distinct = TinyZsi.builder(file).minScore(-100).distinct(true).build()) {
      List<Zsi.Detection> all = detect(plain, picture, plain.vocabulary());
      List<Zsi.Detection> some = detect(distinct, picture, distinct.vocabulary());
      assertFalse(some.isEmpty());
      assertTrue(some.size() < all.size());
      assertTrue(all.containsAll(some));
      for (int i = 0; i < some.size(); i++) {
        for (int j = 0; j < i; j++) {
          assertTrue(some.get(j).score() >= some.get(i).score());
          assertTrue(some.get(i).box().iou(some.get(j).box()) <= 0.5);
        }
      }
    }
  }

  @Test
  void directWordsGiveProbabilities() throws IOException {
    try (Zsi zsi = TinyZsi.builder(file()).minScore(0.001).directWords(true).build()) {
      List<Zsi.Detection> found =
          detect(zsi, TinyZsi.picture(90, 60, 1), Vocabulary.of("bus", "cake"));
      assertFalse(found.isEmpty());
      assertTrue(found.stream().allMatch(one -> one.score() > 0 && one.score() <= 1));
    }
  }

  @Test
  void aNetworkOfBoxesAloneSegmentsByThem() throws IOException {
    Path file = TinyZsi.write(folder.resolve("boxes.safetensors"), TinyZsi.config(0));
    try (Zsi zsi = TinyZsi.builder(file).minScore(-100).atMost(3).build()) {
      Picture picture = TinyZsi.picture(90, 60, 1);
      assertTrue(
          detect(zsi, picture, zsi.vocabulary()).stream().allMatch(one -> one.mask().isEmpty()));
      assertEquals(6, zsi.segment(picture, zsi.vocabulary()).segments().size());
    }
  }

  @Test
  void proposalsFallInObjectnessAndLieInThePicture() throws IOException {
    try (Zsi zsi = TinyZsi.builder(file()).build()) {
      List<Zsi.Proposal> found = zsi.proposals(TinyZsi.picture(90, 60, 1));
      assertEquals(50, found.size());
      for (int i = 0; i < found.size(); i++) {
        assertTrue(i == 0 || found.get(i - 1).objectness() >= found.get(i).objectness());
        assertTrue(found.get(i).box().right() <= 91 && found.get(i).box().bottom() <= 61);
      }
    }
  }

  @Test
  void aPictureWithoutAPixelAlongASideIsRefused() throws IOException {
    try (Zsi zsi = TinyZsi.builder(file()).build()) {
      Picture strip = Picture.of(PixelFormat.GREY, 3000, 1, new byte[3000]);
      IllegalArgumentException narrow =
          assertThrows(IllegalArgumentException.class, () -> zsi.segment(strip, zsi.vocabulary()));
      assertTrue(narrow.getMessage().contains("3000 x 1"), narrow.getMessage());
      Picture point = Picture.of(PixelFormat.GREY, 1, 1, new byte[1]);
      assertEquals(1, zsi.segment(point, zsi.vocabulary()).width());
    }
  }

  @Test
  void aPublishedFileNeedsItsSplitAndItsVocabulary() throws IOException {
    Path bare = folder.resolve("bare.safetensors");
    rewrite(file(), bare, Map.of(), name -> name.startsWith("words.") ? "" : name);
    String split =
        assertThrows(IllegalStateException.class, TinyZsi.builder(bare)::build).getMessage();
    assertTrue(split.contains("3 seen classes") && split.contains("classes("), split);
    String vocabulary =
        assertThrows(
                IllegalStateException.class,
                TinyZsi.builder(bare).classes(TinyZsi.classes())::build)
            .getMessage();
    assertTrue(vocabulary.contains("6 x 5"), vocabulary);
    ClassVectors other = ClassVectors.of(List.of("a", "b"), List.of(), new float[3][6]);
    String mismatch =
        assertThrows(IllegalArgumentException.class, TinyZsi.builder(bare).classes(other)::build)
            .getMessage();
    assertTrue(mismatch.contains("3 seen classes"), mismatch);
    float[][] moved = new float[6][6];
    moved[2][1] = 5;
    ClassVectors retrained =
        ClassVectors.of(TinyZsi.classes().seen(), TinyZsi.classes().unseen(), moved);
    String words =
        assertThrows(CheckpointException.class, TinyZsi.builder(bare).classes(retrained)::build)
            .getMessage();
    assertTrue(words.contains("'cat'"), words);
    Path matrix = folder.resolve("vocabulary.txt");
    Files.writeString(matrix, "1,2,3,4,5\n".repeat(6));
    try (Zsi zsi = TinyZsi.builder(bare).classes(TinyZsi.classes()).vocabulary(matrix).build()) {
      assertEquals(5, zsi.vocabulary().size());
    }
    Files.writeString(matrix, "1,2,3,4\n".repeat(6));
    String narrow =
        assertThrows(
                IllegalArgumentException.class,
                TinyZsi.builder(bare).classes(TinyZsi.classes()).vocabulary(matrix)::build)
            .getMessage();
    assertTrue(narrow.contains("24 numbers"), narrow);
  }

  /** Names and sizes of the published training checkpoints. */
  @Test
  void thePublishedNetworksHaveTheirTensors() {
    Map<String, Shape> smaller = ZsiConfig.published(48).shapes();
    assertEquals(682, smaller.size());
    assertEquals(682, ZsiConfig.published(65).shapes().size());
    assertEquals(new Shape(196, 1024), smaller.get("bbox_head.fc_reg.weight"));
    assertEquals(new Shape(49, 300, 1, 1), smaller.get("mask_head.conv_vec.weight"));
    assertEquals(new Shape(6, 300, 1, 1), smaller.get("rpn_head.vec_fb.weight"));
    assertEquals(new Shape(4717, 300), smaller.get("bbox_head.d_kernel_semantic.weight"));
    assertEquals(new Shape(256, 300, 3, 3), smaller.get("mask_head.dconvT.conv.weight"));
    assertEquals(new Shape(300, 300), smaller.get("bbox_head.fc_res.weight"));
  }

  @Test
  void reducedProductsFindTheSameBoxes() throws IOException {
    Path file = file();
    Picture picture = TinyZsi.picture(90, 60, 1);
    try (Zsi wide = TinyZsi.builder(file).minScore(-100).atMost(1).build();
        Zsi narrow =
            TinyZsi.builder(file).precision(Precision.BFLOAT16).minScore(-100).atMost(1).build()) {
      Zsi.Detection one = detect(wide, picture, Vocabulary.of("cat")).get(0);
      Zsi.Detection other = detect(narrow, picture, Vocabulary.of("cat")).get(0);
      assertEquals(one.score(), other.score(), 0.05);
      assertTrue(one.box().iou(other.box()) > 0.8, one + " and " + other);
    }
  }

  @Test
  void wrappersAndUnknownNamesOfPublishedFilesDoNotMatter() throws IOException {
    Path plain = file();
    Path wrapped = folder.resolve("wrapped.safetensors");
    Map<String, String> metadata;
    try (Checkpoint opened = Checkpoints.open(plain)) {
      metadata = opened.metadata();
    }
    rewrite(
        plain,
        wrapped,
        metadata,
        name ->
            name.endsWith("num_batches_tracked")
                ? ""
                : "state_dict.module." + (name.contains("fc_res") ? "old." + name : name));
    Picture picture = TinyZsi.picture(90, 60, 1);
    try (Zsi one = TinyZsi.builder(plain).minScore(-100).build();
        Zsi other = TinyZsi.builder(wrapped).minScore(-100).build()) {
      assertEquals(
          detect(one, picture, one.vocabulary()), detect(other, picture, other.vocabulary()));
    }
  }

  /** A detector that was trained with the split's vector of background keeps it. */
  @Test
  void aFileSaysWhichBackgroundItsDetectorWasTrainedWith() throws IOException {
    Map<Boolean, Double> scores = new LinkedHashMap<>();
    for (boolean sync : new boolean[] {true, false}) {
      Path file = folder.resolve(sync + ".safetensors");
      try (NDManager manager = TorchEngine.newManager()) {
        Map<String, NDArray> weights = TinyZsi.weights(TinyZsi.CONFIG, manager);
        weights.get(ZsiConfig.PROPOSALS + "vec_fb.weight").muli(3); // has been learnt
        ZsiCheckpoint.write(
            file,
            Weights.of(weights, "tiny").checkpoint(),
            TinyZsi.classes(),
            TinyZsi.vocabulary(manager),
            sync,
            true,
            DataType.FLOAT32,
            Map.of());
      }
      try (Zsi zsi = TinyZsi.builder(file).minScore(-100).atMost(1).build()) {
        scores.put(
            sync, detect(zsi, TinyZsi.picture(90, 60, 1), Vocabulary.of("cat")).get(0).score());
      }
    }
    assertNotEquals(scores.get(true), scores.get(false));
  }

  @Test
  void aFileWithoutANetworkIsNamed() throws IOException {
    Path file = folder.resolve("other.safetensors");
    rewrite(file(), file, Map.of(), name -> name.startsWith("words.") ? name : "");
    String message =
        assertThrows(CheckpointException.class, TinyZsi.builder(file)::build).getMessage();
    assertTrue(message.contains("holds no ZSI network"), message);
    Path misshapen = folder.resolve("misshapen.safetensors");
    rewrite(
        file(),
        misshapen,
        Map.of(),
        name ->
            switch (name) {
              case "bbox_head.shared_fcs.1.weight" -> "bbox_head.fc_semantic.weight";
              case "bbox_head.fc_semantic.weight" -> "bbox_head.shared_fcs.1.weight";
              default -> name;
            });
    String shapes =
        assertThrows(
                CheckpointException.class,
                TinyZsi.builder(misshapen).classes(TinyZsi.classes())::build)
            .getMessage();
    assertTrue(shapes.contains("bbox_head.fc_semantic.weight"), shapes);
  }

  @Test
  void aClosedSegmenterSaysSo() throws IOException {
    Zsi zsi = TinyZsi.builder(file()).build();
    zsi.close();
    assertThrows(
        IllegalStateException.class,
        () -> zsi.segment(TinyZsi.picture(90, 60, 1), Vocabulary.of("cat")));
  }

  /** Copies a file's tensors under other names; those without a name are left out. */
  private static void rewrite(
      Path from, Path to, Map<String, String> metadata, UnaryOperator<String> rule)
      throws IOException {
    try (NDManager manager = TorchEngine.newManager();
        Checkpoint opened = Checkpoints.open(from)) {
      Map<String, NDArray> tensors = new LinkedHashMap<>();
      for (String name : opened.tensors().keySet()) {
        String renamed = rule.apply(name);
        if (!renamed.isEmpty() && !name.endsWith("num_batches_tracked")) {
          float[] values = new float[(int) opened.tensors().get(name).shape().size()];
          opened.read(name).asFloatBuffer().get(values);
          tensors.put(renamed, manager.create(values, opened.tensors().get(name).shape()));
        }
      }
      SafetensorsWriter.write(to, Checkpoints.of(tensors, "rewritten"), metadata);
    }
  }
}
