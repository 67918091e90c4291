package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** From pictures to a NamedMask by commands alone, with small networks. */
class DistilCommandsTest extends CommandTest {

  private static final Object[] TINY = {
    "--block",
    "BASIC",
    "--blocks",
    "1,1,1,1",
    "--width",
    8,
    "--aspp-channels",
    16,
    "--low-level-channels",
    6,
    "--rates",
    "2,4",
    "--size",
    32,
    "--least-scale",
    0.5,
    "--batch",
    2
  };

  @TempDir Path folder;
  private Path pictures;
  private Path archives;

  @BeforeEach
  void picturesAndArchives() throws IOException {
    pictures = Files.createDirectory(folder.resolve("pictures"));
    ShapeWorld world = new ShapeWorld(2, 64, 1, 1, Split.ALL);
    PseudoMasks masks = new PseudoMasks(folder.resolve("masks"));
    for (int i = 0; i < 4; i++) {
      world.scene(i).image().save(Files.newOutputStream(pictures.resolve(i + ".png")), "png");
      masks.write(i + ".png", Mask.of(64, 64, (x, y) -> Math.hypot(x - 30, y - 30) < 20));
    }
    Map<String, List<String>> names = new LinkedHashMap<>();
    names.put("red star", List.of("0.png", "1.png", "absent.png"));
    names.put("blue ring", List.of("2.png", "3.png", "0.png"));
    archives = folder.resolve("archives.json");
    new Archives(names).write(archives);
  }

  private static Object[] joined(Object[] first, Object... second) {
    return Stream.concat(Stream.of(first), Stream.of(second)).toArray();
  }

  private Object[] experts(Object... options) {
    Object[] command = {
      "experts",
      archives,
      "-p",
      pictures,
      "--masks",
      folder.resolve("masks"),
      "--experts",
      folder.resolve("experts"),
      "-o",
      folder.resolve("refined"),
      "--steps",
      2
    };
    return joined(joined(command, TINY), options);
  }

  private Object[] train(Object... options) {
    Object[] command = {
      "train", "namedmask", archives, "-p", pictures, "-o", folder.resolve("model"), "--steps", 2
    };
    return joined(joined(command, TINY), options);
  }

  @Test
  void masksAreRefinedLearntFromAndUsed() throws IOException {
    succeed(experts());
    assertTrue(out.toString().contains("2 experts in "), out.toString());
    assertTrue(out.toString().contains("; 5 masks made, 0 there before"), out.toString());
    assertTrue(out.toString().contains("not read: absent.png"), out.toString());
    assertTrue(Files.exists(folder.resolve("experts/blue ring/loss.png")));
    succeed(train("--masks", folder.resolve("refined"), "--half"));
    succeed(
        "segment",
        pictures.resolve("0.png"),
        "-w",
        "blue ring",
        "--namedmask",
        folder.resolve("model"),
        "-o",
        folder.resolve("results"));
  }

  @Test
  void expertsAreSharedByGroupsOfWords() {
    succeed(experts("--groups", 1, "--duplicates", "reference"));
    assertTrue(out.toString().contains("1 experts in "), out.toString());
    assertTrue(Files.exists(folder.resolve("refined/0.png.json")));
    succeed(train("--masks", folder.resolve("refined"), "--duplicates", "reference"));
  }

  @Test
  void theDetectorsMasksAreLearntFromTooAndMeasuredOnTheWay() throws IOException {
    Path world = folder.resolve("shapeworld");
    succeed("shapeworld", "--out", world, "--count", 2);
    Map<String, List<String>> names = new LinkedHashMap<>();
    Category.all().forEach(category -> names.put(category.words(), List.of("0.png")));
    new Archives(names).write(archives);
    Object[] measurement = {
      "--evaluate-on", "shapeworld", "--data", folder, "--evaluate-every", 1, "--evaluate-first", 1
    };
    Object[] alone = train("--masks", folder.resolve("masks"), "--one-mask", "--objects", 1);
    succeed(joined(alone, measurement));
    assertTrue(out.toString().contains(", mIoU 0."), out.toString());
    assertTrue(Files.exists(folder.resolve("model/score.png")));
  }

  private Object[] distil(Object... options) {
    Object[] command = {
      "distil",
      pictures,
      "--words",
      "red star|ruby star, blue <ring>",
      "-o",
      folder.resolve("model"),
      "-k",
      3,
      "--expert-steps",
      2,
      "--expert-batch",
      2,
      "--steps",
      2
    };
    return joined(joined(command, TINY), options);
  }

  @Test
  void aFolderAndWordsBecomeASegmenterAndAPage() throws IOException {
    Files.writeString(pictures.resolve("a<b>&.png"), "no picture");
    succeed(distil());
    assertTrue(out.toString().contains("[4/6] expert 1 of 2, red star: 2"), out.toString());
    assertTrue(out.toString().contains("not read: a<b>&.png"), out.toString());
    assertTrue(
        out.toString().matches("(?s).*Time: index [0-9.]+ s, .* s, together .*"), out::toString);
    String page = Files.readString(folder.resolve("model/report.html"));
    assertTrue(page.contains("a&lt;b&gt;&amp;.png") && !page.contains("a<b>"), page);
    assertTrue(page.contains("blue &lt;ring&gt;") && !page.contains("blue <ring>"));
    assertTrue(page.contains("Time of the stages: index "));
    assertFalse(page.contains("src=\"http") || page.contains("<script"), "not self-contained");
    succeed(
        "segment",
        pictures.resolve("0.png"),
        "-w",
        "blue <ring>",
        "--namedmask",
        folder.resolve("model/model.safetensors"),
        "-o",
        folder.resolve("results"));
    out.getBuffer().setLength(0);
    succeed(distil());
    assertFalse(out.toString().contains("[4/6]"), out.toString());
    assertFalse(out.toString().contains("[6/6]"), out.toString());
    succeed(distil("--no-experts"));
    assertFalse(out.toString().contains("[4/6]"), out.toString());
    assertTrue(out.toString().contains("[6/6]"), out.toString());
    assertFalse(Files.readString(folder.resolve("model/report.html")).contains("expert"));
  }

  @Test
  void emptyFoldersAndImpossibleNumbersAreRefused() throws IOException {
    misuse("-k 0", "distil", pictures, "-w", "a", "-k", 0);
    misuse("--words", "distil", pictures, "-w", "a, a");
    pictures = Files.createDirectory(folder.resolve("nothing"));
    fail("no picture in ", distil());
  }

  @Test
  void timeLeftIsToldInWords() {
    assertEquals("less than a minute", StageLines.inWords(Duration.ofSeconds(20)));
    assertEquals("2 min", StageLines.inWords(Duration.ofSeconds(100)));
    assertEquals("3 h", StageLines.inWords(Duration.ofMinutes(190)));
  }
}
