package org.zeroseg.core.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;

/** Files that once were misread, with the right pixels beside them; those without are damaged. */
class PictureCasesTest {

  private static final Path FOLDER = Golden.failures().resolve("pictures");

  /** What of these folders has no right pixels is to be refused. */
  private static final Set<String> WITH_DAMAGED =
      Set.of("gif-streams", "jpeg-progressive-cut", "tiff-sample-formats");

  @TestFactory
  Stream<DynamicTest> filesAreReadAsTheyShould() throws IOException {
    if (!Files.isDirectory(FOLDER)) {
      return Stream.of(dynamicTest("cases", () -> abort("No cases: " + FOLDER + " is absent")));
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(FOLDER, 2)) {
      files = walk.filter(Files::isRegularFile).sorted().toList();
    }
    return files.stream()
        .filter(file -> file.toString().matches(".*\\.(png|jpg|gif|tif)"))
        .filter(file -> !file.getFileName().toString().contains("expected"))
        .filter(file -> isDamaged(file) || Files.exists(expected(file)))
        .map(
            file ->
                dynamicTest(FOLDER.relativize(file).toString(), file.toUri(), () -> check(file)));
  }

  private static String stem(Path file) {
    String name = file.getFileName().toString();
    return name.substring(0, name.lastIndexOf('.'));
  }

  private static boolean isDamaged(Path file) {
    return WITH_DAMAGED.contains(file.getParent().getFileName().toString())
        && !stem(file).equals("whole")
        && !Files.exists(expected(file));
  }

  /** Beside the file, for a kind of files, or for all of the folder. */
  private static Path expected(Path file) {
    String stem = stem(file);
    return Stream.of(stem + ".expected.png", "expected_" + stem.split("_", 2)[0] + ".png")
        .map(file::resolveSibling)
        .filter(Files::exists)
        .findFirst()
        .orElse(file.resolveSibling("expected.png"));
  }

  private static void check(Path file) throws IOException {
    if (isDamaged(file)) {
      String message = assertThrows(IOException.class, () -> Picture.read(file)).getMessage();
      assertTrue(message.contains(file.toString()), message);
      return;
    }
    Picture right = Picture.readAsStored(expected(file)).rgb();
    Picture read = Picture.read(file).rgb();
    assertEquals(right.width() + " x " + right.height(), read.width() + " x " + read.height());
    int tolerance = file.toString().endsWith(".jpg") ? 1 : 0; // decoders round differently
    byte[] expected = right.samples();
    byte[] actual = read.samples();
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i] & 0xff, actual[i] & 0xff, tolerance, "sample " + i);
    }
  }

  @Test
  void theBordersOfAGrowingPictureAreOpenCvs() throws IOException {
    Path folder = FOLDER.resolve("opencv-linear-border");
    assumeTrue(Files.isDirectory(folder), folder + " is absent");
    Picture right = Picture.readAsStored(folder.resolve("expected2.png"));
    Picture grown = Picture.readAsStored(folder.resolve("in2.png"));
    assertEquals(right, grown.resize(right.width(), right.height(), Filter.OPENCV_LINEAR));
  }
}
