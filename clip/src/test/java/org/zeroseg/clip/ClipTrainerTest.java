package org.zeroseg.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.ClipTrainer.Pairs;
import org.zeroseg.core.Progress;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.TrainingPlan;

class ClipTrainerTest {

  private static final int SIZE = 16;
  private static final ClipConfig.Text TEXT = new ClipConfig.Text(64, 1, 4, 9);
  private static final ClipConfig RES_NET =
      new ClipConfig(new ClipConfig.ResNet(16, List.of(1), 4), TEXT, 32);
  private static final ClipConfig VIT = new ClipConfig(new ClipConfig.Vit(64, 1, 8, 2), TEXT, 32);
  private static final ClipTrainer.Options OPTIONS = new ClipTrainer.Options(3e-3, 5, 0.05);

  private final NDManager manager = NDManager.newBaseManager("PyTorch");

  @TempDir Path folder;

  @AfterEach
  void close() {
    manager.close();
  }

  /** Four kinds of pictures, each a plane of one brightness a channel, with noise. */
  private static Pairs pairs(long step) {
    SplittableRandom random = new SplittableRandom(step);
    int area = SIZE * SIZE;
    float[] pixels = new float[8 * 3 * area];
    long[][] tokens = new long[8][];
    for (int i = 0; i < 8; i++) {
      int kind = i % 4;
      for (int p = 0; p < 3 * area; p++) {
        float level = p / area == kind ? 1.5f : kind == 3 ? -1 : 0;
        pixels[i * 3 * area + p] = level + (float) random.nextDouble();
      }
      tokens[i] = new long[] {7, 1 + kind, 8, 0};
    }
    return new Pairs(pixels, SIZE, tokens);
  }

  private Map<String, NDArray> weights(ClipConfig config) {
    return config.initialWeights(new SplittableRandom(3), manager);
  }

  private TrainingPlan plan(String name, int steps) {
    return new TrainingPlan(folder.resolve(name), steps, 100, 1, Map.of("seed", "3"));
  }

  private float[] train(ClipTrainer trainer, String name, int steps) throws IOException {
    return trainer.run(ClipTrainerTest::pairs, plan(name, steps), Progress.SILENT);
  }

  /** Which of the first four captions each picture of a fresh batch fits best. */
  private long[] guesses(ClipModel model) {
    try (NDManager call = manager.newSubManager()) {
      Pairs fresh = pairs(1_000_000);
      NDArray images =
          model.image().encode(call.create(fresh.pixels(), new Shape(8, 3, SIZE, SIZE)));
      NDArray texts = model.text().encode(call.create(Arrays.copyOf(fresh.tokens(), 4)));
      return model.logits(images, texts).argMax(1).toLongArray();
    }
  }

  @Test
  void bothKindsOfImageTowerLearnToNamePictures() throws IOException {
    for (ClipConfig config : List.of(RES_NET, VIT)) {
      ClipTrainer trainer = ClipTrainer.of(config, weights(config), OPTIONS);
      float[] losses = train(trainer, config.image().getClass().getSimpleName(), 25);
      assertTrue(losses[24] < losses[0], losses[0] + " to " + losses[24]);
      assertArrayEquals(new long[] {0, 1, 2, 3, 0, 1, 2, 3}, guesses(trainer.model()));
    }
  }

  @Test
  void anInterruptedTrainingEndsWithTheSameBits() throws IOException {
    Map<String, NDArray> through = weights(RES_NET);
    train(ClipTrainer.of(RES_NET, through, OPTIONS), "through", 6);
    TrainingPlan often = new TrainingPlan(folder.resolve("cut"), 6, 1, 1, Map.of("seed", "3"));
    try {
      ClipTrainer.of(RES_NET, weights(RES_NET), OPTIONS)
          .run(
              ClipTrainerTest::pairs,
              often,
              (task, done, total) -> {
                if (done == 4) {
                  throw new UnsupportedOperationException("stopped behind step 4");
                }
              });
    } catch (UnsupportedOperationException e) {
      assertEquals("stopped behind step 4", e.getMessage());
    }
    Map<String, NDArray> resumed = weights(RES_NET);
    ClipTrainer.of(RES_NET, resumed, OPTIONS).run(ClipTrainerTest::pairs, often, Progress.SILENT);
    through.forEach(
        (name, array) ->
            assertArrayEquals(array.toByteArray(), resumed.get(name).toByteArray(), name));
  }

  @Test
  void distillationBringsAnotherTowerIntoTheSameSpaceAndLeavesTheWordsAlone() throws IOException {
    Map<String, NDArray> teacherWeights = weights(RES_NET);
    ClipTrainer teacher = ClipTrainer.of(RES_NET, teacherWeights, OPTIONS);
    train(teacher, "teacher", 25);
    Map<String, NDArray> student = new LinkedHashMap<>(weights(VIT));
    student.replaceAll(
        (name, array) -> name.startsWith("visual.") ? array : teacherWeights.get(name).duplicate());
    ClipTrainer trainer = ClipTrainer.distilling(VIT, student, teacher.model(), OPTIONS);
    train(trainer, "student", 40);
    student.forEach(
        (name, array) -> {
          if (!name.startsWith("visual.")) {
            assertArrayEquals(array.toByteArray(), teacherWeights.get(name).toByteArray(), name);
          }
        });
    assertArrayEquals(new long[] {0, 1, 2, 3, 0, 1, 2, 3}, guesses(trainer.model()));
    try (NDManager call = manager.newSubManager()) {
      NDArray pixels = call.create(pairs(9).pixels(), new Shape(8, 3, SIZE, SIZE));
      float[] cosines =
          rowCosines(
              teacher.model().image().encode(pixels), trainer.model().image().encode(pixels));
      for (float cosine : cosines) {
        assertTrue(cosine > 0.7, Arrays.toString(cosines));
      }
    }
  }

  private static float[] rowCosines(NDArray a, NDArray b) {
    NDArray dots = a.mul(b).sum(new int[] {1});
    NDArray lengths = a.square().sum(new int[] {1}).mul(b.square().sum(new int[] {1})).sqrt();
    return dots.div(lengths).toFloatArray();
  }

  @Test
  void theTemperatureNeverScalesByMoreThanAHundred() throws IOException {
    Map<String, NDArray> weights = weights(RES_NET);
    weights.put("logit_scale", manager.create(6f));
    train(ClipTrainer.of(RES_NET, weights, OPTIONS), "hot", 1);
    assertEquals(Math.log(100), weights.get("logit_scale").getFloat(), 1e-6);
  }

  @Test
  void trainingLeavesAModelThatItsShapesDescribe() throws IOException {
    Map<String, NDArray> weights = weights(RES_NET);
    train(ClipTrainer.of(RES_NET, weights, OPTIONS), "described", 1);
    assertEquals(RES_NET, ClipConfig.of(Weights.of(weights, "trained").checkpoint()));
    assertFalse(
        Arrays.equals(new float[16], weights.get("visual.bn3.running_mean").toFloatArray()));
  }

  @Test
  void equalCaptionsShareTheTarget() {
    try (NDManager call = manager.newSubManager()) {
      NDArray logits = call.create(new float[] {3, 1, 0, 1, 2, 1, 0, 1, 4}, new Shape(3, 3));
      double distinct =
          ClipTrainer.contrastiveLoss(logits, call.create(new long[] {0, 1, 2})).getFloat();
      double shared =
          ClipTrainer.contrastiveLoss(logits, call.create(new long[] {0, 0, 2})).getFloat();
      // The logits are symmetric, so both directions are equal.
      double row0 = Math.log(Math.exp(3) + Math.exp(1) + Math.exp(0));
      double row1 = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(1));
      double row2 = Math.log(Math.exp(0) + Math.exp(1) + Math.exp(4));
      assertEquals((row0 - 3 + row1 - 2 + row2 - 4) / 3, distinct, 1e-5);
      assertEquals((row0 - 2 + row1 - 1.5 + row2 - 4) / 3, shared, 1e-5);
    }
  }
}
