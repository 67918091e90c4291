package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.examples.scenes.CocoExport;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

class ConvertCommandTest extends CommandTest {

  @TempDir private Path folder;

  @Test
  void aDataSetComesBackThroughEveryFormatThatIsExact() throws IOException {
    Path world = folder.resolve("world");
    CocoExport.write(new ShapeWorld(3, 64, 1, 2, Split.ALL), 3, world, (task, done, total) -> {});
    Path from = world.resolve("instances.json");
    List<Integer> areas = areas(from);
    for (String format : List.of("coco", "coco-polygons", "labelme", "geojson", "masks", "yolo")) {
      Path to = folder.resolve(format);
      succeed("convert", from, to, "--to", format, "-p", world.resolve("images"));
      assertTrue(out.toString().contains("3 pictures"), out.toString());
      Path back = folder.resolve(format + "-back");
      succeed("convert", to, back, "--to", "coco", "-p", world.resolve("images"));
      assertEquals(areas, areas(back.resolve("instances.json")), format);
    }
    succeed("convert", from, folder.resolve("studio"), "--to", "label-studio");
    assertTrue(Files.exists(folder.resolve("studio").resolve("tasks.json")));
  }

  private static List<Integer> areas(Path file) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(file);
    return truth.instances().stream()
        .map(instance -> instance.outline().rle(64, 64).area())
        .sorted()
        .toList();
  }

  @Test
  void whatIsNotUnderstoodIsOneLine() throws IOException {
    misuse("There is no format 'doc'", "convert", folder, folder.resolve("to"), "--to", "doc");
    misuse("--from FORMAT", "convert", folder, folder.resolve("to"), "--to", "coco");
    misuse(
        "can be written only",
        "convert",
        folder,
        folder.resolve("to"),
        "--from",
        "label-studio",
        "--to",
        "coco");
    misuse("same folder", "convert", folder, folder, "--from", "yolo", "--to", "coco");
    fail("absent", "convert", folder.resolve("absent"), folder.resolve("to"), "--to", "coco");
  }

  @Test
  void aFileOfWordsHoldsCommasQuotesAndBars() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("words.txt"),
            "# note\nsalt, pepper | spices\n\n\"a | b\"|\"say \"\"no\"\"\"\n5\" disk\n\"x\" y\n");
    assertEquals(
        List.of(
            Vocabulary.Category.of("salt, pepper", "spices"),
            Vocabulary.Category.of("a | b", "say \"no\""),
            Vocabulary.Category.of("5\" disk"),
            Vocabulary.Category.of("\"x\" y")),
        CategoryList.read(file));
    Files.writeString(file, "cat\nsofa||couch\n");
    fail("line 2: ", "segment", folder, "--words-file", file);
    misuse("exclude each other", "segment", folder, "--words-file", file, "-w", "cat");
  }
}
