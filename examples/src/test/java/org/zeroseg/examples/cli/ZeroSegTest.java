package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.image.Mode;
import org.zeroseg.core.image.Picture;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

class ZeroSegTest extends CommandTest {

  @TempDir private Path folder;

  private Path scene() throws IOException {
    Path file = folder.resolve("scene.png");
    new ShapeWorld(2, 64, 2, 2, Split.ALL)
        .scene(0)
        .image()
        .save(Files.newOutputStream(file), "png");
    return file;
  }

  @Test
  void helpExplainsEveryCommand() {
    succeed("--help");
    for (String name : ZeroSeg.commandLine().getSubcommands().keySet()) {
      assertTrue(out.toString().contains(name), name);
      succeed(name, "--help");
    }
  }

  @Test
  void withoutACommandNothingIsDone() {
    assertEquals(2, run());
    assertTrue(err.toString().contains("Usage"), err.toString());
  }

  @Test
  void segmentsAPictureByWords() throws IOException {
    Path results = folder.resolve("results");
    succeed("segment", scene(), "--words", "red star|crimson star, striped ring", "-o", results);
    assertTrue(ImageIO.read(results.resolve("scene.overlay.png").toFile()).getWidth() >= 64);
    assertEquals(64, ImageIO.read(results.resolve("scene.labels.png").toFile()).getWidth());
    assertTrue(Files.readString(results.resolve("scene.json")).startsWith("{"));
    assertTrue(out.toString().contains("scene.overlay.png"), out.toString());
  }

  @Test
  void discoversSegmentsAndTheirNames() throws IOException {
    Path results = folder.resolve("results");
    succeed("discover", scene(), "-o", results);
    assertTrue(ImageIO.read(results.resolve("scene.discovered.png").toFile()).getWidth() >= 64);
    assertTrue(out.toString().contains("confidence"), out.toString());
    succeed("discover", scene(), "--names", "shapeworld", "-o", results);
  }

  @Test
  void aFolderWithoutAGpt2IsOneLine() throws IOException {
    Path absent = folder.resolve("absent");
    assertEquals(1, run("discover", scene(), "--gpt2", absent, "-o", folder));
    assertTrue(err.toString().contains("absent"), err.toString());
    Path bare = Files.createDirectories(folder.resolve("bare"));
    Files.write(bare.resolve("model.safetensors"), new byte[0]);
    assertEquals(1, run("discover", scene(), "--gpt2", bare, "-o", folder));
    assertTrue(
        err.toString().contains("bare: expected merges.txt or tokenizer.json"), err.toString());
    assertFalse(err.toString().contains("\tat "), err.toString());
  }

  @Test
  void findsWhatStandsOutOfAPicture() throws IOException {
    Path results = folder.resolve("results");
    succeed("saliency", scene(), "-o", results);
    assertTrue(ImageIO.read(results.resolve("scene.saliency.png").toFile()).getWidth() >= 64);
    Path labels = results.resolve("scene.saliency.labels.png");
    assertEquals(64, ImageIO.read(labels.toFile()).getWidth());
    assertTrue(out.toString().contains("objectness"), out.toString());
    assertEquals(1, run("saliency", scene(), folder.resolve("absent.png"), "--raw", "-o", results));
    assertTrue(err.toString().contains("absent.png"), err.toString());
  }

  @Test
  void aMissingPictureIsOneLineAndTheOthersAreDone() throws IOException {
    Path results = folder.resolve("results");
    Path absent = folder.resolve("absent.png");
    assertEquals(1, run("segment", absent, scene(), "-w", "red star", "-o", results));
    assertEquals("zeroseg: there is no file " + absent, err.toString().strip());
    assertTrue(Files.exists(results.resolve("scene.overlay.png")));
  }

  @Test
  void aFileThatIsNoPictureIsNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("text.png"), "no picture");
    assertEquals(1, run("segment", text, "-w", "red star", "-o", folder.resolve("results")));
    assertTrue(err.toString().contains("text.png"), err.toString());
  }

  @Test
  void otherModelsNeedWords() throws IOException {
    assertEquals(1, run("segment", scene(), "--model", folder.resolve("model"), "-o", folder));
    assertTrue(err.toString().contains("--words"), err.toString());
  }

  @Test
  void aBlankWordIsRefused() throws IOException {
    assertEquals(1, run("segment", scene(), "--words", "red star,,ring", "-o", folder));
    assertFalse(err.toString().isBlank());
  }

  @Test
  void anUnknownModelIsNamed() throws IOException {
    Path absent = folder.resolve("no").resolve("such").resolve("model");
    assertEquals(1, run("segment", scene(), "-w", "cat", "--model", absent, "-o", folder));
    assertTrue(err.toString().contains("model"), err.toString());
  }

  @Test
  void scenesAreTheSameForTheSameOptions() throws IOException {
    for (String name : new String[] {"a", "b"}) {
      succeed("shapeworld", "-o", folder.resolve(name), "-n", 3, "--size", 64, "--split", "unseen");
    }
    for (String file : new String[] {"images/000002.png", "instances.json", "captions.json"}) {
      assertArrayEquals(
          Files.readAllBytes(folder.resolve("a").resolve(file)),
          Files.readAllBytes(folder.resolve("b").resolve(file)),
          file);
    }
  }

  @Test
  void aFolderOfPicturesIsIndexedAndArchived() throws IOException {
    Path world = folder.resolve("world");
    Path index = folder.resolve("index");
    Path archives = folder.resolve("archives.json");
    succeed("shapeworld", "-o", world, "-n", 6, "--size", 64);
    succeed("index", world.resolve("images"), "-i", index);
    succeed("index", world.resolve("images"), "-i", index);
    succeed("archive", index, "-w", "red star, blue ring", "-k", 2, "-o", archives);
    assertTrue(out.toString().contains("6 pictures"), out.toString());
    assertTrue(Files.readString(archives).contains("red star"));
    succeed("archive", index, "-w", "red star", "-k", 500, "-o", archives);
    assertTrue(out.toString().contains("6 pictures, first"), out.toString());
    assertEquals(1, run("archive", index, "-w", "red star, red star", "-o", archives));
    assertTrue(err.toString().contains("'red star' occurs twice"), err.toString());
    assertEquals(1, run("archive", index, "-w", "red star,,ring", "-o", archives));
  }

  @Test
  void picturesWhoseResultsWouldOverwriteEachOtherAreRefused() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    Path twin = Files.copy(scene(), other.resolve("scene.png"));
    Path results = folder.resolve("results");
    fail("would have one name", "segment", scene(), twin, "-w", "red star", "-o", results);
    succeed("segment", scene(), scene(), "-w", "red star", "-o", results);
  }

  @Test
  void picturesOfExtremeShapesAreDone() throws IOException {
    Path results = folder.resolve("results");
    int[][] shapes = {{1, 1}, {2, 16}, {16, 2}};
    Object[] pictures = new Object[shapes.length];
    for (int i = 0; i < shapes.length; i++) {
      int[] shape = shapes[i];
      Path file = folder.resolve("shape" + i + ".png");
      Picture.of(Mode.GREY, shape[0], shape[1], new byte[shape[0] * shape[1]]).writePng(file);
      pictures[i] = file;
    }
    for (String[] command :
        new String[][] {
          {"segment", "-w", "red star"},
          {"segment", "--mask-clip"},
          {"saliency"},
          {"discover", "--names", "shapeworld"}
        }) {
      succeed(
          Stream.of(Stream.of(command), Stream.of(pictures), Stream.of("-o", results))
              .flatMap(parts -> parts)
              .toArray());
    }
  }

  @Test
  void aSmallerWorldIsNotWrittenIntoALargerOne() {
    Path world = folder.resolve("world");
    succeed("shapeworld", "-o", world, "-n", 2, "--size", 64);
    fail("holds more than 1 scenes", "shapeworld", "-o", world, "-n", 1, "--size", 64);
    fail("at least one scene", "shapeworld", "-o", world, "-n", 0);
  }
}
