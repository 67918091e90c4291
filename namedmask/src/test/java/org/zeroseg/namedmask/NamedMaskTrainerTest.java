package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.train.TrainingPlan;

class NamedMaskTrainerTest {

  private static final int SIDE = 48;

  @TempDir Path folder;
  private NDManager manager;
  private PseudoMasks masks;

  @BeforeEach
  void picturesWithMasks() throws IOException {
    manager = NDManager.newBaseManager("PyTorch");
    masks = new PseudoMasks(folder.resolve("masks"));
    for (int i = 0; i < 8; i++) {
      int number = i;
      String name = "p" + i + ".png";
      TinyNamedMask.square(64, i).writePng(folder.resolve(name));
      masks.write(name, Mask.of(64, 64, (x, y) -> TinyNamedMask.inSquare(64, number, x, y)));
    }
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private static PastedScenes.Options options(int most, PastedScenes.Labels labels) {
    return PastedScenes.Options.DEFAULT
        .withSize(SIDE)
        .withMostObjects(most)
        .withScales(0.5, 1)
        .withPhotometric(false)
        .withLabels(labels)
        .withSeed(5);
  }

  private static Archives archives(List<String> first, List<String> second) {
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    pictures.put("square", first);
    pictures.put("other", second);
    return new Archives(pictures);
  }

  private ArchiveSamples samples(PastedScenes.Options options) {
    Archives both =
        archives(
            List.of("p0.png", "p1.png", "p2.png", "p3.png"),
            List.of("p4.png", "p5.png", "p6.png", "p7.png"));
    return samples(both, options);
  }

  private ArchiveSamples samples(Archives archives, PastedScenes.Options options) {
    return new ArchiveSamples(
        PastedScenes.of(new MaskedArchives(archives, folder, masks), options), 4);
  }

  private NamedMaskTrainer trainer(int classes, NamedMaskTrainer.Options options) {
    DeepLabConfig config = TinyNamedMask.config(classes);
    return NamedMaskTrainer.of(config, TinyNamedMask.weights(config, manager), options);
  }

  private static NamedMaskTrainer.Options quick(boolean bfloat16) {
    return new NamedMaskTrainer.Options(5e-3, 0.5, 2e-4, 0.9, 0.999, 255, 0.1, bfloat16);
  }

  @Test
  void aBatchIsAFunctionOfTheSeedAndTheStep() {
    PastedScenes.Options options = options(2, PastedScenes.Labels.OF_ARCHIVE);
    NamedMaskTrainer.Samples once = samples(options).batch(7);
    NamedMaskTrainer.Samples again = samples(options).batch(7);
    assertArrayEquals(once.pixels(), again.pixels());
    assertArrayEquals(once.labels(), again.labels());
    assertEquals(once.dropout(), again.dropout());
    assertFalse(Arrays.equals(once.pixels(), samples(options).batch(8).pixels()));
  }

  @Test
  void expertsSeeOneKindOfObject() {
    ArchiveSamples samples = samples(options(1, PastedScenes.Labels.OBJECT));
    assertTrue(
        Arrays.stream(samples.batch(0).labels()).allMatch(label -> label <= 1 || label == 255));
  }

  @Test
  void emptyAndFullMasksMakeSamples() throws IOException {
    masks.write("p0.png", Mask.empty(64, 64));
    masks.write("p1.png", Mask.of(64, 64, (x, y) -> true));
    Archives one = archives(List.of("p0.png"), List.of("p1.png"));
    ArchiveSamples samples = samples(one, options(2, PastedScenes.Labels.OF_ARCHIVE));
    for (int step = 0; step < 5; step++) {
      assertTrue(
          Arrays.stream(samples.batch(step).labels())
              .allMatch(label -> label == 0 || label == 2 || label == 255));
    }
  }

  @Test
  void lossFallsAndTheObjectIsFound() throws IOException {
    NamedMaskTrainer trainer = trainer(2, quick(false));
    ArchiveSamples samples = samples(options(1, PastedScenes.Labels.OBJECT));
    float[] losses =
        trainer.run(samples, TrainingPlan.of(folder.resolve("run"), 120), Progress.SILENT);
    assertTrue(mean(losses, 110, 120) < 0.5 * mean(losses, 0, 10), Arrays.toString(losses));
    try (NamedMask segmenter =
        NamedMask.builder()
            .precision(Precision.FLOAT32)
            .categories("square")
            .build(trainer.model())) {
      double sum = 0;
      for (int i = 0; i < 8; i++) {
        int number = i;
        Segmentation found = segmenter.segment(TinyNamedMask.square(64, i), segmenter.vocabulary());
        Mask truth = Mask.of(64, 64, (x, y) -> TinyNamedMask.inSquare(64, number, x, y));
        sum += truth.iou(Mask.ofLabel(64, 64, found.labels(), 1));
      }
      assertTrue(sum / 8 > 0.8, "mean IoU " + sum / 8);
    }
  }

  private static double mean(float[] values, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += values[i];
    }
    return sum / (to - from);
  }

  @Test
  void aResumedRunEndsWithTheSameBits() throws IOException {
    ArchiveSamples samples = samples(options(2, PastedScenes.Labels.OF_ARCHIVE));
    NamedMaskTrainer whole = trainer(3, quick(false));
    float[] losses =
        whole.run(
            samples, TrainingPlan.of(folder.resolve("whole"), 6).withSaveEvery(3), Progress.SILENT);
    NamedMaskTrainer stopped = trainer(3, quick(false));
    Path part = folder.resolve("part");
    AtomicLong step = new AtomicLong();
    assertThrows(
        IOException.class,
        () ->
            stopped.run(
                number -> {
                  if (number == 4) {
                    while (step.get() < 3) {
                      Thread.onSpinWait();
                    }
                  }
                  return samples.batch(number);
                },
                TrainingPlan.of(part, 6).withSaveEvery(3),
                (what, done, of) -> {
                  step.set(done);
                  if (done == 4) {
                    Thread.currentThread().interrupt();
                  }
                }));
    assertTrue(Files.exists(part.resolve("training.safetensors")));
    NamedMaskTrainer resumed = trainer(3, quick(false));
    float[] again =
        resumed.run(samples, TrainingPlan.of(part, 6).withSaveEvery(3), Progress.SILENT);
    assertArrayEquals(losses, again);
    for (String name : whole.result().names()) {
      try (NDArray expected = whole.result().get(name).duplicate()) {
        assertTrue(expected.equals(resumed.result().get(name)), name);
      }
    }
  }

  @Test
  void aBatchOfIgnoredPixelsAndABatchOfOneChangeNothing() throws IOException {
    NamedMaskTrainer trainer = trainer(2, quick(false));
    String name = "backbone.bn1.running_mean";
    float[] before = trainer.result().get(name).toFloatArray();
    float[] filter = trainer.result().get("backbone.conv1.weight").toFloatArray();
    int area = SIDE * SIDE;
    long[] ignored = new long[2 * area];
    Arrays.fill(ignored, 255);
    float[] losses =
        trainer.run(
            step ->
                step == 0
                    ? new NamedMaskTrainer.Samples(new float[6 * area], SIDE, SIDE, ignored, 0)
                    : new NamedMaskTrainer.Samples(
                        new float[3 * area], SIDE, SIDE, new long[area], 0),
            TrainingPlan.of(folder.resolve("nothing"), 2),
            Progress.SILENT);
    assertArrayEquals(new float[2], losses);
    assertArrayEquals(before, trainer.result().get(name).toFloatArray());
    assertArrayEquals(filter, trainer.result().get("backbone.conv1.weight").toFloatArray());
  }

  @Test
  @Tag("slow")
  void productsInBfloat16LearnToo() throws IOException {
    NamedMaskTrainer trainer = trainer(2, quick(true));
    ArchiveSamples samples = samples(options(1, PastedScenes.Labels.OBJECT));
    float[] losses =
        trainer.run(samples, TrainingPlan.of(folder.resolve("run"), 40), Progress.SILENT);
    assertTrue(mean(losses, 30, 40) < 0.7 * mean(losses, 0, 10), Arrays.toString(losses));
  }

  @Test
  void anExpertRefinesTheMasksOfItsArchive() throws IOException {
    NamedMaskTrainer trainer = trainer(2, quick(false));
    try (NamedMask expert =
            NamedMask.builder()
                .precision(Precision.FLOAT32)
                .categories("square")
                .build(trainer.model());
        SaliencyDetector detector = expert.detector()) {
      PseudoMasks refined = new PseudoMasks(folder.resolve("experts/square"));
      List<String> names = List.of("p0.png", "p1.png", "missing.png");
      PseudoMasks.Outcome outcome = refined.make(detector, folder, names, 2, Progress.SILENT);
      assertEquals(2, outcome.made());
      assertEquals("missing.png", outcome.failures().get(0).name());
      int[] labels = expert.segment(TinyNamedMask.square(64, 0), expert.vocabulary()).labels();
      assertEquals(Mask.ofLabel(64, 64, labels, 1), refined.read("p0.png"));
    }
  }

  @Test
  void categoriesThatAreAlikeShareAnExpert() {
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    for (String name : List.of("cat", "car", "dog", "bus")) {
      pictures.put(name, List.of(name + ".png"));
    }
    float[][] vectors = {{1, 0}, {0, 1}, {0.9f, 0.1f}, {0.1f, 0.9f}};
    List<Archives> groups = CategoryGroups.of(new Archives(pictures), vectors, 2, 0);
    assertEquals(
        List.of(List.of("cat", "dog"), List.of("car", "bus")),
        groups.stream().map(Archives::categories).toList());
    assertEquals(List.of("dog.png"), groups.get(0).pictures().get("dog"));
    assertThrows(
        IllegalArgumentException.class,
        () -> CategoryGroups.of(new Archives(pictures), vectors, 5, 0));
  }

  @Test
  void classesMayNotReachTheIgnoredLabel() {
    DeepLabConfig config = TinyNamedMask.config(301);
    Map<String, NDArray> weights = TinyNamedMask.weights(config, manager);
    assertThrows(
        IllegalArgumentException.class,
        () -> NamedMaskTrainer.of(config, weights, NamedMaskTrainer.Options.DEFAULT));
  }
}
