package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.Attention;

/** Attentions, negative words and presence on the command line, with the demo's CLIPs. */
class AttentionCommandsTest extends CommandTest {

  private static final String WORDS = "red star,blue ring,green square,striped cross";

  @TempDir private static Path shared;
  @TempDir Path folder;
  private Path world;
  private Path picture;

  @BeforeEach
  void scenes() {
    world = shared.resolve("shapeworld");
    picture = world.resolve("images/000001.png");
    if (!Files.exists(world)) {
      succeed("shapeworld", "-o", world, "-n", 3, "--size", 64);
    }
  }

  @Test
  void everyAttentionSegments() {
    for (Attention attention : Attention.PRESETS) {
      succeed(
          "segment",
          picture,
          "-m",
          "demo-shapes",
          "--attention",
          attention.name(),
          "-w",
          WORDS,
          "-o",
          folder);
    }
    assertTrue(Files.exists(folder.resolve("000001.labels.png")));
  }

  @Test
  void evaluationTakesAnAttention() {
    succeed(
        "eval",
        "shapeworld",
        "-m",
        "demo-shapes",
        "--data",
        shared,
        "--attention",
        "SC-CLIP",
        "--limit",
        2);
    assertTrue(out.toString().contains("mean IoU"), out.toString());
  }

  @Test
  void wordsThatAreProbablyAbsentAreNotFound() {
    succeed(
        "segment",
        picture,
        "-m",
        "demo-shapes",
        "--mask-clip",
        "--presence",
        1,
        "-w",
        WORDS,
        "-o",
        folder);
    assertTrue(out.toString().contains("none of the words"), out.toString());
    for (String word : WORDS.split(",", -1)) {
      assertTrue(
          Pattern.compile(word + " +not found, presence 0\\.\\d\\d, below 1\\.00")
              .matcher(out.toString())
              .find(),
          out.toString());
    }
    out.getBuffer().setLength(0);
    succeed(
        "segment",
        picture,
        "-m",
        "demo-shapes",
        "--mask-clip",
        "--presence",
        0,
        "--all-pixels",
        "-w",
        WORDS,
        "-o",
        folder);
    assertFalse(out.toString().contains("none of the words"), out.toString());
  }

  @Test
  void ofSeveralPicturesTheSummaryTellsHowLikelyEachWordIs() {
    Path pictures = picture.getParent();
    succeed("segment", pictures, "-m", "demo-shapes", "--mask-clip", "-w", WORDS, "-o", folder);
    String first = out.toString();
    assertFalse(first.contains("not found,"), first);
    assertTrue(first.contains("where their presence is below 0.50"), first);
    String summary = first.substring(first.indexOf("presence: mean, most"));
    for (String word : WORDS.split(",", -1)) {
      assertTrue(
          Pattern.compile(word + " +\\d+ +\\d+\\.\\d % +0\\.\\d\\d +0\\.\\d\\d")
              .matcher(summary)
              .find(),
          summary);
    }
    out.getBuffer().setLength(0);
    succeed(
        "segment",
        pictures,
        "-m",
        "demo-shapes",
        "--mask-clip",
        "-w",
        WORDS,
        "-o",
        folder,
        "--skip-existing");
    String again = out.toString();
    assertTrue(again.contains("3 done before"), again);
    assertTrue(again.contains(summary.substring(0, summary.indexOf("gallery"))), again);
  }

  @Test
  void negativeWordsGoBesidesTheBackground() {
    succeed(
        "segment",
        picture,
        "-m",
        "demo-shapes",
        "--mask-clip",
        "-w",
        "red star",
        "--not",
        "blue ring, sand",
        "-o",
        folder);
    misuse(
        "--not",
        "segment",
        picture,
        "-m",
        "demo-shapes",
        "--mask-clip",
        "-w",
        "red star",
        "--not",
        "red star");
  }

  @Test
  void whatHasNoMeaningIsRefused() {
    misuse("naclip", "segment", picture, "-m", "demo-shapes", "--attention", "none", "-w", WORDS);
    misuse(
        "--dino",
        "segment",
        picture,
        "-m",
        "demo-shapes",
        "--attention",
        "naclip",
        "--dino",
        "x",
        "-w",
        WORDS);
    misuse(
        "--attention",
        "segment",
        picture,
        "-m",
        "demo-shapes",
        "--attention",
        "gem",
        "--zutis",
        "x",
        "-w",
        WORDS);
    misuse(
        "--presence",
        "segment",
        picture,
        "-m",
        "demo-shapes",
        "--mask-clip",
        "--presence",
        2,
        "-w",
        WORDS);
    misuse("--presence", "segment", picture, "-m", "demo-shapes", "--presence", 0.5, "-w", WORDS);
  }
}
