package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.retrieval.ImageEncoder;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.train.TrainingPlan;

/** The whole pipeline, with an encoder and a detector that look at colours. */
class NamedMaskPipelineTest {

  private static final int SIDE = 24;

  @TempDir Path folder;
  private Path pictures;
  private final List<String> embedded = new ArrayList<>();
  private final List<String> detected = new ArrayList<>();
  private String encoderName = "colours";
  private String detectorName = "bright";

  @BeforeEach
  void coloursOnGrey() throws IOException {
    pictures = Files.createDirectory(folder.resolve("pictures"));
    for (int i = 0; i < 4; i++) {
      square("red" + i, i, 230, 20 + i, 20);
      square("blue" + i, i, 20, 20 + i, 230);
    }
    Files.writeString(pictures.resolve("damaged.png"), "no picture");
  }

  /** A square on grey, at a place of its own for each number. */
  private void square(String name, int number, int red, int green, int blue) throws IOException {
    byte[] samples = new byte[3 * SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
      boolean inside = TinyNamedMask.inSquare(SIDE, number, i % SIDE, i / SIDE);
      samples[3 * i] = (byte) (inside ? red : 110);
      samples[3 * i + 1] = (byte) (inside ? green : 110);
      samples[3 * i + 2] = (byte) (inside ? blue : 110);
    }
    Picture.of(PixelFormat.RGB, SIDE, SIDE, samples).writePng(pictures.resolve(name + ".png"));
  }

  private static float[] colour(Picture picture) {
    byte[] samples = picture.rgb().samples();
    float[] sums = new float[3];
    for (int i = 0; i < samples.length; i++) {
      sums[i % 3] += samples[i] & 0xff;
    }
    return sums;
  }

  private NamedMaskPipeline.Models models() {
    ImageEncoder images =
        new ImageEncoder() {
          @Override
          public String model() {
            return encoderName;
          }

          @Override
          public int dimension() {
            return 3;
          }

          @Override
          public Picture prepare(Picture picture) {
            return picture;
          }

          @Override
          public float[][] embed(List<Picture> prepared) {
            prepared.forEach(picture -> embedded.add(""));
            return prepared.stream().map(NamedMaskPipelineTest::colour).toArray(float[][]::new);
          }
        };
    TextEmbeddings words =
        TextEmbeddings.of(
            texts ->
                texts.stream()
                    .map(
                        text ->
                            text.contains("red") ? new float[] {1, 0, 0} : new float[] {0, 0, 1})
                    .toArray(float[][]::new));
    SaliencyDetector detector =
        new SaliencyDetector() {
          @Override
          public List<Salient> detect(List<Picture> list) {
            return list.stream().map(picture -> new Salient(mask(picture), 1)).toList();
          }

          @Override
          public void close() {}
        };
    return new NamedMaskPipeline.Models(
        images, words, PromptTemplates.BARE, detector, detectorName, Optional.empty());
  }

  private Mask mask(Picture picture) {
    detected.add("");
    byte[] samples = picture.rgb().samples();
    return Mask.of(
        picture.width(),
        picture.height(),
        (x, y) -> (samples[3 * (y * picture.width() + x) + 1] & 0xff) < 100);
  }

  private static NamedMaskPipeline.Settings settings(Duplicates duplicates, long steps) {
    NamedMaskRecipe recipe = NamedMaskTrainingTest.recipe();
    return new NamedMaskPipeline.Settings(
        3,
        0,
        duplicates,
        recipe,
        Optional.of(TrainingPlan.of(Path.of("unused"), 2).withSaveEvery(1)),
        recipe,
        TrainingPlan.of(Path.of("unused"), steps).withSaveEvery(1),
        DataType.FLOAT32);
  }

  private NamedMaskPipeline.Outcome run(String out, Progress progress) throws IOException {
    return run(
        out, Vocabulary.of("red thing", "blue thing"), settings(Duplicates.APART, 3), progress);
  }

  private NamedMaskPipeline.Outcome run(
      String out, Vocabulary words, NamedMaskPipeline.Settings settings, Progress progress)
      throws IOException {
    embedded.clear();
    detected.clear();
    return new NamedMaskPipeline(models(), settings)
        .run(pictures, words, folder.resolve(out), progress);
  }

  @Test
  void picturesAndWordsBecomeASegmenter() throws IOException {
    Set<String> stages = new TreeSet<>();
    NamedMaskPipeline.Outcome outcome =
        run("out", (task, done, total) -> stages.add(task.substring(0, 5)));
    assertEquals(Set.of("[1/6]", "[2/6]", "[3/6]", "[4/6]", "[5/6]", "[6/6]"), stages);
    assertEquals(
        List.of("index", "archives", "pseudo-masks", "experts", "refined-masks", "network"),
        List.copyOf(outcome.times().keySet()));
    assertEquals(List.of("damaged.png"), outcome.unreadable().stream().map(f -> f.name()).toList());
    assertTrue(
        outcome.refined().archives().pictures().get("red thing").stream()
            .allMatch(name -> name.startsWith("red")));
    assertEquals(3, outcome.refined().usable("blue thing").size());
    try (NamedMask segmenter = NamedMask.builder().model(folder.resolve("out")).build()) {
      assertEquals(List.of("red thing", "blue thing"), segmenter.vocabulary().names());
    }
  }

  @Test
  void nothingIsMadeAgain() throws IOException {
    run("out", Progress.SILENT);
    byte[] model = Files.readAllBytes(folder.resolve("out/model.safetensors"));
    List<String> tasks = new ArrayList<>();
    run("out", (task, done, total) -> tasks.add(task));
    assertEquals(0, embedded.size());
    assertEquals(0, detected.size());
    assertTrue(tasks.stream().noneMatch(task -> task.contains("training")), tasks.toString());
    assertArrayEquals(model, Files.readAllBytes(folder.resolve("out/model.safetensors")));
  }

  @Test
  void timesOfStagesAddUpOverCalls() throws IOException {
    assertThrows(
        Killed.class,
        () ->
            run(
                "out",
                (task, done, total) -> {
                  if (task.startsWith("[3/6]")) {
                    throw new Killed();
                  }
                }));
    Path file = folder.resolve("out/manifest/times.json");
    var before = new Manifest(file).read();
    assertEquals(List.of("index", "archives", "pseudo-masks"), List.copyOf(before.keySet()));
    var after = run("out", Progress.SILENT).times();
    assertEquals(6, after.size());
    Duration index = Duration.parse(before.get("index"));
    assertTrue(after.get("index").compareTo(index) >= 0, after.toString());
    Files.writeString(file, "{\"results\": {\"index\": \"long\"}}");
    IOException refused = assertThrows(IOException.class, () -> run("out", Progress.SILENT));
    assertTrue(refused.getMessage().contains("times.json: \"long\""), refused.getMessage());
  }

  /** As if the power failed: nothing is tidied up. */
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @Test
  @Tag("slow")
  void killedAtAnyPointAndResumedItEndsWithTheSameBits() throws IOException {
    List<String> told = new ArrayList<>();
    run("whole", (task, done, total) -> told.add(task));
    byte[] model = Files.readAllBytes(folder.resolve("whole/model.safetensors"));
    for (int stop = 0; stop < told.size(); stop += 3) {
      int last = stop;
      String out = "killed" + stop;
      int[] count = {0};
      assertThrows(
          Killed.class,
          () ->
              run(
                  out,
                  (task, done, total) -> {
                    if (count[0]++ == last) {
                      throw new Killed();
                    }
                  }));
      run(out, Progress.SILENT);
      assertArrayEquals(
          model,
          Files.readAllBytes(folder.resolve(out).resolve("model.safetensors")),
          "killed at " + told.get(stop));
      assertEquals(refined(folder.resolve("whole")), refined(folder.resolve(out)), told.get(stop));
    }
  }

  private static List<String> refined(Path out) throws IOException {
    try (var files = Files.walk(out.resolve("refined-masks"))) {
      List<String> all = new ArrayList<>();
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        all.add(out.relativize(file) + " " + Files.readString(file));
      }
      return all;
    }
  }

  @Test
  void aChangedPictureChangesWhatDependsOnItAlone() throws IOException {
    NamedMaskPipeline.Outcome before = run("out", Progress.SILENT);
    String name = before.saliency().archives().pictures().get("red thing").get(0);
    Path untouched = before.experts().model(before.experts().groups().get(1));
    var written = Files.getLastModifiedTime(untouched);
    square(name.replace(".png", ""), 7, 231, 20, 20);
    List<String> tasks = new ArrayList<>();
    run("out", (task, done, total) -> tasks.add(task));
    assertEquals(1, embedded.size());
    assertEquals(1, detected.size());
    assertEquals(written, Files.getLastModifiedTime(untouched));
    assertTrue(
        tasks.stream().anyMatch(task -> task.contains("expert 1 of 1, red thing")),
        tasks.toString());
    assertTrue(tasks.stream().noneMatch(task -> task.contains("blue thing")), tasks.toString());
    assertTrue(
        tasks.stream().anyMatch(task -> task.startsWith("[6/6] training")), tasks.toString());
  }

  @Test
  void picturesComeAndGo() throws IOException {
    run("out", Progress.SILENT);
    Files.delete(pictures.resolve("red0.png"));
    Files.delete(pictures.resolve("damaged.png"));
    square("red9", 8, 250, 0, 0);
    NamedMaskPipeline.Outcome after = run("out", Progress.SILENT);
    assertEquals(1, embedded.size());
    assertEquals(List.of(), after.unreadable());
    List<String> reds = after.saliency().archives().pictures().get("red thing");
    assertTrue(reds.contains("red9.png") && !reds.contains("red0.png"), reds.toString());
    assertEquals(1, detected.size());
  }

  @Test
  void changedOptionsChangeWhatDependsOnThemAlone() throws IOException {
    run("out", Progress.SILENT);
    Vocabulary words = Vocabulary.of("red thing", "blue thing");
    List<String> tasks = new ArrayList<>();
    Progress listener = (task, done, total) -> tasks.add(task);
    run("out", words, settings(Duplicates.APART, 4), listener);
    assertEquals(0, embedded.size() + detected.size());
    assertTrue(tasks.stream().noneMatch(task -> task.contains("expert")), tasks.toString());
    assertTrue(
        tasks.stream().anyMatch(task -> task.startsWith("[6/6] training")), tasks.toString());
    detectorName = "brighter";
    run("out", words, settings(Duplicates.APART, 4), Progress.SILENT);
    assertEquals(0, embedded.size());
    assertEquals(6, detected.size());
    encoderName = "others";
    run("out", words, settings(Duplicates.APART, 4), Progress.SILENT);
    assertEquals(8, embedded.size());
    assertEquals(0, detected.size());
    NamedMaskPipeline.Outcome reference =
        run("out", words, settings(Duplicates.REFERENCE, 4), Progress.SILENT);
    assertTrue(Files.exists(folder.resolve("out/refined-masks-reference")));
    assertEquals(false, reference.refined().byCategory());
    run("out", Vocabulary.of("red thing"), settings(Duplicates.APART, 4), Progress.SILENT);
    assertEquals(0, embedded.size() + detected.size());
  }

  @Test
  void withoutExpertsTheDetectorsMasksAreLearntFrom() throws IOException {
    NamedMaskPipeline.Settings with = settings(Duplicates.APART, 3);
    NamedMaskPipeline.Settings without =
        new NamedMaskPipeline.Settings(
            with.pictures(),
            0,
            with.duplicates(),
            with.expert(),
            Optional.empty(),
            with.network(),
            with.plan(),
            with.type());
    Vocabulary words = Vocabulary.of("red thing", "blue thing");
    NamedMaskPipeline.Outcome outcome = run("out", words, without, Progress.SILENT);
    assertEquals(outcome.saliency(), outcome.refined());
    assertEquals(List.of(), outcome.experts().groups());
    assertTrue(Files.notExists(folder.resolve("out/experts")));
    assertTrue(Files.exists(outcome.model()));
  }

  @Test
  void onePictureIsAnArchiveForAllWords() throws IOException {
    Path one = Files.createDirectory(folder.resolve("one"));
    Files.copy(pictures.resolve("red0.png"), one.resolve("red0.png"));
    pictures = one;
    NamedMaskPipeline.Outcome outcome = run("out", Progress.SILENT);
    assertEquals(List.of("red0.png"), outcome.refined().usable("red thing"));
    assertEquals(List.of("red0.png"), outcome.refined().usable("blue thing"));
  }

  @Test
  void emptyAndFullMasksAreLearntFrom() throws IOException {
    square("red0", 0, 110, 110, 110);
    square("blue0", 0, 0, 0, 0);
    NamedMaskPipeline.Models colours = models();
    SaliencyDetector extremes =
        new SaliencyDetector() {
          @Override
          public List<Salient> detect(List<Picture> list) {
            return list.stream()
                .map(
                    picture ->
                        new Salient(
                            Mask.of(SIDE, SIDE, (x, y) -> colour(picture)[0] > colour(picture)[2]),
                            1))
                .toList();
          }

          @Override
          public void close() {}
        };
    NamedMaskPipeline.Models models =
        new NamedMaskPipeline.Models(
            colours.images(),
            colours.words(),
            colours.templates(),
            extremes,
            "all or nothing",
            Optional.empty());
    NamedMaskPipeline.Outcome outcome =
        new NamedMaskPipeline(models, settings(Duplicates.APART, 3))
            .run(
                pictures,
                Vocabulary.of("red thing", "blue thing"),
                folder.resolve("out"),
                Progress.SILENT);
    PseudoMasks masks = outcome.saliency().masks();
    Set<Integer> areas =
        outcome.saliency().archives().entries().stream()
            .map(Archives.Entry::picture)
            .map(name -> area(masks, name))
            .collect(Collectors.toSet());
    assertEquals(Set.of(0, SIDE * SIDE), areas);
    assertTrue(Files.exists(outcome.model()));
  }

  private static int area(PseudoMasks masks, String name) {
    try {
      return Math.toIntExact(masks.read(name).area());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFolderWithoutAPictureIsRefused() throws IOException {
    pictures = Files.createDirectory(folder.resolve("empty"));
    IOException none = assertThrows(IOException.class, () -> run("out", Progress.SILENT));
    assertTrue(none.getMessage().contains("no picture"), none.getMessage());
    Files.writeString(pictures.resolve("a.png"), "text");
    assertThrows(IOException.class, () -> run("out", Progress.SILENT));
  }

  @Test
  void aPictureThatVanishesFromAnArchiveLeavesItsWordWithoutAny() throws IOException {
    Path one = Files.createDirectory(folder.resolve("one"));
    Files.copy(pictures.resolve("red0.png"), one.resolve("red0.png"));
    pictures = one;
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                run(
                    "out",
                    (task, done, total) -> {
                      if (task.startsWith("[2/6]")) {
                        try {
                          Files.deleteIfExists(one.resolve("red0.png"));
                        } catch (IOException e) {
                          throw new IllegalStateException(e);
                        }
                      }
                    }));
    assertTrue(refused.getMessage().contains("[red thing]"), refused.getMessage());
  }

  @Test
  void twoAtOnceInAFolderAreRefused() throws IOException {
    run(
        "out",
        (task, done, total) -> {
          if (task.startsWith("[2/6]")) {
            assertThrows(IOException.class, () -> run("out", Progress.SILENT));
          }
        });
  }
}
