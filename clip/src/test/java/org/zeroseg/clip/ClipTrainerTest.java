package org.zeroseg.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import org.zeroseg.clip.ClipTrainer.Pairs;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.Progress;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.TrainingPlan;

class ClipTrainerTest {

  private static final int SIZE = 16;
  private static final ClipConfig.Text TEXT = new ClipConfig.Text(64, 1, 4, 514);
  private static final ClipConfig RES_NET =
      new ClipConfig(new ClipConfig.ResNet(16, List.of(1), 4), TEXT, 32);
  private static final ClipConfig.Vit VIT = new ClipConfig.Vit(64, 1, 8, 2);
  private static final ClipTrainer.Options OPTIONS = new ClipTrainer.Options(1e-3, 5, 0.05);

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
      tokens[i] = new long[] {512, 1 + kind, 513, 0};
    }
    return new Pairs(pixels, SIZE, tokens);
  }

  private ClipTrainer trainer(ClipConfig config) {
    return ClipTrainer.of(config, new SplittableRandom(3), manager);
  }

  private TrainingPlan plan(String name, int steps) {
    return TrainingPlan.of(folder.resolve(name), steps)
        .withSaveEvery(100)
        .withProvenance(Map.of("seed", "3"));
  }

  private float[] train(ClipTrainer trainer, String name, int steps) throws IOException {
    return trainer.run(ClipTrainerTest::pairs, OPTIONS, plan(name, steps), Progress.SILENT);
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
    for (ClipConfig config : List.of(RES_NET, new ClipConfig(VIT, TEXT, 32))) {
      ClipTrainer trainer = trainer(config);
      float[] losses = train(trainer, config.image().getClass().getSimpleName(), 80);
      assertTrue(losses[79] < losses[0], losses[0] + " to " + losses[79]);
      assertArrayEquals(
          new long[] {0, 1, 2, 3, 0, 1, 2, 3}, guesses(trainer.model()), config.toString());
    }
  }

  @Test
  void anInterruptedTrainingEndsWithTheSameBits() throws IOException {
    ClipTrainer through = trainer(RES_NET);
    train(through, "through", 6);
    TrainingPlan often =
        TrainingPlan.of(folder.resolve("cut"), 6)
            .withSaveEvery(1)
            .withProvenance(Map.of("seed", "3"));
    Progress plug =
        (task, done, total) -> {
          if (done == 4) {
            throw new UnsupportedOperationException("stopped behind step 4");
          }
        };
    assertThrows(
        UnsupportedOperationException.class,
        () -> trainer(RES_NET).run(ClipTrainerTest::pairs, OPTIONS, often, plug));
    ClipTrainer resumed = trainer(RES_NET);
    resumed.run(ClipTrainerTest::pairs, OPTIONS, often, Progress.SILENT);
    for (String name : through.model().weights().names()) {
      assertArrayEquals(
          through.model().weights().get(name).toByteArray(),
          resumed.model().weights().get(name).toByteArray(),
          name);
    }
  }

  @Test
  void distillationBringsAnotherTowerIntoTheSameSpaceAndLeavesTheWordsAlone() throws IOException {
    ClipTrainer teaching = trainer(RES_NET);
    train(teaching, "teacher", 40);
    Clip teacher = Clip.of(teaching.model(), ClipTokenizer.of(List.of(), 4).truncating(), manager);
    ClipTrainer trainer = ClipTrainer.distilling(VIT, teacher, new SplittableRandom(3), manager);
    train(trainer, "student", 60);
    for (String name : trainer.model().weights().names()) {
      if (!name.startsWith("visual.")) {
        assertArrayEquals(
            teaching.model().weights().get(name).toByteArray(),
            trainer.model().weights().get(name).toByteArray(),
            name);
      }
    }
    assertArrayEquals(new long[] {0, 1, 2, 3, 0, 1, 2, 3}, guesses(trainer.model()));
    try (NDManager call = manager.newSubManager()) {
      NDArray pixels = call.create(pairs(9).pixels(), new Shape(8, 3, SIZE, SIZE));
      float[] cosines =
          rowCosines(
              teaching.model().image().encode(pixels), trainer.model().image().encode(pixels));
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
    ClipTrainer trainer = trainer(RES_NET);
    NDArray scale = trainer.model().weights().get("logit_scale");
    scale.addi(6);
    train(trainer, "hot", 1);
    assertEquals(Math.log(100), scale.getFloat(), 1e-6);
  }

  @Test
  void trainingLeavesAModelThatItsShapesDescribe() throws IOException {
    ClipTrainer trainer = trainer(RES_NET);
    train(trainer, "described", 1);
    Weights weights = trainer.model().weights();
    assertEquals(RES_NET, ClipConfig.of(weights.checkpoint()));
    float[] mean = weights.get("visual.bn3.running_mean").toFloatArray();
    assertFalse(Arrays.equals(new float[16], mean));
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
