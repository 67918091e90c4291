package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.dino.DinoConfig;
import org.zeroseg.dino.SelfMaskConfig;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** From pictures to a trained network by commands alone, with small random models. */
class ZutisCommandsTest extends CommandTest {

  @TempDir Path folder;
  private Path pictures;
  private Path archives;
  private Path clip;

  @BeforeEach
  void picturesArchivesAndModels() throws IOException {
    pictures = Files.createDirectory(folder.resolve("pictures"));
    ShapeWorld world = new ShapeWorld(2, 64, 1, 1, Split.ALL);
    for (int i = 0; i < 4; i++) {
      world.scene(i).image().save(Files.newOutputStream(pictures.resolve(i + ".png")), "png");
    }
    Map<String, List<String>> names = new LinkedHashMap<>();
    names.put("red star", List.of("0.png", "1.png", "absent.png"));
    names.put("blue ring", List.of("2.png", "3.png"));
    archives = folder.resolve("archives.json");
    new Archives(names).write(archives);
    clip = Files.createDirectory(folder.resolve("clip"));
    ClipTokenizer tokenizer = ClipTokenizer.learn(List.of("red star", "blue ring"), 8, 32);
    tokenizer.write(clip);
    ClipConfig config =
        new ClipConfig(
            new ClipConfig.Vit(64, 1, 8, 4),
            new ClipConfig.Text(64, 1, 32, tokenizer.vocabularySize()),
            16);
    try (NDManager manager = NDManager.newBaseManager()) {
      SafetensorsWriter.write(
          clip.resolve("model.safetensors"),
          Weights.of(config.initialWeights(new SplittableRandom(1), manager), "x").checkpoint(),
          Map.of());
    }
  }

  /** Into the folder zutis. */
  private int train(Path masks, Object model, Object... options) {
    Object[] command = {
      "train",
      "zutis",
      archives,
      "-p",
      pictures,
      "--masks",
      masks,
      "--clip",
      model,
      "-o",
      folder.resolve("zutis")
    };
    return run(Stream.concat(Stream.of(command), Stream.of(options)).toArray());
  }

  private Path selfMask() throws IOException {
    Path file = folder.resolve("selfmask.safetensors");
    DinoConfig encoder = SelfMaskConfig.SMALL_8.encoder();
    SelfMaskConfig config = new SelfMaskConfig(encoder, 2, 1, 8, 16);
    try (NDManager manager = NDManager.newBaseManager()) {
      SafetensorsWriter.write(
          file,
          Weights.of(config.initialWeights(new SplittableRandom(1), manager), "x").checkpoint(),
          Map.of());
    }
    return file;
  }

  @Test
  void picturesBecomeMasksANetworkAndInstances() throws IOException {
    Path masks = folder.resolve("masks");
    Object[] makeMasks = {
      "pseudo-masks", archives, "-p", pictures, "-m", selfMask(), "-o", masks, "--shorter-side", 32
    };
    succeed(makeMasks);
    assertTrue(out.toString().contains("4 masks made, 0 there before"), out.toString());
    assertTrue(out.toString().contains("not read: absent.png"), out.toString());
    succeed(makeMasks);
    assertTrue(out.toString().contains("0 masks made, 4 there before"), out.toString());

    Path world = folder.resolve("shapeworld");
    succeed("shapeworld", "--out", world, "--count", 2);
    Path trained = folder.resolve("zutis");
    assertEquals(
        0,
        train(
            masks,
            clip,
            "--steps",
            2,
            "--batch",
            2,
            "--size",
            32,
            "--queries",
            4,
            "--decoder-layers",
            1,
            "--half",
            "--least-scale",
            0.5,
            "--evaluate-on",
            "shapeworld",
            "--data",
            folder,
            "--evaluate-every",
            1,
            "--evaluate-first",
            1,
            "--averaging",
            0.9,
            "--longest-gradient",
            1),
        err.toString());
    assertTrue(Files.exists(trained.resolve("loss.png")));
    assertTrue(Files.exists(trained.resolve("score.png")));
    assertTrue(out.toString().contains(", mIoU 0."), out.toString());
    assertTrue(out.toString().contains("% of the time waiting for data"), out.toString());

    Path results = folder.resolve("results");
    Path network = trained.resolve("model.safetensors");
    succeed(
        "segment",
        pictures.resolve("0.png"),
        "-w",
        "red star, blue ring",
        "-m",
        clip,
        "--zutis",
        network,
        "-o",
        results);
    assertTrue(Files.exists(results.resolve("0.overlay.png")));

    succeed("eval", "shapeworld", "--data", folder, "-m", clip, "--zutis", network);
  }

  /** A disc in every picture. */
  private Path masks() throws IOException {
    PseudoMasks masks = new PseudoMasks(folder.resolve("masks"));
    for (int i = 0; i < 4; i++) {
      masks.write(i + ".png", Mask.of(64, 64, (x, y) -> Math.hypot(x - 30, y - 30) < 20));
    }
    return masks.folder();
  }

  private int trainBriefly(Path masks) {
    return train(
        masks,
        clip,
        "--steps",
        2,
        "--batch",
        1,
        "--size",
        32,
        "--queries",
        4,
        "--decoder-layers",
        1);
  }

  @Test
  void aRunResumesOnlyOnTheArchivesAndMasksThatItWasBegunWith() throws IOException {
    Path masks = masks();
    assertEquals(0, trainBriefly(masks), err.toString());
    Archives read = Archives.read(archives);
    List<List<String>> lists = List.copyOf(read.pictures().values());
    Map<String, List<String>> exchanged = new LinkedHashMap<>();
    exchanged.put("red star", lists.get(1));
    exchanged.put("blue ring", lists.get(0));
    new Archives(exchanged).write(archives);
    assertEquals(1, trainBriefly(masks));
    assertTrue(err.toString().contains("archives-sha256"), err.toString());

    archives = folder.resolve("renamed.json");
    read.write(archives);
    assertEquals(0, trainBriefly(masks), err.toString());
    new PseudoMasks(masks).write("2.png", Mask.of(64, 64, (x, y) -> x < 30));
    assertEquals(1, trainBriefly(masks));
    assertTrue(err.toString().contains("masks-sha256"), err.toString());
  }

  @Test
  void pseudoMasksOfNoPictureAtAllFail() throws IOException {
    Path nowhere = Files.createDirectory(folder.resolve("nowhere"));
    Object[] command = {
      "pseudo-masks", archives, "-p", nowhere, "-m", selfMask(), "-o", folder.resolve("m")
    };
    assertEquals(1, run(command));
    assertTrue(out.toString().contains("No picture was read"), out.toString());
  }

  @Test
  void aClipWithAResNetIsRefused() throws IOException {
    Path masks = Files.createDirectory(folder.resolve("masks"));
    for (int i : IntStream.range(0, 4).toArray()) {
      Files.writeString(
          masks.resolve(i + ".png.json"), "{\"size\":[64,64],\"counts\":\"" + "PP4" + "\"}");
    }
    assertEquals(1, train(masks, Models.DEMO));
    assertTrue(err.toString().contains("vision transformer"), err.toString());
  }

  @Test
  void trainingWithoutMasksNamesTheCategories() {
    assertEquals(1, train(folder.resolve("none"), clip));
    assertTrue(err.toString().contains("red star"), err.toString());
  }
}
