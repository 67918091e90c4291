package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Look;
import org.zeroseg.examples.shapeworld.Shape;
import org.zeroseg.examples.shapeworld.Split;

/** From annotations and word vectors to a trained network by commands alone. */
class ZsiCommandsTest extends CommandTest {

  @TempDir Path folder;
  private Path world;
  private Path split;
  private Path vectors;

  @BeforeEach
  void sceneSplitAndVectors() throws IOException {
    world = folder.resolve("world");
    succeed("shapeworld", "-n", 8, "--size", 64, "--most", 2, "-o", world);
    split = folder.resolve("classes.json");
    Files.writeString(
        split,
        "{\"seen\": [%s], \"unseen\": [%s]}".formatted(names(Split.SEEN), names(Split.UNSEEN)));
    SplittableRandom random = new SplittableRandom(1);
    vectors = folder.resolve("glove.txt");
    Files.write(
        vectors,
        Stream.concat(
                Stream.of(Look.values()).map(Look::word),
                Stream.of(Shape.values()).map(Shape::word))
            .map(
                word ->
                    word
                        + Stream.generate(
                                () -> String.format(Locale.ROOT, " %.5f", random.nextGaussian()))
                            .limit(12)
                            .collect(Collectors.joining()))
            .toList());
  }

  private static String names(Split split) {
    return split.categories().stream()
        .map(Category::words)
        .map(words -> "\"" + words + "\"")
        .collect(Collectors.joining(", "));
  }

  private Path words() {
    Path words = folder.resolve("words.txt");
    succeed("zsi", "words", "--split", split, "--vectors", vectors, "-o", words);
    return words;
  }

  @Test
  void wordVectorsAndAnnotationsOfASplitAreMadeByCommands() throws IOException {
    assertEquals(12, Files.readAllLines(words()).size());
    assertTrue(out.toString().contains("48 seen and 16 unseen classes"), out.toString());
    assertTrue(Files.exists(folder.resolve("words.classes.json")));
    Path embedded = folder.resolve("clip.txt");
    succeed("zsi", "words", "--split", split, "--clip", "demo-shapes", "-o", embedded);
    assertEquals(128, Files.readAllLines(embedded).size());
    Path annotations = world.resolve("instances.json");
    succeed(
        "zsi",
        "split",
        annotations,
        "--split",
        split,
        "--kind",
        "generalised",
        "-o",
        folder.resolve("test.json"));
    assertTrue(out.toString().contains("test.json: "), out.toString());
    misuse("--vectors", "zsi", "words", "--split", split);
    misuse(
        "--plain-rpn",
        "train",
        "zsi",
        annotations,
        "--images",
        world,
        "--split",
        split,
        "--vectors",
        folder.resolve("words.txt"),
        "--plain-rpn",
        "--sync-masks");
    misuse("--kind", "zsi", "split", annotations, "--split", split, "-o", "x.json");
    fail("glove.txt", "zsi", "split", vectors, "--split", split, "--kind", "unseen", "-o", "x");
  }

  @Test
  void theDemoNeedsNeitherFilesNorWords() throws IOException {
    Path picture = world.resolve("images").resolve("000000.png");
    Path results = folder.resolve("results");
    succeed("segment", picture, "--zsi", "demo", "-o", results);
    assertTrue(out.toString().contains("64 x 64"), out.toString());
    succeed("segment", picture, "--zsi", "demo", "--words", "star, striped", "-o", results);
    misuse("own words", "segment", picture, "--zsi", "demo", "--word-vectors", vectors);
  }

  @Test
  @Tag("slow")
  void aNetworkIsTrainedAskedAndEvaluated() throws IOException {
    Path train = folder.resolve("train.json");
    succeed(
        "zsi",
        "split",
        world.resolve("instances.json"),
        "--split",
        split,
        "--kind",
        "training",
        "-o",
        train);
    Path out1 = folder.resolve("zsi");
    Object[] command = {
      "train",
      "zsi",
      train,
      "--images",
      world.resolve("images"),
      "--split",
      split,
      "--vectors",
      words(),
      "--depth",
      18,
      "--channels",
      8,
      "--features",
      16,
      "--epochs",
      1,
      "--batch",
      2,
      "--shorter-side",
      64,
      "--longer-side",
      64,
      "--masks-per-picture",
      4,
      "--half",
      "-o",
      out1
    };
    succeed(command);
    Path model = out1.resolve("zsi.safetensors");
    assertTrue(Files.size(model) > 0);
    Path picture;
    try (Stream<Path> files = Files.list(world.resolve("images"))) {
      picture = files.sorted().findFirst().orElseThrow();
    }
    Path results = folder.resolve("results");
    succeed("segment", picture, "--zsi", model, "--words", "red star, blue ring", "-o", results);
    assertTrue(out.toString().contains("64 x 64"), out.toString());
    succeed(
        "eval",
        "zero-shot",
        "--annotations",
        world.resolve("instances.json"),
        "--images",
        world.resolve("images"),
        "--zsi",
        model,
        "--overlap",
        "box");
    assertTrue(out.toString().contains("Recall@100"), out.toString());
    Path plain = folder.resolve("plain");
    command[command.length - 1] = plain;
    Stream<Object> more =
        Stream.of(
            "--plain-rpn",
            "--no-encoders",
            "--validate",
            world.resolve("instances.json"),
            "--validate-images",
            world.resolve("images"));
    succeed(Stream.concat(Stream.of(command), more).toArray());
    assertTrue(out.toString().contains("unseen recall@100"), out.toString());
    model = plain.resolve("zsi.safetensors");
    succeed("segment", picture, "--zsi", model, "--words", "red star, blue ring", "-o", results);
    misuse("--zutis", "segment", picture, "--zsi", model, "--zutis", model, "--words", "red star");
    misuse("--zsi", "segment", picture, "--looks-for", "seen", "--words", "red star");
    fail(
        "word vector of 'tram'",
        "segment",
        picture,
        "--zsi",
        model,
        "--words",
        "tram",
        "-o",
        results);
  }
}
