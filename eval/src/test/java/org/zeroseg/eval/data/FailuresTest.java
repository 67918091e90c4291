package org.zeroseg.eval.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.Progress;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.run.Evaluation;
import org.zeroseg.eval.run.SemanticPredictor;

/** Annotations and label pictures that were once misread, with the values that are right. */
class FailuresTest {

  /** Holds the files of a folder against what is right. */
  private interface Check {
    void run(Path folder) throws IOException;
  }

  private static final Map<String, Check> CHECKS =
      Map.of(
          "coco-false-follow-ups", FailuresTest::oneFault,
          "coco-warnings-flood", FailuresTest::countedWarnings,
          "json-trailing-content", FailuresTest::oneDocument,
          "rgb-truth-labels", FailuresTest::coloursAreNoLabels,
          "rgba-predictions-imagenet-s", FailuresTest::alphaSaysNothing,
          "text-encoding", FailuresTest::strictText);

  @TestFactory
  Stream<DynamicTest> folders() throws IOException {
    Path data = Golden.failures().resolve("data");
    if (!Files.isDirectory(data)) {
      return Stream.of(DynamicTest.dynamicTest("data", () -> abort("There is no folder " + data)));
    }
    List<Path> folders;
    try (Stream<Path> all = Files.list(data)) {
      folders = all.sorted().toList();
    }
    return folders.stream()
        .filter(folder -> CHECKS.containsKey(folder.getFileName().toString()))
        .map(
            folder ->
                DynamicTest.dynamicTest(
                    folder.getFileName().toString(),
                    folder.toUri(),
                    () -> CHECKS.get(folder.getFileName().toString()).run(folder)));
  }

  private static void oneFault(Path folder) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(folder.resolve("gt.json"));
    List<String> problems =
        assertThrows(
                InvalidDataException.class,
                () -> CocoDetections.read(folder.resolve("dt.json"), truth))
            .problems();
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(
        problems.get(0).startsWith("[0]: bbox: expected width and height from 0"),
        problems.toString());
  }

  private static void countedWarnings(Path folder) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(folder.resolve("gt.json"));
    assertEquals(1, truth.warnings().size(), truth.warnings().toString());
    assertTrue(truth.warnings().get(0).endsWith("so for 299 more"), truth.warnings().toString());
  }

  private static void oneDocument(Path folder) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(folder.resolve("gt.json"));
    assertEquals(4, CocoDetections.read(folder.resolve("dt_whole.json"), truth).size());
    refused(
        folder.resolve("dt_two_workers.json"), "line", file -> CocoDetections.read(file, truth));
    refused(folder.resolve("gt_twice.json"), "line", CocoGroundTruth::read);
    Path target = Files.createTempDirectory("failures").resolve("selected.json");
    refused(
        folder.resolve("gt_twice.json"), "line", file -> Coco.select(file, List.of(1L), target));
  }

  private static void refused(Path file, String part, Check reading) {
    String message = assertThrows(InvalidDataException.class, () -> reading.run(file)).getMessage();
    assertTrue(message.contains(file.toString()) && message.contains(part), message);
  }

  private static Map<String, Double> summary(SemanticDataset set, Path predictions)
      throws IOException {
    Report report =
        new Evaluation(1, 0, Progress.SILENT)
            .semantic(set, SemanticPredictor.ofFolder(predictions));
    return report.tables().get(0).rows().stream()
        .collect(Collectors.toMap(Report.Row::name, row -> row.values().get(0)));
  }

  private static void coloursAreNoLabels(Path folder) throws IOException {
    SemanticDataset set = Catalog.open("voc2012-val", folder.resolve("data"));
    String message =
        assertThrows(InvalidDataException.class, () -> summary(set, folder.resolve("pred")))
            .getMessage();
    assertTrue(message.contains(set.items().get(0).source().toString()), message);
    SemanticDataset palette =
        SemanticDataset.ofFolders(
            folder.resolve("data/VOCdevkit/VOC2012/JPEGImages"),
            folder.resolve("truth_palette"),
            Vocabularies.voc2012(),
            255);
    Map<String, Double> numbers = summary(palette, folder.resolve("pred"));
    assertEquals(0.530, numbers.get("mean IoU"), 5e-4);
    assertEquals(0.873, numbers.get("pixel accuracy"), 5e-4);
  }

  private static void alphaSaysNothing(Path folder) throws IOException {
    SemanticDataset set = Catalog.open("imagenet-s300-validation", folder);
    try (Stream<Path> all = Files.list(folder)) {
      for (Path predictions :
          all.filter(path -> path.getFileName().toString().startsWith("pred_")).toList()) {
        Map<String, Double> numbers = summary(set, predictions);
        assertEquals(0.847, numbers.get("mean IoU"), 5e-4, predictions.toString());
        assertEquals(0.934, numbers.get("pixel accuracy"), 5e-4, predictions.toString());
      }
    }
  }

  private static void strictText(Path folder) throws IOException {
    refused(folder.resolve("gt_latin1.json"), "UTF-8", CocoGroundTruth::read);
    assertEquals(List.of("a", "b"), DataFiles.lines(folder.resolve("bom.txt")));
    IOException error =
        assertThrows(IOException.class, () -> DataFiles.lines(folder.resolve("latin1.txt")));
    assertTrue(error.getMessage().contains("latin1.txt"), error.getMessage());
  }
}
