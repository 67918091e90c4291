package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.clip.text.TextEncoder;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.namedmask.ReCo;
import org.zeroseg.namedmask.ReCoBuilder;
import org.zeroseg.namedmask.ReferenceEmbeddings;

/** ReCo by the demo models, from pictures to segments. */
class ReCoCommandsTest extends CommandTest {

  private static final String WORDS = "red star,blue ring";
  private static final Object[] SHAPES = {"-m", "demo-shapes"};

  @TempDir private static Path shared;
  @TempDir Path folder;
  private Path pictures;
  private Path index;

  @BeforeEach
  void index() {
    pictures = shared.resolve("shapeworld/images");
    index = shared.resolve("index");
    if (!Files.exists(index)) {
      succeed("shapeworld", "-o", shared.resolve("shapeworld"), "-n", 40, "--size", 64);
      succeed("index", pictures, "-i", index, "-m", "demo-shapes");
    }
  }

  private Object[] references(Path out, String words, Object... options) {
    Object[] command = {
      "references", index, "--pictures", pictures, "--archive-size", 4, "-w", words, "-o", out
    };
    return Stream.of(command, SHAPES, options).flatMap(Stream::of).toArray();
  }

  @Test
  void aWordMoreCostsItsArchiveAlone() throws IOException {
    Path file = folder.resolve("references.safetensors");
    succeed(references(file, WORDS));
    ReferenceEmbeddings first = ReferenceEmbeddings.read(file);
    assertEquals(List.of("red star", "blue ring"), List.copyOf(first.vectors().keySet()));
    assertEquals("4", first.settings().get("archive-size"));
    succeed(references(file, "green cross," + WORDS));
    assertTrue(out.toString().contains("3 words, 1 of them new"), out.toString());
    ReferenceEmbeddings second = ReferenceEmbeddings.read(file);
    assertArrayEquals(first.vectors().get("blue ring"), second.vectors().get("blue ring"));
    fail("--rule PAPER, not REFERENCE", references(file, "red ring", "--rule", "reference"));
  }

  @Test
  void wordsAreKnownFromFilesArchivesAndIndices() throws IOException {
    Path file = folder.resolve("references.safetensors");
    Path archives = folder.resolve("archives.json");
    succeed(references(file, WORDS));
    succeed("archive", index, "-m", "demo-shapes", "-w", "green cross", "-k", 3, "-o", archives);
    Object[] command = {
      "segment",
      pictures.resolve("000000.png"),
      "-m",
      "demo-shapes",
      "--reco",
      file,
      "--reco",
      archives,
      "--reco",
      index,
      "--pictures",
      pictures,
      "-w",
      WORDS + ",green cross,striped star",
      "--threshold",
      0.9,
      "-o",
      folder.resolve("out")
    };
    succeed(command);
    assertEquals(64, Picture.read(folder.resolve("out/000000.labels.png")).width());
    // A word of the file alone needs no picture; one that nothing tells of is named.
    succeed(
        "segment",
        pictures.resolve("000001.png"),
        "-m",
        "demo-shapes",
        "--reco",
        file,
        "-w",
        "red star",
        "--crf",
        "-o",
        folder.resolve("out"));
    fail("\"zebra\"", "segment", pictures.resolve("000001.png"), "--reco", file, "-w", "zebra");
  }

  @Test
  void wordsThatWereKeptAreNotEncodedAgain() throws IOException {
    Picture picture = Picture.read(pictures.resolve("000000.png"));
    Vocabulary words = Vocabulary.of("red star", "blue ring");
    try (Clip clip = DemoModels.clip()) {
      List<Integer> asked = new ArrayList<>();
      TextEncoder counted =
          texts -> {
            asked.add(texts.size());
            return clip.encode(texts);
          };
      int[] first = labels(clip, counted, picture, words);
      assertFalse(asked.isEmpty());
      asked.clear();
      assertArrayEquals(first, labels(clip, counted, picture, words));
      assertEquals(List.of(), asked);
    }
  }

  /** As of another process: by a segmenter of its own, with the words of the folder. */
  private int[] labels(Clip clip, TextEncoder encoder, Picture picture, Vocabulary words)
      throws IOException {
    TextEmbeddings texts = TextEmbeddings.of(encoder, folder.resolve("words"), "demo");
    ReCoBuilder builder =
        DemoModels.reCo(ReCo.builder())
            .archives(ImageIndex.open(index), pictures, texts)
            .archiveSize(3)
            .textAttention(clip)
            .textEmbeddings(texts);
    try (ReCo reCo = builder.build()) {
      return reCo.segment(picture, words).labels();
    }
  }

  @Test
  void aDataSetIsEvaluated() {
    Object[] set = {"eval", "shapeworld", "--data", shared, "--only", "blue ring", "--limit", 40};
    Object[] model = {"--reco", index, "--pictures", pictures, "--archive-size", 3};
    Object[] options = {"--text-attention", "none", "--threshold", 0.9};
    succeed(Stream.of(set, SHAPES, model, options).flatMap(Stream::of).toArray());
    assertTrue(out.toString().contains("mean IoU"), out.toString());
  }

  @Test
  void reCoPlusLearnsFromLabelPictures() throws IOException {
    Path labels = folder.resolve("labels");
    Path model = folder.resolve("plus");
    String network =
        "--blocks 1,1,1,1 --width 8 --aspp-channels 16 --low-level-channels 6 --rates 2,4 "
            + "--size 48 --batch 2 --steps 2 --limit 2 --evaluate-on shapeworld --evaluate-every 2";
    Object[] named = {
      "train", "reco-plus", "shapeworld", "--data", shared, "--labels", labels, "--out", model
    };
    Object[] train = Stream.of(named, network.split(" ", -1)).flatMap(Stream::of).toArray();
    fail("000000.png", train);
    Files.createDirectories(labels);
    for (String name : List.of("000000", "000001")) {
      LabelMap.of(64, 64, new int[64 * 64]).write(labels.resolve(name + ".png"), false);
    }
    succeed(train);
    Path file = model.resolve("best.safetensors");
    assertTrue(Files.exists(model.resolve("model.safetensors")));
    Object[] set = {"eval", "shapeworld", "--data", shared, "--limit", 1, "--namedmask", file};
    succeed(Stream.of(set, new Object[] {"--crf"}).flatMap(Stream::of).toArray());
    assertTrue(out.toString().contains("mean IoU"), out.toString());
    misuse("--crf", "segment", pictures.resolve("000000.png"), "--crf");
  }

  @Test
  void whatIsMissingOrUselessIsNamed() {
    Path picture = pictures.resolve("000000.png");
    misuse("--reco goes without", "segment", picture, "--reco", index, "-w", "a", "--mask-clip");
    misuse("--reco", "segment", picture, "-w", "a", "--rule", "paper");
    fail("--pictures", "segment", picture, "--reco", index, "-w", "red star");
    misuse("--archive-size 0", "references", index, "-w", "a", "--archive-size", 0);
    fail("nothing.json", "segment", picture, "--reco", folder.resolve("nothing.json"), "-w", "a");
    fail(
        "--encoder",
        "segment",
        picture,
        "--reco",
        index,
        "--pictures",
        pictures,
        "-w",
        "a",
        "--model",
        index);
  }
}
