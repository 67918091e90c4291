package org.zeroseg.eval.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.run.Evaluation;

/** Folders and pictures of truth as people have them. */
class LabelPicturesTest {

  private static final Vocabulary WORDS = Vocabulary.of("cat", "dog");

  @TempDir Path root;

  private Path picture(String name, PixelFormat mode, int... samples) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    byte[] bytes = new byte[samples.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) samples[i];
    }
    Picture.of(mode, samples.length / mode.bytesPerPixel(), 1, bytes).writePng(file);
    return file;
  }

  private void pair(String name, int... labels) throws IOException {
    picture("images/" + name, PixelFormat.RGB, new int[3 * labels.length]);
    picture("truth/" + name, PixelFormat.GREY, labels);
  }

  private SemanticDataset set() throws IOException {
    return SemanticDataset.ofFolders(root.resolve("images"), root.resolve("truth"), WORDS, 255);
  }

  @Test
  void coloursAreNoLabels() throws IOException {
    for (PixelFormat mode : new PixelFormat[] {PixelFormat.RGB, PixelFormat.RGBA}) {
      Path file = picture("coloured.png", mode, new int[mode.bytesPerPixel()]);
      String message =
          assertThrows(InvalidDataException.class, () -> LabelMap.read(file)).getMessage();
      assertTrue(message.contains("coloured.png") && message.contains(mode.name()), message);
    }
  }

  @Test
  void greyLevelsMayBeStoredAsColoursThatAreGrey() throws IOException {
    Path grey = picture("grey.png", PixelFormat.RGB, 7, 7, 7, 255, 255, 255);
    assertEquals(LabelMap.of(2, 1, new int[] {7, 255}), LabelMap.readGrey(grey));
    Path coloured = picture("red.png", PixelFormat.RGB, 7, 7, 7, 255, 0, 0);
    String message =
        assertThrows(InvalidDataException.class, () -> LabelMap.readGrey(coloured)).getMessage();
    assertTrue(message.contains("x 1, y 0"), message);
  }

  @Test
  void labelsOfTwoBytesMayHaveAlpha() throws IOException {
    LabelMap expected = LabelMap.of(2, 1, new int[] {300, 5});
    assertEquals(
        expected,
        LabelMap.readAny(picture("a.png", PixelFormat.RGBA, 44, 1, 0, 255, 5, 0, 0, 255)));
    assertEquals(expected, LabelMap.readAny(picture("b.png", PixelFormat.RGB, 44, 1, 0, 5, 0, 0)));
  }

  @Test
  void labelsThatAreNeitherClassNorIgnoredAreReported() throws IOException {
    pair("a.png", 0, 1, 2, 255, 7, 7);
    pair("b.png", 7, 1, 1, 1, 1, 9);
    Report report = new Evaluation(1, 0, Progress.SILENT).semantic(set(), item -> zeros());
    assertEquals(2, report.notes().size(), report.notes().toString());
    assertTrue(
        report.notes().get(0).contains("label 7 at 3 pixels of 2 pictures (first a)"),
        report.notes().toString());
    assertTrue(report.notes().get(1).contains("label 9 at 1 pixels"), report.notes().toString());
    assertEquals(3, set().check().size(), set().check().toString());
  }

  private static LabelMap zeros() {
    return LabelMap.of(6, 1, new int[6]);
  }

  @Test
  void linkedFoldersAreEntered() throws IOException {
    pair("here/a.png", 1);
    for (String part : new String[] {"images", "truth"}) {
      Path elsewhere = Files.createDirectories(root.resolve("disk2").resolve(part));
      Files.move(root.resolve(part).resolve("here"), elsewhere.resolve("there"));
      Files.createSymbolicLink(root.resolve(part).resolve("linked"), elsewhere.resolve("there"));
      Files.createSymbolicLink(root.resolve(part).resolve("loop"), root.resolve(part));
    }
    pair("b.png", 2);
    assertEquals(List.of("b", "linked/a"), set().items().stream().map(Object::toString).toList());
    Path start = Files.createSymbolicLink(root.resolve("val2017"), root.resolve("images"));
    assertEquals(2, SemanticDataset.ofFolders(start, root.resolve("truth"), WORDS, 255).size());
    Files.createSymbolicLink(root.resolve("truth/c.png"), root.resolve("nowhere.png"));
    String message = assertThrows(InvalidDataException.class, this::set).getMessage();
    assertTrue(message.contains("c.png is a link to nothing"), message);
  }

  @Test
  void masksMayHaveAnyValue() throws IOException {
    pair("a.png", 0, 1, 128, 255);
    SemanticDataset set = SemanticDataset.ofMasks(root.resolve("images"), root.resolve("truth"));
    assertEquals(LabelMap.of(4, 1, new int[] {0, 1, 1, 1}), set.items().get(0).truth());
  }
}
