package org.zeroseg.zutis;

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
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.Optimiser;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.zutis.ZutisTrainer.Options;
import org.zeroseg.zutis.ZutisTrainer.Samples;

class ZutisTrainerTest {

  private static final int SIZE = 32;
  private static final Options FAST = Options.DEFAULT.withLearningRate(2e-3);

  private final NDManager manager = NDManager.newBaseManager("PyTorch");

  @TempDir Path folder;

  @AfterEach
  void close() {
    manager.close();
  }

  /** Two samples with two discs each, of either of two kinds, which differ in colour. */
  private static Samples samples(long step) {
    SplittableRandom random = new SplittableRandom(step);
    int area = SIZE * SIZE;
    float[] pixels = new float[2 * 3 * area];
    long[] labels = new long[2 * area];
    long[] instances = new long[2 * area];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (float) random.nextDouble(-0.3, 0.3);
    }
    for (int sample = 0; sample < 2; sample++) {
      for (int disc = 1; disc <= 2; disc++) {
        int kind = random.nextInt(1, 3);
        int cx = random.nextInt(6, SIZE - 6);
        int cy = random.nextInt(6, SIZE - 6);
        for (int p = 0; p < area; p++) {
          int dx = p % SIZE - cx;
          int dy = p / SIZE - cy;
          if (dx * dx + dy * dy < 36) {
            labels[sample * area + p] = kind;
            instances[sample * area + p] = disc;
            pixels[(sample * 3 + kind) * area + p] = 2;
          }
        }
      }
    }
    return new Samples(pixels, SIZE, SIZE, labels, instances, new int[] {2, 2});
  }

  /** Unit vectors of three words. */
  private static float[][] words() {
    float[][] words = new float[3][TinyZutis.CONFIG.embedding()];
    for (int i = 0; i < 3; i++) {
      words[i][i] = 1;
    }
    return words;
  }

  private Map<String, NDArray> weights() {
    return TinyZutis.CONFIG.initialWeights(
        TinyZutis.clipWeights(manager), new SplittableRandom(3), manager);
  }

  private ZutisTrainer trainer(Map<String, NDArray> weights, Options options) {
    return ZutisTrainer.of(TinyZutis.CONFIG, weights, words(), options);
  }

  private TrainingPlan plan(String name, int steps, int saveEvery) {
    return TrainingPlan.of(folder.resolve(name), steps)
        .withSaveEvery(saveEvery)
        .withProvenance(Map.of("seed", "3"));
  }

  private static double mean(float[] losses, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += losses[i];
    }
    return sum / (to - from);
  }

  @Test
  void theLossFallsInEitherPrecision() throws IOException {
    for (boolean bfloat16 : new boolean[] {false, true}) {
      Options options = FAST.withBfloat16(bfloat16);
      float[] losses =
          trainer(weights(), options)
              .run(ZutisTrainerTest::samples, plan("run" + bfloat16, 30, 100), Progress.SILENT);
      double before = mean(losses, 0, 5);
      double after = mean(losses, 25, 30);
      assertTrue(after < 0.9 * before, "bfloat16 " + bfloat16 + ": " + before + " to " + after);
    }
  }

  @Test
  void anInterruptedTrainingEndsWithTheSameBits() throws IOException {
    Map<String, NDArray> through = weights();
    trainer(through, FAST).run(ZutisTrainerTest::samples, plan("through", 6, 100), Progress.SILENT);
    TrainingPlan often = plan("cut", 6, 2);
    assertThrows(
        UnsupportedOperationException.class,
        () ->
            trainer(weights(), FAST)
                .run(
                    ZutisTrainerTest::samples,
                    often,
                    (task, done, total) -> {
                      if (done == 5) {
                        throw new UnsupportedOperationException("stopped behind step 5");
                      }
                    }));
    Map<String, NDArray> resumed = weights();
    trainer(resumed, FAST).run(ZutisTrainerTest::samples, often, Progress.SILENT);
    through.forEach(
        (name, array) ->
            assertArrayEquals(array.toByteArray(), resumed.get(name).toByteArray(), name));
  }

  @Test
  void averagedWeightsAreTheResultAndSurviveInterruptions() throws IOException {
    Options options = FAST.withLongestGradient(1).withAveraging(0.5);
    Map<String, NDArray> plain = weights();
    ZutisTrainer through = trainer(plain, options);
    through.run(ZutisTrainerTest::samples, plan("mean", 4, 100), Progress.SILENT);
    String name = "ffn2.layers.2.bias";
    float[] averaged = through.result().get(name).toFloatArray();
    assertFalse(Arrays.equals(plain.get(name).toFloatArray(), averaged));
    TrainingPlan often = plan("mean-cut", 4, 2);
    assertThrows(
        UnsupportedOperationException.class,
        () ->
            trainer(weights(), options)
                .run(
                    ZutisTrainerTest::samples,
                    often,
                    (task, done, total) -> {
                      if (done == 3) {
                        throw new UnsupportedOperationException("stopped behind step 3");
                      }
                    }));
    ZutisTrainer resumed = trainer(weights(), options);
    resumed.run(ZutisTrainerTest::samples, often, Progress.SILENT);
    assertArrayEquals(averaged, resumed.result().get(name).toFloatArray());
    try (Checkpoint stored = Checkpoints.open(often.checkpoint())) {
      assertTrue(stored.tensors().containsKey("weights.mean." + name));
    }
    assertThrows(IllegalArgumentException.class, () -> FAST.withAveraging(1));
  }

  @Test
  void scaledWordsSharpenTheLossOfWordsAlone() {
    float[] totals = new float[4];
    for (int i = 0; i < 4; i++) {
      Criterion criterion = new Criterion(1, 1, i < 2 ? 1 : 0, i < 2 ? 0 : 1, 255);
      Options options =
          Options.DEFAULT
              .withLearningRate(1e-3)
              .withWeightDecay(0)
              .withCriterion(criterion)
              .withLongestGradient(1)
              .withWordScale(i % 2 == 0 ? 1 : 50);
      ZutisTrainer.Loss loss = trainer(weights(), options).new Loss(manager);
      totals[i] = loss.loss(samples(1), manager).getFloat();
    }
    assertEquals(totals[0], totals[1]);
    // Untrained cosines are wrong as often as not, which costs the more the larger they are.
    assertTrue(totals[3] > 2 * totals[2], totals[2] + " and " + totals[3]);
  }

  @Test
  void masksTeachTheImageTowerOnlyWithoutTheStoppedGradient() {
    for (boolean stopped : new boolean[] {true, false}) {
      Map<String, NDArray> weights = weights();
      // Words weigh nothing: what reaches the tower comes from the masks.
      Options options =
          Options.DEFAULT
              .withLearningRate(1e-3)
              .withWeightDecay(0)
              .withStopGradient(stopped)
              .withCriterion(new Criterion(1, 1, 1, 0, 255));
      ZutisTrainer trainer = trainer(weights, options);
      ZutisTrainer.Loss loss = trainer.new Loss(manager);
      try (Optimiser adam = trainer.optimiser(10);
          NDManager call = manager.newSubManager()) {
        Map<String, NDArray> gradients =
            adam.gradients(TorchEngine.recorded(() -> loss.loss(samples(1), call)));
        assertEquals(0, adam.steps());
        assertEquals(stopped, size(gradients.get("encoder.conv1.weight")) == 0);
        assertTrue(size(gradients.get("ffn1.layers.0.weight")) > 0);
      }
    }
  }

  private static double size(NDArray gradient) {
    double sum = 0;
    for (float value : gradient.toFloatArray()) {
      sum += Math.abs(value);
    }
    return sum;
  }

  @Test
  void aBatchWithoutAnyObjectHasNoMaskLoss() {
    ZutisTrainer trainer = trainer(weights(), FAST);
    ZutisTrainer.Loss loss = trainer.new Loss(manager);
    NDArray pixels = manager.create(new float[3 * SIZE * SIZE], new Shape(1, 3, SIZE, SIZE));
    NDArray labels = manager.create(new long[SIZE * SIZE], new Shape(1, SIZE, SIZE));
    for (int objects : new int[] {0, 3}) {
      NDArray none = manager.zeros(new Shape(objects, SIZE, SIZE));
      Criterion.Losses losses = loss.losses(pixels, labels, List.of(none));
      assertEquals(0, losses.masks().getFloat());
      assertEquals(losses.words().getFloat(), losses.total().getFloat());
      assertEquals(List.of(), losses.matches());
    }
  }

  @Test
  void ignoredPixelsAreNotAskedForWords() {
    ZutisTrainer.Loss loss = trainer(weights(), FAST).new Loss(manager);
    NDArray pixels = manager.create(samples(1).pixels(), new Shape(2, 3, SIZE, SIZE));
    long[] labels = new long[2 * SIZE * SIZE];
    java.util.Arrays.fill(labels, 255);
    NDArray all = manager.create(labels, new Shape(2, SIZE, SIZE));
    NDArray none = manager.zeros(new Shape(0, SIZE, SIZE));
    assertEquals(0, loss.losses(pixels, all, List.of(none, none)).total().getFloat());
  }

  @Test
  void allDecoderLayersStartEqualAndTheTowerIsClips() {
    Map<String, NDArray> clip = TinyZutis.clipWeights(manager);
    Map<String, NDArray> weights = weights();
    assertEquals(TinyZutis.CONFIG.shapes().keySet(), weights.keySet());
    assertArrayEquals(
        weights.get("decoder.layers.0.linear1.weight").toFloatArray(),
        weights.get("decoder.layers.1.linear1.weight").toFloatArray());
    assertArrayEquals(
        clip.get("visual.conv1.weight").toFloatArray(),
        weights.get("encoder.conv1.weight").toFloatArray());
  }

  @Test
  void wordsOfAnotherSpaceAreRefused() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> ZutisTrainer.of(TinyZutis.CONFIG, weights(), new float[3][16], FAST))
            .getMessage();
    assertTrue(message.contains("32") && message.contains("16"), message);
  }
}
