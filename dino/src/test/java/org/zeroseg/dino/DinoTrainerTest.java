package org.zeroseg.dino;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.TrainingPlan;

class DinoTrainerTest {

  private static final DinoConfig CONFIG = new DinoConfig(8, 64, 1, 1, 2);
  private static final DinoTrainer.Head HEAD = new DinoTrainer.Head(16, 8, 12);
  private static final DinoTrainer.Options OPTIONS = new DinoTrainer.Options(2e-3, 2, 0.04, 0.9, 2);
  private static final MultiCrop CROPS = new MultiCrop(16, 8, 2, 0.1, 0.4);

  private final NDManager manager = TinyModels.manager();

  @TempDir Path folder;

  @AfterEach
  void close() {
    manager.close();
  }

  private Map<String, NDArray> weights() {
    return DinoTrainer.initialWeights(CONFIG, HEAD, new SplittableRandom(1), manager);
  }

  private static DinoTrainer.Views views(long step) {
    List<Picture> pictures =
        List.of(
            TinyModels.square(32, 4, 4, 16),
            TinyModels.noise(32, 32, 1),
            TinyModels.plain(32, 40),
            TinyModels.noise(24, 32, 2));
    return CROPS.of(pictures, step);
  }

  private TrainingPlan plan(String name, int steps, int saveEvery) {
    return TrainingPlan.of(folder.resolve(name), steps).withSaveEvery(saveEvery);
  }

  @Test
  void lossIsTheCrossEntropyOfAllPairsOfDifferentViews() {
    int count = 2;
    int views = 3;
    int k = 4;
    SplittableRandom random = new SplittableRandom(5);
    float[] student = random(random, views * count * k);
    float[] teacher = random(random, 2 * count * k);
    float[] centre = random(random, k);
    double expected = 0;
    for (int t = 0; t < 2; t++) {
      for (int s = 0; s < views; s++) {
        for (int b = 0; b < count && s != t; b++) {
          double[] goal = softmax(teacher, (t * count + b) * k, k, centre, 0.04);
          double[] guess = softmax(student, (s * count + b) * k, k, new float[k], 0.1);
          for (int i = 0; i < k; i++) {
            expected -= goal[i] * Math.log(guess[i]) / (4 * count);
          }
        }
      }
    }
    try (NDManager call = manager.newSubManager()) {
      NDArray loss =
          DinoTrainer.KERNELS.call(
              "loss",
              call.create(student, new Shape((long) views * count, k)),
              call.create(teacher, new Shape(2L * count, k)),
              call.create(centre, new Shape(1, k)),
              call.create(new double[] {count, 0.1, 0.04}));
      assertEquals(expected, loss.getFloat(), 1e-4 * Math.abs(expected));
    }
  }

  private static float[] random(SplittableRandom random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (random.nextDouble() - 0.5) / 5;
    }
    return values;
  }

  private static double[] softmax(float[] x, int from, int k, float[] centre, double heat) {
    double[] p = new double[k];
    double sum = 0;
    for (int i = 0; i < k; i++) {
      p[i] = Math.exp((x[from + i] - centre[i]) / heat);
      sum += p[i];
    }
    for (int i = 0; i < k; i++) {
      p[i] /= sum;
    }
    return p;
  }

  @Test
  void studentLearnsAndTeacherFollows() throws IOException {
    Map<String, NDArray> weights = weights();
    float[] before = weights.get("teacher.blocks.0.mlp.fc1.weight").toFloatArray();
    float[] lengths = weights.get("student.head.last_layer.weight_g").toFloatArray();
    float[] losses =
        DinoTrainer.of(CONFIG, weights, OPTIONS)
            .run(DinoTrainerTest::views, plan("run", 8, 100), Progress.SILENT);
    for (float loss : losses) {
      assertTrue(loss > 0 && loss < 3 * Math.log(12), Arrays.toString(losses));
    }
    float[] teacher = weights.get("teacher.blocks.0.mlp.fc1.weight").toFloatArray();
    float[] student = weights.get("student.blocks.0.mlp.fc1.weight").toFloatArray();
    assertFalse(Arrays.equals(before, teacher));
    assertTrue(distance(before, teacher) < distance(before, student));
    assertArrayEquals(lengths, weights.get("student.head.last_layer.weight_g").toFloatArray());
    assertFalse(Arrays.equals(new float[12], weights.get("centre").toFloatArray()));
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sum;
  }

  @Test
  void prototypesRestWhileTheyAreFrozen() throws IOException {
    Map<String, NDArray> weights = weights();
    float[] before = weights.get("student.head.last_layer.weight_v").toFloatArray();
    DinoTrainer.of(CONFIG, weights, OPTIONS)
        .run(DinoTrainerTest::views, plan("frozen", 2, 100), Progress.SILENT);
    assertArrayEquals(before, weights.get("student.head.last_layer.weight_v").toFloatArray());
  }

  @Test
  void anInterruptedTrainingEndsWithTheSameBits() throws IOException {
    Map<String, NDArray> through = weights();
    DinoTrainer.of(CONFIG, through, OPTIONS)
        .run(DinoTrainerTest::views, plan("through", 5, 100), Progress.SILENT);
    try {
      DinoTrainer.of(CONFIG, weights(), OPTIONS)
          .run(
              DinoTrainerTest::views,
              plan("cut", 5, 1),
              (task, done, total) -> {
                if (done == 3) {
                  throw new UnsupportedOperationException("stopped");
                }
              });
    } catch (UnsupportedOperationException e) {
      assertEquals("stopped", e.getMessage());
    }
    Map<String, NDArray> resumed = weights();
    DinoTrainer.of(CONFIG, resumed, OPTIONS)
        .run(DinoTrainerTest::views, plan("cut", 5, 1), Progress.SILENT);
    through.forEach(
        (name, array) ->
            assertArrayEquals(array.toFloatArray(), resumed.get(name).toFloatArray(), name));
  }

  @Test
  void theTeachersBackboneIsAModel() {
    DinoTrainer trainer = DinoTrainer.of(CONFIG, weights(), OPTIONS);
    Weights backbone = Weights.of(trainer.backbone(), "trained");
    DinoConfig read = DinoConfig.of(backbone.checkpoint());
    assertEquals(CONFIG, read);
    assertEquals(CONFIG.shapes().keySet().size(), backbone.names().size());
  }

  @Test
  void trainingStartsFromABackbone() {
    Map<String, NDArray> learnt = DinoTrainer.of(CONFIG, weights(), OPTIONS).backbone();
    Map<String, NDArray> started =
        DinoTrainer.initialWeights(
            CONFIG, Weights.of(learnt, "DINO"), HEAD, new SplittableRandom(2), manager);
    assertEquals(weights().keySet(), started.keySet());
    learnt.forEach(
        (name, array) -> {
          for (String network : List.of("student.", "teacher.")) {
            NDArray copy = started.get(network + name);
            assertNotSame(array, copy);
            assertArrayEquals(array.toFloatArray(), copy.toFloatArray(), name);
          }
        });
  }

  @Test
  void cropsDependOnTheSeedAlone() {
    DinoTrainer.Views views = views(3);
    assertArrayEquals(views.global(), views(3).global());
    assertFalse(Arrays.equals(views.global(), views(4).global()));
    assertEquals(2 * 4 * 3 * 16 * 16, views.global().length);
    assertEquals(2 * 4 * 3 * 8 * 8, views.local().length);
  }
}
