package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.EngineException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

class PictureFilesTest {

  @TempDir private Path folder;

  private static final PictureFiles.Endings ENDINGS =
      new PictureFiles.Endings(".overlay.png", ".labels.png", ".json", "");

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** Finds bright pixels; fails at pictures that are called so, of memory or by a fault. */
  @Command(name = "look")
  static final class Look implements Callable<Integer> {

    @Mixin private PictureFiles pictures;

    @Option(names = "--words", split = ",")
    private List<String> words = List.of("bright", "<b>\"dark\"</b>");

    @Override
    public Integer call() throws IOException {
      return pictures.forEach(
          Progress.SILENT,
          ENDINGS,
          Optional.of(words),
          (shot, report) -> {
            String name = shot.file().getFileName().toString();
            if (name.contains("heap")) {
              throw new OutOfMemoryError("Java heap space");
            }
            if (name.contains("native")) {
              throw new EngineException("DefaultCPUAllocator: can't allocate memory: 1 bytes");
            }
            if (name.contains("fault")) {
              throw new IllegalStateException("a fault");
            }
            Segmentation found = found(shot.picture(), words);
            shot.write(found);
            report.println("done " + shot.name());
            return found;
          });
    }

    private static Segmentation found(Picture picture, List<String> words) {
      int[] labels = new int[picture.width() * picture.height()];
      for (int i = 0; i < labels.length; i++) {
        int sample = picture.sample(i % picture.width(), i / picture.width(), 0);
        labels[i] = sample > 170 ? 1 : sample > 85 ? 2 : 0;
      }
      return Segmentation.ofLabels(
          picture.width(), picture.height(), words, labels, new double[] {.5, 1 / 3.0});
    }
  }

  private int look(Object... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return new CommandLine(new Look())
        .setExpandAtFiles(false)
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err, true))
        .execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
  }

  private Path picture(String name) throws IOException {
    Path file = folder.resolve(name);
    byte[] samples = new byte[12 * 8];
    new Random(name.hashCode()).nextBytes(samples);
    Picture.of(PixelFormat.GREY, 12, 8, samples).writePng(file);
    return file;
  }

  @Test
  void aPictureThatFailsHoldsUpNoOther() throws IOException {
    Path broken = Files.writeString(folder.resolve("broken.png"), "no picture");
    assertEquals(
        1,
        look(
            picture("heap.png"),
            picture("native.png"),
            picture("fault.png"),
            broken,
            folder.resolve("absent.png"),
            Files.createDirectory(folder.resolve("nothing")),
            folder.resolve("x*.png"),
            picture("good.png"),
            "-o",
            folder.resolve("results")));
    assertTrue(out.toString().startsWith("done " + folder.resolve("good.png")), out.toString());
    String[] said = err.toString().strip().split("\\R", -1);
    assertEquals(7, said.length, err.toString());
    assertTrue(said[0].contains("nothing: there is no picture in this folder"), said[0]);
    assertTrue(said[1].contains("x*.png: no picture is called so"), said[1]);
    assertTrue(said[2].contains("heap.png: the memory does not suffice"), said[2]);
    assertTrue(said[3].contains("native.png: the memory does not suffice"), said[3]);
    assertTrue(said[4].contains("fault.png: java.lang.IllegalStateException: a fault"), said[4]);
    assertTrue(said[5].contains("broken.png"), said[5]);
    assertTrue(said[6].contains("there is no "), said[6]);
  }

  private void photos() throws IOException {
    for (String name :
        List.of("photos/b.png", "photos/deep/er/a.png", "photos/deep/a.PNG", "photos/a.png")) {
      Files.createDirectories(folder.resolve(name).getParent());
      picture(name);
    }
    Files.createDirectories(folder.resolve("photos/.hidden"));
    Files.writeString(folder.resolve("photos/notes.txt"), "no picture");
    Files.copy(folder.resolve("photos/a.png"), folder.resolve("photos/.hidden/h.png"));
    Files.copy(folder.resolve("photos/a.png"), folder.resolve("photos/.h.png"));
  }

  private static Map<String, byte[]> files(Path folder) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        files.put(folder.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static List<String> done(Path results) throws IOException {
    return files(results).keySet().stream()
        .filter(name -> name.endsWith(".labels.png"))
        .map(name -> name.replace(".labels.png", ""))
        .toList();
  }

  @Test
  void aFolderIsMirroredWithoutWhatIsHiddenOrAResult() throws IOException {
    photos();
    Path results = folder.resolve("photos/results");
    assertEquals(0, look(folder.resolve("photos"), "-o", results), err.toString());
    List<String> expected = List.of("a", "b", "deep/a", "deep/er/a");
    assertEquals(expected, done(results));
    assertEquals(0, look(folder.resolve("photos"), "-o", results), err.toString());
    assertEquals(expected, done(results));
    assertTrue(Files.exists(results.resolve("gallery.html")));
    assertTrue(
        out.toString().contains("4 pictures: 4 looked at, 0 done before, 0 failed"), "" + out);
    assertTrue(out.toString().contains("bright"), out.toString());
  }

  @Test
  void patternsAndListsNamePicturesToo() throws IOException {
    photos();
    Path photos = folder.resolve("photos");
    assertEquals(0, look(photos + "/*.png", "-o", folder.resolve("1")), err.toString());
    assertEquals(List.of("a", "b"), done(folder.resolve("1")));
    assertEquals(0, look(photos + "/**/a.*", "-o", folder.resolve("2")), err.toString());
    assertEquals(List.of("deep/a", "deep/er/a"), done(folder.resolve("2")));
    Path list =
        Files.writeString(
            folder.resolve("list.txt"),
            photos.resolve("b.png") + "\n\n" + photos.resolve("deep/er/a.png") + "\n");
    assertEquals(0, look("@" + list, "-o", folder.resolve("3")), err.toString());
    assertEquals(List.of("b", "deep/er/a"), done(folder.resolve("3")));
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(Files.readAllBytes(list)));
    try {
      assertEquals(0, look("-", "--limit", 1, "-o", folder.resolve("4")), err.toString());
    } finally {
      System.setIn(before);
    }
    assertEquals(List.of("b"), done(folder.resolve("4")));
    picture("[1].png");
    assertEquals(0, look(folder.resolve("[1].png"), "-o", folder.resolve("5")), err.toString());
    assertEquals(List.of("[1]"), done(folder.resolve("5")));
    assertFalse(Files.exists(folder.resolve("5/gallery.html")));
  }

  @Test
  void aRunThatWasStoppedGoesOnToTheSameResult() throws IOException {
    photos();
    Object[] all = {
      folder.resolve("photos"),
      "-o",
      folder.resolve("results"),
      "--skip-existing",
      "--format",
      "coco,yolo,labels"
    };
    assertEquals(0, look(all), err.toString());
    Map<String, byte[]> whole = files(folder.resolve("results"));
    assertEquals(0, look(all), err.toString());
    assertTrue(out.toString().contains("0 looked at, 4 done before"), out.toString());
    same(whole, files(folder.resolve("results")));
    // As if killed: one picture without its last file, one without its overlay, nothing of all.
    Files.delete(folder.resolve("results/deep/a.json"));
    Files.delete(folder.resolve("results/a.overlay.png"));
    Files.delete(folder.resolve("results/gallery.html"));
    Files.delete(folder.resolve("results/coco/instances.json"));
    Files.writeString(folder.resolve("results/deep/er/a.json"), "{\"width\": 12");
    assertEquals(0, look(all), err.toString());
    assertTrue(out.toString().contains("2 looked at, 2 done before"), out.toString());
    same(whole, files(folder.resolve("results")));
    assertEquals(
        0,
        look(Stream.concat(Stream.of(all), Stream.of("--words", "a,b")).toArray()),
        err.toString());
    assertTrue(out.toString().contains("4 looked at, 0 done before"), out.toString());
  }

  private static void same(Map<String, byte[]> expected, Map<String, byte[]> found) {
    assertEquals(expected.keySet(), found.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, found.get(name), name));
  }

  @Test
  void theGalleryIsOnePageAndEscaped() throws IOException {
    Files.createDirectory(folder.resolve("photos"));
    picture("photos/a&b 'c'.png");
    Files.writeString(folder.resolve("photos/x<script>.png"), "no picture");
    Path results = folder.resolve("results");
    assertEquals(1, look(folder.resolve("photos"), "-o", results, "--no-overlay"), "" + out);
    String page = Files.readString(results.resolve("gallery.html"));
    assertTrue(page.contains("alt=\"a&amp;b 'c'.png\""), page);
    assertTrue(page.contains("&lt;b&gt;&quot;dark&quot;&lt;/b&gt;"), page);
    assertTrue(page.contains("x&lt;script&gt;.png"), page);
    assertEquals(2, page.split("<script>", -1).length);
    assertFalse(page.contains("http:") || page.contains("https:"), page);
    assertFalse(page.contains("<a "), page);
    assertFalse(Files.exists(results.resolve("a&b 'c'.overlay.png")));
    assertEquals(1, look(folder.resolve("photos"), "-o", results, "--gallery"), "" + out);
    page = Files.readString(results.resolve("gallery.html"));
    assertTrue(page.contains("<a href=\"a%26b%20%27c%27.overlay.png\">"), page);
    assertEquals(
        1, look(folder.resolve("photos"), "-o", folder.resolve("2"), "--no-gallery"), "" + out);
    assertFalse(Files.exists(folder.resolve("2/gallery.html")));
  }

  @Test
  void optionsThatMeanNothingAreRefused() throws IOException {
    Path file = picture("a.png");
    Path results = folder.resolve("results");
    for (Object[] wrong :
        new Object[][] {{"--format", "doc"}, {"--tolerance", "-1"}, {"--limit", "0"}}) {
      assertEquals(2, look(file, "-o", results, wrong[0], wrong[1]));
      assertTrue(err.toString().contains(wrong[0].toString()), err.toString());
    }
  }
}
