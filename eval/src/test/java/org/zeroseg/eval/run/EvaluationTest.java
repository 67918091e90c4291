package org.zeroseg.eval.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.coco.CocoProtocol;
import org.zeroseg.eval.coco.Overlap;
import org.zeroseg.eval.coco.ZeroShotScores;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.naming.NamingEvaluator;
import org.zeroseg.eval.naming.TextEmbedder;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.saliency.SaliencyMetrics;

class EvaluationTest {

  private static final int SIDE = 16;

  @TempDir Path folder;
  private final Evaluation evaluation = new Evaluation(2, 1, Progress.SILENT);

  @BeforeEach
  void writeSet() throws IOException {
    for (String part : List.of("images", "labels", "predictions")) {
      Files.createDirectories(folder.resolve(part));
    }
    for (int i = 0; i < 4; i++) {
      int edge = 4 + i;
      Picture.of(PixelFormat.RGB, SIDE, SIDE, new byte[3 * SIDE * SIDE])
          .writePng(folder.resolve("images/" + i + ".png"));
      write("labels", i, edge);
      write("predictions", i, i == 0 ? edge : edge + 2);
    }
  }

  private void write(String part, int i, int edge) throws IOException {
    int[] labels = new int[SIDE * SIDE];
    for (int at = 0; at < labels.length; at++) {
      labels[at] = at % SIDE < edge ? 1 + i % 2 : 0;
    }
    LabelMap.of(SIDE, SIDE, labels).write(folder.resolve(part + "/" + i + ".png"), false);
  }

  private SemanticDataset dataset() throws IOException {
    return SemanticDataset.ofFolders(
        folder.resolve("images"), folder.resolve("labels"), Vocabulary.of("cat", "dog"), 255);
  }

  private Report report() throws IOException {
    return evaluation.semantic(
        dataset(), SemanticPredictor.ofFolder(folder.resolve("predictions")));
  }

  @Test
  void reportsLabelPicturesOnDisk() throws IOException {
    Report report = report();
    double iou = report.tables().get(0).rows().get(0).values().get(0);
    // cat: (4 + 6) of (4 + 8) columns; dog: (5 + 7) of (7 + 9); background: the rest.
    double background = (12 + 9 + 8 + 7) / (double) (12 + 11 + 10 + 9);
    assertEquals((10 / 12.0 + 12 / 16.0 + background) / 3, iou, 1e-12);
    assertEquals(2, report.examples().size());
    assertEquals("0", report.examples().get(1).name());
    assertTrue(report.toString().contains("pixel accuracy"), report.toString());
  }

  @Test
  void writesEveryForm() throws IOException {
    Report report = report();
    report.writeJson(folder.resolve("report.json"));
    report.writeCsv(folder.resolve("report.csv"));
    report.writeHtml(folder.resolve("report.html"));
    JsonObject json =
        JsonParser.parseString(Files.readString(folder.resolve("report.json"))).getAsJsonObject();
    assertEquals(
        report.tables().get(0).rows().get(0).values().get(0),
        json.getAsJsonObject("tables")
            .getAsJsonObject("Summary")
            .getAsJsonObject("mean IoU")
            .get("value")
            .getAsDouble());
    assertTrue(Files.readString(folder.resolve("report.csv")).contains("Summary,mean IoU,"));
    String html = Files.readString(folder.resolve("report.html"));
    assertTrue(html.contains("data:image/png;base64,") && html.contains("</html>"));
    assertFalse(html.contains("http"), "the file must stand alone");
  }

  @Test
  void resultDoesNotDependOnThreads() throws IOException {
    Evaluation alone = new Evaluation(1, 1, Progress.SILENT);
    Report one =
        alone.semantic(dataset(), SemanticPredictor.ofFolder(folder.resolve("predictions")));
    assertEquals(one.tables(), report().tables());
  }

  @Test
  void aPictureThatCannotBeReadFailsOnlyWhereAModelLooksAtIt() throws IOException {
    SemanticDataset dataset = dataset();
    SemanticDataset.Item broken = dataset.items().get(2);
    Files.write(broken.image(), new byte[] {1, 2, 3});
    SemanticDataset.Item read = broken.loaded();
    Files.delete(broken.source());
    assertEquals(SIDE, read.truth().width());
    IOException failure = assertThrows(IOException.class, read::picture);
    assertTrue(failure.getMessage().contains(broken.image().toString()), failure::getMessage);
    Evaluation alone = new Evaluation(1, 0, Progress.SILENT);
    assertThrows(IOException.class, () -> alone.semantic(dataset, item -> item.truth()));
    List<Integer> widths = new ArrayList<>();
    alone.semantic(
        dataset.first(2),
        item -> {
          widths.add(item.picture().width());
          return item.truth();
        });
    assertEquals(List.of(SIDE, SIDE), widths);
  }

  @Test
  void averagesASingleCategoryOverPictures() throws IOException {
    SemanticDataset cats = dataset().only("cat");
    SemanticPredictor labels = SemanticPredictor.ofFolder(folder.resolve("predictions"));
    Report report =
        evaluation.semantic(cats, item -> labels.predict(item).map(label -> label == 1 ? 1 : 0));
    double mean = report.tables().get(1).rows().get(0).values().get(0);
    assertEquals((4 / 4.0 + 6 / 8.0) / 2, mean, 1e-6);
  }

  @Test
  void reportsMasksOfExpertsByCategory() throws IOException {
    Files.createDirectories(folder.resolve("predictions/dog"));
    for (int i = 1; i < 4; i += 2) {
      Files.copy(
          folder.resolve("labels/" + i + ".png"), folder.resolve("predictions/dog/" + i + ".png"));
    }
    Report report =
        evaluation.masks(dataset(), MaskPredictor.ofFolder(folder.resolve("predictions")));
    List<Report.Row> categories = report.tables().get(1).rows();
    assertEquals("cat", categories.get(0).name());
    assertEquals((4 / 4.0 + 6 / 8.0) / 2, categories.get(0).values().get(0), 1e-6);
    assertEquals(
        List.of(1.0, 2.0),
        categories.get(1).values().stream().map(v -> Math.rint(1e6 * v) / 1e6).toList());
    assertEquals((0.875 + 1) / 2, report.tables().get(0).rows().get(0).values().get(0), 1e-6);
    assertEquals(2, report.examples().size());
  }

  @Test
  void picturesCanBeChosenByHowManyCategoriesTheyHold() throws IOException {
    assertEquals(4, dataset().holding(1, 1).size());
    assertEquals(0, dataset().holding(2, 9).size());
    assertEquals(3, dataset().first(3).size());
  }

  @Test
  void namesAMissingPrediction() throws IOException {
    Files.delete(folder.resolve("predictions/2.png"));
    InvalidDataException error = assertThrows(InvalidDataException.class, this::report);
    assertTrue(error.getMessage().contains("2.png"), error.getMessage());
  }

  @Test
  void namesAPredictionThatIsNoClass() throws IOException {
    LabelMap.of(SIDE, SIDE, new int[SIDE * SIDE])
        .map(label -> 9)
        .write(folder.resolve("predictions/3.png"), false);
    IllegalArgumentException error = assertThrows(IllegalArgumentException.class, this::report);
    assertTrue(
        error.getMessage().startsWith("3: ") && error.getMessage().contains("9"),
        error.getMessage());
  }

  @Test
  void namesPicturesWithoutTruth() throws IOException {
    Files.delete(folder.resolve("labels/1.png"));
    InvalidDataException error = assertThrows(InvalidDataException.class, this::dataset);
    assertTrue(error.getMessage().contains("1.png"), error.getMessage());
  }

  @Test
  void checkFindsTruthOfAnotherSizeAndStrangeLabels() throws IOException {
    LabelMap.of(3, 2, new int[] {0, 1, 2, 3, 255, 0}).write(folder.resolve("labels/1.png"), false);
    List<String> defects = dataset().check();
    assertEquals(2, defects.size(), defects.toString());
    assertTrue(defects.get(0).contains("3 x 2"), defects.toString());
    assertTrue(defects.get(1).contains("label 3"), defects.toString());
  }

  @Test
  void reportsSaliencyMaps() throws IOException {
    for (int i = 0; i < 4; i++) {
      LabelMap.read(folder.resolve("labels/" + i + ".png"))
          .map(label -> label > 0 ? 255 : 0)
          .write(folder.resolve("predictions/" + i + ".png"), false);
    }
    Report report =
        evaluation.saliency(
            dataset(),
            SemanticPredictor.ofGreyFolder(folder.resolve("predictions")),
            new SaliencyMetrics(SaliencyMetrics.FIELD));
    assertEquals(1, report.tables().get(0).rows().get(0).values().get(0), 1e-6);
    assertEquals(0, report.tables().get(0).rows().get(2).values().get(0), 1e-12);
    assertEquals(2, report.examples().size());
    assertEquals(1, report.charts().size());
  }

  @Test
  void reportsInstances() throws IOException {
    Mask mask = Mask.of(SIDE, SIDE, (x, y) -> x < 8 && y < 8);
    CocoGroundTruth truth =
        CocoGroundTruth.builder()
            .category(3, "cat")
            .image(1, SIDE, SIDE)
            .annotation(1, 3, false, mask.rle())
            .build();
    CocoDetections found = CocoDetections.builder(truth).add(1, 3, 0.5, mask.rle()).build();
    Report report = evaluation.instances(found, CocoProtocol.coco(), Optional.empty());
    assertEquals(1, report.tables().get(0).rows().get(0).values().get(0), 1e-12);
    assertTrue(report.toString().contains("–"), "no large objects: a dash");
    assertEquals(10, report.charts().get(0).curves().size());
    assertEquals(List.of("cat", "nothing"), report.confusion().orElseThrow().names());
    assertEquals(
        List.of(List.of(1.0, 0.0), List.of(0.0, 0.0)), report.confusion().orElseThrow().shares());
  }

  @Test
  void reportsZeroShotDetectionsWithPictures() throws IOException {
    Mask mask = Mask.of(SIDE, SIDE, (x, y) -> x < 8 && y < 8);
    Path file = folder.resolve("instances.json");
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "0.png", "width": 16, "height": 16},
                    {"id": 2, "file_name": "1.png", "width": 16, "height": 16}],
         "categories": [{"id": 3, "name": "cat"}, {"id": 5, "name": "dog"}],
         "annotations": [
          {"id": 1, "image_id": 1, "category_id": 3, "iscrowd": 0, "area": 64,
           "bbox": [0, 0, 8, 8], "segmentation": [[0, 0, 0, 8, 8, 8, 8, 0]]},
          {"id": 2, "image_id": 2, "category_id": 5, "iscrowd": 0, "area": 64,
           "bbox": [0, 0, 8, 8], "segmentation": [[0, 0, 0, 8, 8, 8, 8, 0]]}]}
        """);
    CocoGroundTruth truth = CocoGroundTruth.read(file);
    CocoDetections found =
        CocoDetections.builder(truth).add(1, 3, 0.5, mask.rle()).add(2, 3, 0.6, mask.rle()).build();
    Report report =
        evaluation.zeroShot(
            found,
            ZeroShotScores.protocol(Overlap.MASK),
            List.of(3L),
            Optional.of(folder.resolve("images")));
    List<Report.Row> groups = report.tables().get(1).rows();
    assertEquals(
        List.of(50.0, 100.0),
        groups.get(0).values().stream().map(v -> (double) Math.round(v)).toList());
    assertEquals(List.of(0.0, 0.0), groups.get(1).values());
    assertEquals("1.png", report.examples().get(0).name());
    assertEquals(0, report.examples().get(0).score());
    assertEquals(
        List.of(1.0, 0.0, 0.0), report.confusion().orElseThrow().shares().get(1), "dog for cat");
  }

  @Test
  void reportsSegmentsThatNameThemselves() throws IOException {
    SemanticDataset dataset = dataset();
    TextEmbedder axes =
        texts ->
            texts.stream()
                .map(text -> text.equals("cat") ? new float[] {1, 0} : new float[] {0, 1})
                .toArray(float[][]::new);
    SegmentNamer perfect =
        new SegmentNamer() {
          @Override
          public List<Segment> discover(SemanticDataset.Item item) throws IOException {
            return name(item, List.of(item.truth().mask(0).not())).orElseThrow();
          }

          @Override
          public Optional<List<Segment>> name(SemanticDataset.Item item, List<Mask> masks)
              throws IOException {
            String name = item.truth().mask(1).isEmpty() ? "dog" : "cat";
            float[] vector = axes.embed(List.of(name))[0];
            return Optional.of(List.of(Segment.of(1, name, 1, masks.get(0)).withEmbedding(vector)));
          }
        };
    Report report =
        evaluation.naming(dataset, perfect, NamingEvaluator.of(dataset, axes, Optional.of(axes)));
    for (Report.Row row : report.tables().get(0).rows()) {
      assertEquals(List.of(1.0, 1.0, 1.0, 1.0), row.values(), row.name());
    }
    assertEquals(1, report.tables().get(1).rows().get(0).values().get(0), "text quality");
    assertEquals(11, report.tables().get(3).rows().size(), "thresholds of Table 6");
    assertEquals(2, report.charts().size());
    assertEquals(1, report.examples().size(), "all are alike: one is the worst and the best");
    assertEquals(List.of(0.0, 1.0, 0.0), report.confusion().orElseThrow().shares().get(1));
  }

  @Test
  void whatAModelRefusesIsHandedOnAsItIs() throws IOException {
    SemanticDataset dataset = dataset();
    for (RuntimeException refusal :
        List.of(new IllegalArgumentException("too small"), new ArithmeticException("lost"))) {
      RuntimeException told =
          assertThrows(
              RuntimeException.class,
              () ->
                  evaluation.semantic(
                      dataset,
                      item -> {
                        throw refusal;
                      }));
      assertSame(refusal, told);
    }
  }

  @Test
  void namesASaliencyMapOfMoreThanEightBits() throws IOException {
    SaliencyMetrics metrics = new SaliencyMetrics(SaliencyMetrics.FIELD);
    SemanticDataset dataset = dataset();
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> evaluation.saliency(dataset, item -> item.truth().map(label -> 256), metrics));
    assertTrue(
        error.getMessage().startsWith("0: ") && error.getMessage().contains("256"),
        error.getMessage());
  }

  @Test
  void namesTwoPicturesOfOneName() throws IOException {
    Files.copy(folder.resolve("images/1.png"), folder.resolve("images/1.bmp"));
    InvalidDataException error = assertThrows(InvalidDataException.class, this::dataset);
    assertTrue(
        error.getMessage().contains("1.png") && error.getMessage().contains("1.bmp"),
        error.getMessage());
  }

  @Test
  void reportsAreTheSameInEveryLanguage() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      CocoGroundTruth truth = CocoGroundTruth.builder().category(3, "cat").build();
      CocoDetections none = CocoDetections.builder(truth).build();
      Report report = evaluation.instances(none, CocoProtocol.coco(), Optional.empty());
      assertEquals("IoU 0.50", report.charts().get(0).curves().get(0).name());
      assertTrue(report.toString().contains("IoU 0.5 whatever"), report.toString());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void namesAPictureOfAnotherSizeThanItsTruth() throws IOException {
    LabelMap small = LabelMap.of(4, 4, new int[16]);
    small.write(folder.resolve("labels/0.png"), false);
    SemanticDataset dataset = dataset();
    RuntimeException labels =
        assertThrows(
            RuntimeException.class,
            () -> new Evaluation(1, 4, Progress.SILENT).semantic(dataset, item -> item.truth()));
    assertTrue(labels.getMessage().contains("0.png"), labels.getMessage());

    Path file = folder.resolve("instances.json");
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "0.png", "width": 8, "height": 8}],
         "categories": [{"id": 3, "name": "cat"}],
         "annotations": [
          {"id": 1, "image_id": 1, "category_id": 3, "iscrowd": 0, "area": 16,
           "segmentation": [[0, 0, 0, 4, 4, 4, 4, 0]]}]}
        """);
    CocoDetections none = CocoDetections.builder(CocoGroundTruth.read(file)).build();
    Optional<Path> images = Optional.of(folder.resolve("images"));
    RuntimeException objects =
        assertThrows(
            RuntimeException.class, () -> evaluation.instances(none, CocoProtocol.coco(), images));
    assertTrue(objects.getMessage().contains("0.png"), objects.getMessage());
  }
}
