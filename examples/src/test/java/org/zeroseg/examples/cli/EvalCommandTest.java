package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of evaluation on a few scenes of ShapeWorld. */
class EvalCommandTest extends CommandTest {

  @TempDir private static Path data;

  @BeforeAll
  static void scenes() {
    ZeroSeg.commandLine()
        .setOut(new PrintWriter(new StringWriter()))
        .execute(
            "shapeworld", "-o", data.resolve("shapeworld").toString(), "-n", "4", "--size", "64");
  }

  @Test
  void segmentsThatNameThemselvesAreReassigned() throws IOException {
    Path html = data.resolve("naming.html");
    evaluate("--kind", "naming", "--names", "shapeworld", "--limit", 2, "--html", html);
    String report = out.toString();
    for (String part :
        new String[] {
          "2 pictures",
          "segment to text at 0.10",
          "text to text at 0.50",
          "Text generation quality",
          "Thresholds",
          "recall"
        }) {
      assertTrue(report.contains(part), part + " in " + report);
    }
    String page = Files.readString(html);
    for (String part : new String[] {"Curves", "Confusion", "Worst and best pictures"}) {
      assertTrue(page.contains(part), part);
    }
  }

  private void evaluate(Object... options) {
    Stream<Object> model =
        Stream.of(options).anyMatch("--predictions"::equals)
            ? Stream.empty()
            : Stream.of("--model", "demo-shapes");
    Stream<Object> command = Stream.of("eval", "shapeworld", "--data", data);
    succeed(Stream.of(command, model, Stream.of(options)).flatMap(part -> part).toArray());
  }

  private void assertSays(String... parts) {
    for (String part : parts) {
      assertTrue((out.toString() + err).contains(part), part + " in " + out + err);
    }
  }

  private void assertPage(Path html, String... parts) throws IOException {
    String page = Files.readString(html);
    for (String part : parts) {
      assertTrue(page.contains("<h2>" + part), part);
    }
  }

  @Test
  void aModelIsEvaluatedOnLabelPictures() throws IOException {
    Path html = data.resolve("semantic.html");
    evaluate("--limit", 3, "--html", html);
    assertSays("3 pictures", "mean IoU", "pixel accuracy");
    assertPage(html, "Summary", "Classes", "Confusion", "Worst and best pictures");
  }

  @Test
  void aModelsInstancesAreEvaluated() throws IOException {
    Path html = data.resolve("instances.html");
    evaluate("--kind", "instances", "--html", html);
    assertSays("class-agnostic", "AR");
    assertPage(html, "Summary", "Categories", "Curves", "Confusion", "Worst and best pictures");
  }

  @Test
  void categoriesThatAreEvaluatedCanBeChosen() throws IOException {
    Path csv = data.resolve("chosen.csv");
    evaluate("--kind", "instances", "--only", "red star,blue ring", "--csv", csv);
    assertSays("Of 64 categories only 2 are evaluated: red star, blue ring.");
    assertEquals(
        2, Files.readAllLines(csv).stream().filter(line -> line.startsWith("Categories,")).count());
    assertEquals(
        1, run("eval", "shapeworld", "--data", data, "--kind", "instances", "--only", "red cow"));
    assertSays("red cow");
    assertEquals(
        1, run("eval", "shapeworld", "--data", data, "--kind", "instances", "--unseen", "1/2"));
    assertSays("1/2", "48/17");
  }

  @Test
  void seenAndUnseenCategoriesAreToldApart() {
    evaluate(
        "--kind", "zero-shot", "--seen", data.resolve("shapeworld/seen.txt"), "--overlap", "box");
    assertSays("Recall@100", "unseen", "harmonic mean");
  }

  @Test
  void anObjectFinderIsEvaluatedOnMasksOfSingleCategories() throws IOException {
    Path html = data.resolve("masks.html");
    evaluate("--kind", "masks", "--raw", "--html", html);
    assertSays("mean over categories", "mean over masks");
    assertPage(html, "Summary", "Categories", "Worst and best pictures");
    evaluate("--kind", "saliency", "--limit", 2);
    assertSays("S-measure");
  }

  @Test
  void truthItselfIsAPerfectPrediction() throws IOException {
    Path labels = data.resolve("shapeworld/labels");
    Path json = data.resolve("perfect.json");
    evaluate("--predictions", labels, "--json", json);
    assertTrue(Files.readString(json).contains("\"value\": 1.0"), Files.readString(json));
    succeed(
        "eval",
        "--kind",
        "saliency",
        "--images",
        data.resolve("shapeworld/images"),
        "--truth",
        labels,
        "--predictions",
        labels,
        "--html",
        data.resolve("saliency.html"));
    assertPage(data.resolve("saliency.html"), "Curves", "Worst and best pictures");
  }

  @Test
  void everyKindSaysWhichDataItLacks() {
    Path nowhere = data.resolve("nowhere");
    for (String kind : new String[] {"semantic", "saliency", "masks", "naming"}) {
      assertEquals(1, run("eval", "voc2012-val", "--data", nowhere, "--kind", kind), kind);
      assertSays(nowhere.resolve("VOCdevkit").toString(), "VOCtrainval");
    }
    assertEquals(1, run("eval", "coco-20k", "--data", nowhere, "--kind", "instances"));
    assertSays("instances_train2014_sel20k.json", "LOST");
    assertEquals(2, run("eval", "zero-shot"));
    assertSays("eval zero-shot needs DATASET or --annotations");
    assertEquals(2, run("eval", "masks"));
    assertSays("eval masks needs DATASET");
    assertEquals(
        1, run("eval", "--kind", "zero-shot", "--annotations", nowhere, "--predictions", nowhere));
    assertSays("there is no file " + nowhere);
  }

  @Test
  void anOptionThatWouldBeIgnoredIsRefused() {
    refused("--seen", "eval", "shapeworld", "--seen", "48/17");
    refused("--limit", "eval", "instances", "shapeworld", "--limit", 3);
    refused("--predictions", "eval", "naming", "shapeworld", "--predictions", data);
    refused("--zutis", "eval", "saliency", "shapeworld", "--zutis", data);
  }

  private void refused(String option, Object... command) {
    assertEquals(2, run(command));
    assertSays("Unknown options: '" + option);
  }

  @Test
  void theKindMayStandAnywhere() {
    String[][] spellings = {
      {"eval", "saliency", "shapeworld", "--limit", "1"},
      {"eval", "--kind", "saliency", "shapeworld", "--limit", "1"},
      {"eval", "shapeworld", "--limit", "1", "--kind=SALIENCY"}
    };
    for (String[] spelling : spellings) {
      succeed(Stream.concat(Stream.of(spelling), Stream.of("--data", data)).toArray());
      assertSays("S-measure");
    }
    assertEquals(2, run("eval", "--kind", "saliencies", "shapeworld"));
    assertSays("saliencies");
    assertEquals(2, run("eval"));
    assertSays("Name a data set");
  }

  @Test
  void seenCategoriesMustBeThere() throws IOException {
    Path names = Files.writeString(data.resolve("names.txt"), "red star\n\nred strar\n");
    Object[] command = {
      "eval", "shapeworld", "-m", "demo-shapes", "--data", data, "--kind", "zero-shot", "--seen", ""
    };
    command[9] = names;
    fail("names.txt: there is no category 'red strar'", command);
    command[9] = "names.tx";
    fail("there is no file names.tx, and there is no split", command);
  }

  @Test
  void aSetWithoutPicturesIsRefused() throws IOException {
    Path world = data.resolve("empty").resolve("shapeworld");
    for (String part : new String[] {"images", "labels"}) {
      Files.createDirectories(world.resolve(part));
    }
    Files.copy(data.resolve("shapeworld/instances.json"), world.resolve("instances.json"));
    fail("0 pictures", "eval", "shapeworld", "--data", data.resolve("empty"));
  }

  @Test
  void theKindsThatASetDoesNotServeAreTold() {
    assertEquals(2, run("eval", "coco-20k", "--data", data));
    assertSays("'coco-20k' with label pictures", "Usage: zeroseg eval semantic --help");
    assertEquals(2, run("eval", "coca", "--data", data, "--kind", "instances"));
    assertSays("'coca' with instances", "Usage: zeroseg eval instances --help");
  }
}
