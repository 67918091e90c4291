package org.zeroseg.eval.coco;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.InvalidDataException;

class CocoEvaluatorTest {

  private static final int SIDE = 120;

  private final SplittableRandom random = new SplittableRandom(7);

  private Rle blob() {
    double x = random.nextDouble(10, SIDE - 10);
    double y = random.nextDouble(10, SIDE - 10);
    double r = random.nextDouble(3, 40);
    return near(x, y, r);
  }

  private static Rle near(double x, double y, double r) {
    return Mask.of(SIDE, SIDE, (u, v) -> (u - x) * (u - x) + (v - y) * (v - y) < r * r).rle();
  }

  private CocoGroundTruth truth(int images, int categories, int objects) {
    CocoGroundTruth.Builder builder = CocoGroundTruth.builder();
    for (int k = 1; k <= categories; k++) {
      builder.category(10L * k, "category " + k);
    }
    for (int i = images; i >= 1; i--) {
      builder.image(i, SIDE, SIDE);
      for (int n = 0; n < objects; n++) {
        builder.annotation(i, 10L * random.nextInt(1, categories + 1), n % 5 == 4, blob());
      }
    }
    return builder.build();
  }

  private CocoDetections detections(CocoGroundTruth truth, int each) {
    CocoDetections.Builder builder = CocoDetections.builder(truth);
    for (CocoGroundTruth.Image image : truth.images()) {
      List<Instance> objects = truth.annotations(image.id());
      for (int n = 0; n < each; n++) {
        Instance object = objects.get(random.nextInt(objects.size()));
        Box box = object.box().orElseThrow();
        double jitter = random.nextDouble(0.7, 1.3);
        Rle mask =
            near(
                box.x() + box.width() / 2 + random.nextDouble(-4, 4),
                box.y() + box.height() / 2,
                Math.max(2, box.width() / 2 * jitter));
        // Few different scores, so that ties occur.
        builder.add(
            image.id(),
            truth.categories().get(object.category()).id(),
            random.nextInt(10) / 10.0,
            mask);
      }
    }
    return builder.build();
  }

  /** The part of a set that is on some of its images. */
  private static CocoDetections part(CocoDetections whole, int remainder, int parts) {
    CocoGroundTruth truth = whole.truth();
    CocoGroundTruth.Builder some = CocoGroundTruth.builder();
    truth.categories().forEach(category -> some.category(category.id(), category.name()));
    for (CocoGroundTruth.Image image : truth.images()) {
      if (image.id() % parts == remainder) {
        some.image(image.id(), image.width(), image.height());
        for (Instance object : truth.annotations(image.id())) {
          some.annotation(image.id(), truth.categories().get(object.category()).id(), object);
        }
      }
    }
    CocoDetections.Builder found = CocoDetections.builder(some.build());
    for (Instance object : whole.instances()) {
      long image = truth.images().get(object.image()).id();
      if (image % parts == remainder) {
        found.add(
            image,
            truth.categories().get(object.category()).id(),
            object.score(),
            object.outline().rle(SIDE, SIDE));
      }
    }
    return found.build();
  }

  @Test
  void partsOfASetMergeIntoTheScoresOfTheWhole() {
    CocoDetections whole = detections(truth(23, 4, 7), 9);
    List<CocoProtocol> protocols =
        List.of(
            CocoProtocol.coco(),
            CocoProtocol.coco().useCategories(false).maxDetections(1, 3),
            CocoProtocol.coco().overlap(Overlap.BOUNDARY).images(List.of(3L, 4L, 5L, 20L)),
            CocoProtocol.coco().overlap(Overlap.BOX).categories(List.of(30L, 10L)));
    for (CocoProtocol protocol : protocols) {
      CocoEvaluator evaluator = new CocoEvaluator(protocol, 1, Progress.SILENT);
      CocoScores expected = evaluator.evaluate(whole);
      List<CocoMatches> parts = new ArrayList<>();
      for (int remainder : new int[] {3, 0, 2, 1}) {
        parts.add(evaluator.match(part(whole, remainder, 4)));
      }
      assertArrayEquals(all(expected), all(CocoMatches.merge(parts).scores()));
      CocoScores byCategory =
          CocoMatches.merge(parts).byCategory().stream()
              .map(CocoMatches::scores)
              .reduce(CocoScores::merge)
              .orElseThrow();
      assertArrayEquals(all(expected), all(byCategory));
      assertEquals(expected.categories(), byCategory.categories());
      assertEquals(expected.warnings(), byCategory.warnings());
      assertThrows(
          IllegalArgumentException.class,
          () -> CocoMatches.merge(List.of(parts.get(0), parts.get(0))));
    }
  }

  private static double[] all(CocoScores scores) {
    List<Double> values = new ArrayList<>();
    for (int k = 0; k < scores.categories().size(); k++) {
      for (int t = 0; t < scores.iouThresholds().length; t++) {
        for (int a = 0; a < scores.areas().size(); a++) {
          for (int m = 0; m < scores.maxDetections().length; m++) {
            values.add(scores.recall(t, k, a, m));
            for (int r = 0; r < scores.recallThresholds().length; r++) {
              values.add(scores.precision(t, r, k, a, m));
              values.add(scores.score(t, r, k, a, m));
            }
          }
        }
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  @Test
  void groundTruthAsPredictionIsPerfect() {
    CocoGroundTruth.Builder builder = CocoGroundTruth.builder().category(1, "blob");
    for (int i = 1; i <= 5; i++) {
      builder.image(i, SIDE, SIDE).annotation(i, 1, false, near(30, 40, 10 + i));
    }
    CocoGroundTruth truth = builder.build();
    CocoDetections.Builder found = CocoDetections.builder(truth);
    for (int i = 1; i <= 5; i++) {
      Rle mask = truth.annotations(i).get(0).outline().rle(SIDE, SIDE);
      found.add(i, 1, 0.5, mask);
    }
    CocoScores scores = new CocoEvaluator(CocoProtocol.coco()).evaluate(found.build());
    assertEquals(1, scores.summary().get("AP"), 1e-12);
    assertEquals(1, scores.summary().get("AR1"), 1e-12);
    assertEquals(-1, scores.summary().get("APl"));
  }

  @Test
  void resultDoesNotDependOnThreads() {
    CocoDetections found = detections(truth(30, 4, 8), 30);
    double[] one = all(new CocoEvaluator(CocoProtocol.coco(), 1, Progress.SILENT).evaluate(found));
    double[] four = all(new CocoEvaluator(CocoProtocol.coco(), 4, Progress.SILENT).evaluate(found));
    assertArrayEquals(one, four);
  }

  @Test
  void prunedOverlapsChangeNothing() {
    CocoDetections found = detections(truth(20, 1, 8), 30);
    CocoEvaluator evaluator = new CocoEvaluator(CocoProtocol.coco());
    for (CocoGroundTruth.Image image : found.truth().images()) {
      UnitMatcher exact = evaluator.matcher(found, image.id(), 10);
      for (int d = 0; d < exact.detections().length; d++) {
        for (int g = 0; g < exact.truths().length; g++) {
          assertEquals(overlap(exact.detections()[d], exact.truths()[g]), exact.overlap(d, g), 0);
        }
      }
    }
  }

  private static double overlap(Instance detection, Instance truth) {
    Mask found = detection.outline().rle(SIDE, SIDE).mask();
    Mask object = truth.outline().rle(SIDE, SIDE).mask();
    int shared = found.intersection(object);
    return truth.crowd() && shared > 0 ? (double) shared / found.area() : found.iou(object);
  }

  @Test
  void orderOfImagesDoesNotMatter() {
    CocoGroundTruth truth = truth(12, 3, 6);
    CocoDetections found = detections(truth, 20);
    CocoDetections.Builder reversed = CocoDetections.builder(truth);
    for (CocoGroundTruth.Image image : truth.images()) {
      for (Instance one : found.detections(image.id())) {
        long category = truth.categories().get(one.category()).id();
        Rle mask = one.outline().rle(image.width(), image.height());
        reversed.add(image.id(), category, one.score(), mask);
      }
    }
    CocoEvaluator evaluator = new CocoEvaluator(CocoProtocol.coco());
    assertArrayEquals(all(evaluator.evaluate(found)), all(evaluator.evaluate(reversed.build())));
  }

  @Test
  void nothingFoundIsZeroWhereThereIsSomethingToFind() {
    CocoScores scores =
        new CocoEvaluator(CocoProtocol.coco())
            .evaluate(CocoDetections.builder(truth(3, 2, 4)).build());
    assertEquals(0, scores.summary().get("AP"));
    assertEquals(0, scores.summary().get("AR100"));
  }

  @Test
  void writesResultsThatReadBackEqual(@TempDir Path folder) throws IOException {
    CocoGroundTruth truth = truth(6, 2, 5);
    CocoDetections found = detections(truth, 10);
    Path file = folder.resolve("results.json");
    found.write(file);
    CocoDetections again = CocoDetections.read(file, truth);
    assertEquals(found.size(), again.size());
    CocoEvaluator evaluator = new CocoEvaluator(CocoProtocol.coco());
    assertArrayEquals(all(evaluator.evaluate(found)), all(evaluator.evaluate(again)));
  }

  @Test
  void classAgnosticEvaluationFindsObjectsUnderWrongNames() {
    CocoGroundTruth truth =
        CocoGroundTruth.builder()
            .category(1, "cat")
            .category(2, "dog")
            .image(1, SIDE, SIDE)
            .annotation(1, 1, false, near(50, 50, 20))
            .build();
    CocoDetections found = CocoDetections.builder(truth).add(1, 2, 0.9, near(50, 50, 20)).build();
    assertEquals(0, new CocoEvaluator(CocoProtocol.coco()).evaluate(found).summary().get("AP"));
    assertEquals(
        1,
        new CocoEvaluator(CocoProtocol.coco().useCategories(false))
            .evaluate(found)
            .summary()
            .get("AP"),
        1e-12);
  }

  @Test
  void refusesWhatCannotBeEvaluated() {
    CocoGroundTruth truth = truth(1, 1, 2);
    CocoDetections.Builder found = CocoDetections.builder(truth);
    Rle wrong = Mask.empty(5, 5).rle();
    String size =
        assertThrows(IllegalArgumentException.class, () -> found.add(1, 10, 0.5, wrong))
            .getMessage();
    assertTrue(size.contains("120") && size.contains("5"), size);
    assertThrows(IllegalArgumentException.class, () -> found.add(1, 10, Double.NaN, blob()));
    assertThrows(IllegalArgumentException.class, () -> found.add(9, 10, 0.5, blob()));
    assertThrows(IllegalArgumentException.class, () -> found.add(1, 11, 0.5, blob()));
    CocoProtocol builder = CocoProtocol.coco();
    assertThrows(IllegalArgumentException.class, () -> builder.iouThresholds(0.5, 1.5));
    assertThrows(IllegalArgumentException.class, () -> builder.maxDetections(0));
    CocoEvaluator unknown = new CocoEvaluator(CocoProtocol.coco().images(List.of(77L)));
    assertThrows(IllegalArgumentException.class, () -> unknown.evaluate(found.build()));
  }

  @Test
  void surprisingNumbersOfDetectionsAreTold() {
    CocoDetections found = detections(truth(3, 1, 8), 30);
    CocoScores three = new CocoEvaluator(CocoProtocol.coco().maxDetections(1, 3)).evaluate(found);
    assertEquals(2, three.warnings().size(), three.warnings().toString());
    assertTrue(three.warnings().get(0).contains("prints -1"), three.warnings().toString());
    assertTrue(
        three.warnings().get(1).contains("image 1 has 8 objects of category 1")
            && three.warnings().get(1).endsWith("so for 2 more"),
        three.warnings().toString());
    CocoScores coco = new CocoEvaluator(CocoProtocol.coco()).evaluate(found);
    assertEquals(List.of(), coco.warnings());
  }

  @Test
  void aProtocolStaysAsItIsWhenAnotherIsMadeOfIt() {
    CocoProtocol protocol = CocoProtocol.coco();
    assertFalse(protocol.useCategories(false).useCategories());
    assertTrue(protocol.useCategories());
  }

  @Test
  void harmonicMeanIsOfTheGroups() {
    CocoDetections found = detections(truth(20, 4, 6), 30);
    CocoScores scores = new CocoEvaluator(ZeroShotScores.protocol(Overlap.MASK)).evaluate(found);
    ZeroShotScores groups = ZeroShotScores.of(scores, List.of(10L, 20L));
    double a = groups.seen().ap();
    double b = groups.unseen().ap();
    assertEquals(2 * a * b / (a + b), groups.harmonicMean().ap(), 1e-12);
    assertEquals(-1, ZeroShotScores.of(scores, List.of()).harmonicMean().ap());
  }

  @Test
  void confusionsMatchTheBestDetectionsWhateverTheirCategory() {
    CocoGroundTruth truth =
        CocoGroundTruth.builder()
            .category(7, "cat")
            .category(3, "dog")
            .image(1, 40, 10)
            .annotation(1, 7, false, square(0))
            .annotation(1, 7, false, square(10))
            .annotation(1, 3, false, square(20))
            .annotation(1, 3, true, square(30))
            .build();
    CocoDetections found =
        CocoDetections.builder(truth)
            .add(1, 3, 0.9, square(0)) // a cat taken for a dog
            .add(1, 7, 0.8, square(10))
            .add(1, 3, 0.7, square(30)) // on the crowd: left out
            .add(1, 7, 0.6, square(5)) // on nothing, and the last of three
            .add(1, 3, 0.5, square(20)) // one too many
            .build();
    // In rising order of ids: dog, cat, nothing.
    long[][] expected = {{0, 0, 1}, {1, 1, 0}, {0, 1, 0}};
    assertArrayEquals(expected, new CocoEvaluator(CocoProtocol.coco()).confusions(found));
    long[][] cats = {{1, 1}, {0, 0}};
    assertArrayEquals(
        cats,
        new CocoEvaluator(CocoProtocol.coco().categories(List.of(7L)).images(List.of(1L)))
            .confusions(CocoDetections.builder(truth).add(1, 7, 0.8, square(10)).build()),
        "the other cat is missed");
  }

  private static Rle square(int from) {
    return Mask.of(40, 10, (x, y) -> x >= from && x < from + 10).rle();
  }

  private static String refusal(Path file, Executable reading) {
    String message = assertThrows(InvalidDataException.class, reading).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    return message;
  }

  @Test
  void namesFilesThatAreNone(@TempDir Path folder) throws IOException {
    refusal(folder, () -> CocoGroundTruth.read(folder));
    Path file = folder.resolve("instances.json.gz");
    byte[] damaged = new byte[64];
    damaged[0] = 0x1f;
    damaged[1] = (byte) 0x8b;
    Files.write(file, damaged);
    refusal(file, () -> CocoGroundTruth.read(file));
    damaged[2] = 8; // a sound header before damaged data
    Arrays.fill(damaged, 10, 64, (byte) 0x77);
    Files.write(file, damaged);
    refusal(file, () -> CocoGroundTruth.read(file));
  }

  @Test
  void namesMasksThatCannotBelongTogether(@TempDir Path folder) throws IOException {
    String text =
        """
        {"images": [{"id": 1, "file_name": "a.png"%s}],
         "categories": [{"id": 4, "name": "cat"}],
         "annotations": [{"id": 5, "image_id": 1, "category_id": 4, "iscrowd": 0, "area": 4,
           "segmentation": %s}]}
        """;
    Path file = folder.resolve("instances.json");
    Files.writeString(file, text.formatted("", "{\"size\": [4, 4], \"counts\": [0, 4, 12]}"));
    Path results = folder.resolve("results.json");
    Files.writeString(
        results,
        """
        [{"image_id": 1, "category_id": 4, "score": 0.5,
          "segmentation": {"size": [2, 8], "counts": [0, 4, 12]}}]
        """);
    CocoDetections found = CocoDetections.read(results, CocoGroundTruth.read(file));
    String message = refusal(results, () -> new CocoEvaluator(CocoProtocol.coco()).evaluate(found));
    assertTrue(message.contains("[0]") && message.contains("image 1"), message);

    Files.writeString(
        file, text.formatted(", \"width\": 9, \"height\": 9", "[[0, 0, 1e9, 0, 1e9, 5]]"));
    assertTrue(refusal(file, () -> CocoGroundTruth.read(file)).contains("annotation 5"));
  }
}
