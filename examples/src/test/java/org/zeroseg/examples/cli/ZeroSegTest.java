package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import picocli.CommandLine;

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
  void aCommandIsReadTheSameWhetherOthersAreKnownOrNot() {
    CommandLine all = ZeroSeg.commandLine();
    all.getSubcommands()
        .forEach(
            (name, command) -> {
              CommandLine asked = ZeroSeg.commandLine(name, "--device", "cpu");
              int known = name.equals("help") ? all.getSubcommands().size() : 1;
              assertEquals(known, asked.getSubcommands().size(), name);
              assertEquals(
                  command.getUsageMessage(), asked.getSubcommands().get(name).getUsageMessage());
            });
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
  void theVersionSaysWhatAReportOfAFaultNeeds() {
    succeed("--version");
    for (String fact :
        List.of("zeroseg", "Java", "System", "Processor", "Engine", "Natives", "Precision")) {
      assertTrue(
          out.toString().lines().anyMatch(line -> line.matches(fact + " +\\S.*")),
          () -> fact + " in " + out);
    }
    assertTrue(out.toString().contains("threads"), out.toString());
    assertTrue(out.toString().contains("AUTO takes "), out.toString());
  }

  @Test
  void everyCommandThatComputesTakesADevice() throws IOException {
    Path results = folder.resolve("results");
    succeed("segment", scene(), "-w", "cat", "--device", "cpu", "-o", results);
    succeed("saliency", scene(), "--device", "cpu", "-o", results);
    succeed("--device", "cpu", "discover", scene(), "--names", "shapeworld", "-o", results);
    assertNull(System.getProperty(TorchEngine.DEVICE));
    for (String verb : List.of("segment", "discover", "saliency")) {
      fail("the engine has no device 'gpu:99', it has: cpu", verb, scene(), "--device", "gpu:99");
      fail("the device 'tpu' is none of cpu, gpu", verb, scene(), "--device", "tpu");
    }
  }

  @Test
  void segmentsAPictureByWords() throws IOException {
    Path results = folder.resolve("results");
    succeed("segment", scene(), "--words", "cat|kitten, apple", "-o", results);
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
  void everyCommandThatLooksAtPicturesTakesTiles() throws IOException {
    Path results = folder.resolve("results");
    succeed("segment", scene(), "-w", "cat", "--tiles", "48,16", "-o", results);
    succeed("segment", scene(), "-w", "cat", "--mask-clip", "--tiles", 48, "-o", results);
    succeed("saliency", scene(), "--tiles", 48, "-o", results);
    succeed("discover", scene(), "--names", "shapeworld", "--tiles", "48", "-o", results);
    for (String end : new String[] {"labels", "saliency.labels", "discovered.labels"}) {
      Path labels = results.resolve("scene." + end + ".png");
      assertEquals(64, ImageIO.read(labels.toFile()).getWidth());
    }
  }

  @Test
  void aMissingPictureIsOneLineAndTheOthersAreDone() throws IOException {
    Path results = folder.resolve("results");
    Path absent = folder.resolve("absent.png");
    assertEquals(1, run("segment", absent, scene(), "-w", "cat", "-o", results));
    assertEquals("zeroseg: " + absent + ": there is no such file", err.toString().strip());
    assertTrue(Files.exists(results.resolve("scene.overlay.png")));
  }

  @Test
  void aFileThatIsNoPictureIsNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("text.png"), "no picture");
    assertEquals(1, run("segment", text, "-w", "cat", "-o", folder.resolve("results")));
    assertTrue(err.toString().contains("text.png"), err.toString());
  }

  @Test
  void otherModelsNeedWords() throws IOException {
    misuse("--words", "segment", scene(), "--model", folder.resolve("model"), "-o", folder);
  }

  @Test
  void whatIsNotUnderstoodNamesTheOption() throws IOException {
    for (String words : new String[] {"", "cat,,apple", "ice cream, Ice  cream", "a|"}) {
      misuse("--words: ", "segment", scene(), "--words", words, "-o", folder);
    }
    Object[] segment = {"segment", scene(), "-w", "cat", "-o", folder};
    misuse("--threshold 1.5", also(segment, "--threshold", 1.5));
    misuse("--threshold NaN", also(segment, "--threshold", "NaN"));
    misuse("--longer-side", also(segment, "--longer-side", 100));
    misuse("--longer-side -5", also(segment, "--zutis", "z.pt", "--longer-side", -5));
    misuse("--mask-clip and --zutis", also(segment, "--zutis", "z.pt", "--mask-clip"));
    misuse("--all-pixels and --background", also(segment, "--all-pixels", "-b", "sky"));
    misuse("--background: ", also(segment, "-b", "sky,,sea"));
    misuse("--background: ", also(segment, "-b", "cat"));
    misuse("'--wibble'", also(segment, "--wibble"));
    for (String tiles : new String[] {"0", "64,40", "64,-1", "a", "8,1,1", "", "99999999999"}) {
      misuse("'--tiles'", also(segment, "--tiles", tiles));
    }
    misuse("--reco", also(segment, "--tiles", 64, "--reco", folder));
    misuse("--dino", "discover", scene(), "--dino", "facebook/dino-vits8");
    misuse("--names and --gpt2", "discover", scene(), "--names", "n", "--gpt2", "g");
    misuse("--batch 0", "index", folder, "-i", folder, "--batch", 0);
    misuse("--batch 0", "pseudo-masks", folder, "-p", folder, "--batch", 0);
    misuse("--shorter-side -5", "pseudo-masks", folder, "-p", folder, "--shorter-side", -5);
    misuse("--count -1", "shapeworld", "-o", folder, "-n", -1);
    misuse("--size", "shapeworld", "-o", folder, "--size", 0);
    misuse("--limit -5", "eval", "semantic", "shapeworld", "--data", folder, "--limit", -5);
    misuse("--limit 0", "eval", "shapeworld", "--data", folder, "--limit", 0);
    misuse("--examples -5", "eval", "shapeworld", "--data", folder, "--examples", -5);
  }

  private static Object[] also(Object[] arguments, Object... more) {
    return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray();
  }

  @Test
  void theDemoSaysWhichWordsItKnows() throws IOException {
    Object[] segment = {"segment", scene(), "-o", folder.resolve("results")};
    misuse("does not know \"zebra\"; ", also(segment, "-w", "CAT, zebra"));
    assertTrue(err.toString().contains("the demo knows these words: airplane, "), err.toString());
    assertTrue(err.toString().contains("openai/clip-vit-base-patch16"), err.toString());
    misuse("does not know \"wall\"", also(segment, "-w", "cat", "-b", "wood, wall"));
    succeed(also(segment, "-w", "cat, water", "-b", "wood"));
    assertFalse(out.toString().contains("openai/clip"), out.toString());
    succeed(also(segment, "-w", "red star, cat", "--model", "demo-shapes"));
    assertTrue(out.toString().contains("openai/clip-vit-base-patch16"), out.toString());
  }

  @Test
  void aNameOfPicturesNeverSteersTheTerminal() throws IOException {
    assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"));
    Path steering = Files.copy(scene(), folder.resolve("a\u001b[31m\nb.png"));
    Path broken = Files.writeString(folder.resolve("c\u001b]0;x\u0007\nd.png"), "no picture");
    assertEquals(1, run("segment", steering, broken, "-w", "cat", "-o", folder.resolve("results")));
    for (String said : new String[] {out.toString(), err.toString()}) {
      assertFalse(said.contains("\u001b"), said);
      assertTrue(said.contains("\\u001b"), said);
    }
    assertEquals(1, err.toString().lines().count(), err.toString());
    assertTrue(Files.exists(folder.resolve("results").resolve("a\u001b[31m\nb.overlay.png")));
  }

  @Test
  void aLongNameOfAPictureWorks() throws IOException {
    Path file = Files.copy(scene(), folder.resolve("x".repeat(241) + ".png"));
    Path results = folder.resolve("results");
    succeed("segment", file, "-w", "cat", "-o", results);
    succeed("discover", file, "--names", "shapeworld", "-o", results);
    try (Stream<Path> files = Files.list(results)) {
      assertEquals(6, files.count());
    }
  }

  @Test
  void aPictureIsTurnedUprightUnlessItShallStayAsStored() throws IOException {
    Path wide = folder.resolve("wide.png");
    Picture.of(PixelFormat.GREY, 32, 16, new byte[32 * 16]).writePng(wide);
    Path turned = folder.resolve("turned.png");
    Files.write(turned, withOrientation(Files.readAllBytes(wide), 6));
    Path results = folder.resolve("results");
    Path labels = results.resolve("turned.labels.png");
    succeed("segment", turned, "-w", "cat", "-o", results);
    assertEquals(16, ImageIO.read(labels.toFile()).getWidth());
    succeed("segment", turned, "-w", "cat", "-o", results, "--as-stored");
    assertEquals(32, ImageIO.read(labels.toFile()).getWidth());
  }

  /** A PNG with an eXIf chunk after its header. */
  private static byte[] withOrientation(byte[] png, int orientation) {
    byte[] exif = {
      'M',
      'M',
      0,
      42,
      0,
      0,
      0,
      8,
      0,
      1,
      1,
      0x12,
      0,
      3,
      0,
      0,
      0,
      1,
      0,
      (byte) orientation,
      0,
      0,
      0,
      0,
      0,
      0
    };
    CRC32 crc = new CRC32();
    byte[] type = {'e', 'X', 'I', 'f'};
    crc.update(type);
    crc.update(exif);
    int header = 33;
    return ByteBuffer.allocate(png.length + exif.length + 12)
        .put(png, 0, header)
        .putInt(exif.length)
        .put(type)
        .put(exif)
        .putInt((int) crc.getValue())
        .put(png, header, png.length - header)
        .array();
  }

  @Test
  void whatCannotBeWrittenIsOneLine() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    fail(file + ": it is no folder", "segment", scene(), "-w", "cat", "-o", file);
    Path results = Files.createDirectory(folder.resolve("results"));
    Files.createDirectory(results.resolve("scene.json"));
    fail("scene.json", "segment", scene(), "-w", "cat", "-o", results);
  }

  @Test
  void anEmptyListOfNamesIsNamed() throws IOException {
    Path empty = Files.writeString(folder.resolve("names.txt"), "\n\n");
    fail(
        "names.txt holds no word",
        "discover",
        scene(),
        "--names",
        empty,
        "-o",
        folder.resolve("results"));
  }

  @Test
  void whatIsNoneOfWhatIsAskedForIsSaidInWords() throws IOException {
    fail("is no file of archives", "pseudo-masks", scene(), "--pictures", folder);
    fail("there is no folder", "index", folder.resolve("absent"), "-i", folder.resolve("i"));
    fail("there is no index", "archive", folder, "-w", "cat");
    fail("scene.png is no folder", "index", scene(), "-i", folder.resolve("i"));
  }

  @Test
  void whatIsNotThereIsSaidOnce() throws IOException {
    Path absent = folder.resolve("absent");
    fail("absent", "segment", scene(), "-w", "cat", "--model", absent, "-o", folder);
    assertFalse(err.toString().contains("there is no file"), err.toString());
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
    succeed("archive", index, "-w", "red star|scarlet star, blue ring", "-k", 2, "-o", archives);
    assertFalse(Files.readString(archives).contains("scarlet"), "synonyms name no archive");
    succeed("archive", index, "-w", "red star", "-k", 500, "-o", archives);
    assertTrue(out.toString().contains("6 pictures, first"), out.toString());
    Object[] archive = {"archive", index, "-o", archives};
    misuse("--words: The word 'red star' occurs twice", also(archive, "-w", "red star, red star"));
    misuse("--words: ", also(archive, "-w", "red star,,ring"));
    misuse("--words: A synonym of 'red star' is blank", also(archive, "-w", "red star|"));
    misuse("--words: ", also(archive, "-w", ""));
    misuse("-k 0", also(also(archive, "-w", "red star"), "-k", 0));
  }

  @Test
  void picturesOfOneNameGetResultsOfTheirOwn() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    Path twin = Files.copy(scene(), other.resolve("scene.png"));
    Path results = folder.resolve("results");
    succeed("segment", scene(), twin, "-w", "cat", "-o", results);
    assertTrue(Files.exists(results.resolve("scene.png.overlay.png")));
    assertTrue(Files.exists(results.resolve("scene.png-2.overlay.png")));
    assertEquals(
        List.of("a", "b.png", "b.jpg", "b.png-2", "B.gif", "c"),
        List.copyOf(
            PictureFiles.stems(
                    Stream.of("a.png", "b.png", "b.jpg", "x/b.png", "B.gif", "c")
                        .map(Path::of)
                        .collect(
                            Collectors.toMap(
                                file -> file,
                                file -> file.getFileName().toString(),
                                (first, second) -> first,
                                LinkedHashMap::new)))
                .values()));
  }

  @Test
  void picturesOfExtremeShapesAreDone() throws IOException {
    Path results = folder.resolve("results");
    int[][] shapes = {{1, 1}, {2, 16}, {16, 2}};
    Object[] pictures = new Object[shapes.length];
    for (int i = 0; i < shapes.length; i++) {
      int[] shape = shapes[i];
      Path file = folder.resolve("shape" + i + ".png");
      Picture.of(PixelFormat.GREY, shape[0], shape[1], new byte[shape[0] * shape[1]])
          .writePng(file);
      pictures[i] = file;
    }
    for (String[] command :
        new String[][] {
          {"segment", "-w", "cat"},
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
    misuse("--count 0", "shapeworld", "-o", world, "-n", 0);
  }
}
