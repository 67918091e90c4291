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
import picocli.CommandLine;

/** Every kind of evaluation on a few scenes of ShapeWorld. */
class EvalCommandTest {

  @TempDir private static Path data;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(Object... arguments) {
    CommandLine command = ZeroSeg.commandLine();
    command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return command.execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
  }

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
    assertEquals(
        0,
        run(
            "eval",
            "shapeworld",
            "--data",
            data,
            "--kind",
            "naming",
            "--names",
            "shapeworld",
            "--limit",
            2,
            "--html",
            html),
        err.toString());
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
    assertEquals(
        0, run("eval", "shapeworld", "--data", data, "--limit", 3, "--html", html), err.toString());
    assertSays("3 pictures", "mean IoU", "pixel accuracy");
    assertPage(html, "Summary", "Classes", "Confusion", "Worst and best pictures");
  }

  @Test
  void aModelsInstancesAreEvaluated() throws IOException {
    Path html = data.resolve("instances.html");
    assertEquals(
        0,
        run("eval", "shapeworld", "--data", data, "--kind", "instances", "--html", html),
        err.toString());
    assertSays("class-agnostic", "AR");
    assertPage(html, "Summary", "Categories", "Curves", "Confusion", "Worst and best pictures");
  }

  @Test
  void categoriesThatAreEvaluatedCanBeChosen() throws IOException {
    Path csv = data.resolve("chosen.csv");
    assertEquals(
        0,
        run(
            "eval",
            "shapeworld",
            "--data",
            data,
            "--kind",
            "instances",
            "--only",
            "red star,blue ring",
            "--csv",
            csv),
        err.toString());
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
    assertEquals(
        0,
        run(
            "eval",
            "shapeworld",
            "--data",
            data,
            "--kind",
            "zero-shot",
            "--seen",
            data.resolve("shapeworld/seen.txt"),
            "--overlap",
            "box"),
        err.toString());
    assertSays("Recall@100", "unseen", "harmonic mean");
  }

  @Test
  void anObjectFinderIsEvaluatedOnMasksOfSingleCategories() throws IOException {
    Path html = data.resolve("masks.html");
    assertEquals(
        0,
        run("eval", "shapeworld", "--data", data, "--kind", "masks", "--raw", "--html", html),
        err.toString());
    assertSays("mean over categories", "mean over masks");
    assertPage(html, "Summary", "Categories", "Worst and best pictures");
    assertEquals(0, run("eval", "shapeworld", "--data", data, "--kind", "saliency", "--limit", 2));
    assertSays("S-measure");
  }

  @Test
  void truthItselfIsAPerfectPrediction() throws IOException {
    Path labels = data.resolve("shapeworld/labels");
    Path json = data.resolve("perfect.json");
    assertEquals(
        0,
        run("eval", "shapeworld", "--data", data, "--predictions", labels, "--json", json),
        err.toString());
    assertTrue(Files.readString(json).contains("\"value\": 1.0"), Files.readString(json));
    assertEquals(
        0,
        run(
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
            data.resolve("saliency.html")),
        err.toString());
    assertPage(data.resolve("saliency.html"), "Curves", "Worst and best pictures");
  }

  @Test
  void everyKindSaysWhichDataItLacks() {
    Path nowhere = data.resolve("nowhere");
    for (String kind : new String[] {"semantic", "saliency", "masks", "naming"}) {
      assertEquals(
          1, run("eval", "voc2012-val", "--data", nowhere, "--kind", kind, "-p", nowhere), kind);
      assertSays(nowhere.resolve("VOCdevkit").toString(), "VOCtrainval");
    }
    assertEquals(1, run("eval", "coco-20k", "--data", nowhere, "--kind", "instances"));
    assertSays("instances_train2014_sel20k.json", "LOST");
    assertEquals(1, run("eval", "--kind", "zero-shot"));
    assertSays("--kind zero-shot needs DATASET or --annotations");
    assertEquals(
        1, run("eval", "--kind", "zero-shot", "--annotations", nowhere, "--predictions", nowhere));
    assertSays("there is no file " + nowhere);
  }
}
