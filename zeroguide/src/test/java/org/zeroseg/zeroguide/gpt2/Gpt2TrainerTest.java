package org.zeroseg.zeroguide.gpt2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.train.TrainingPlan;

class Gpt2TrainerTest {

  private static final List<String> TEXTS = List.of("a red cat.", "the blue dog.");
  private static final ByteLevelTokenizer TOKENIZER = ByteLevelTokenizer.learn(TEXTS, 0);
  private static final Gpt2Config CONFIG =
      new Gpt2Config(2, 32, 2, TOKENIZER.vocabularySize(), 20, 1e-5);
  private static final Gpt2Trainer.Options OPTIONS = new Gpt2Trainer.Options(1e-2, 5, 0.01);
  private static final PackedTexts BATCHES = PackedTexts.of(TEXTS, TOKENIZER, 4, 20, 5);

  private final NDManager manager = NDManager.newBaseManager("PyTorch");

  @TempDir Path folder;

  @AfterEach
  void close() {
    manager.close();
  }

  private Gpt2Trainer trainer() {
    return Gpt2Trainer.of(CONFIG, new SplittableRandom(3), manager);
  }

  private TrainingPlan plan(String name, int steps) {
    return TrainingPlan.of(folder.resolve(name), steps)
        .withSaveEvery(1)
        .withProvenance(Map.of("seed", "3"));
  }

  private static String continued(Gpt2 model, String start, NDManager manager) {
    int[] ids = TOKENIZER.encode("<|endoftext|>" + start);
    while (ids.length < CONFIG.positions() && !TOKENIZER.decode(ids).endsWith(".")) {
      try (NDManager call = manager.newSubManager()) {
        long[] row = Arrays.stream(ids).asLongStream().toArray();
        long[] next = model.read(call.create(new long[][] {row})).logits().argMax(2).toLongArray();
        ids = Arrays.copyOf(ids, ids.length + 1);
        ids[ids.length - 1] = (int) next[next.length - 1];
      }
    }
    return TOKENIZER.decode(Arrays.copyOfRange(ids, 1, ids.length));
  }

  @Test
  void learnsToSayWhatItHasRead() throws IOException {
    Gpt2Trainer trainer = trainer();
    float before = trainer.loss(BATCHES.batch(999));
    assertEquals(Math.log(CONFIG.vocabulary()), before, 0.2, "nothing is known at first");
    float[] losses = trainer.run(BATCHES, OPTIONS, plan("run", 80), Progress.SILENT);
    assertTrue(losses[79] < 1, "loss " + losses[79]);
    assertEquals("a red cat.", continued(trainer.model(), "a", manager));
    assertEquals("the blue dog.", continued(trainer.model(), "t", manager));
  }

  @Test
  void anInterruptedTrainingEndsWithTheSameBits() throws IOException {
    Gpt2Trainer through = trainer();
    through.run(BATCHES, OPTIONS, plan("through", 6), Progress.SILENT);
    Progress plug =
        (task, done, total) -> {
          if (done == 4) {
            throw new UnsupportedOperationException("stopped behind step 4");
          }
        };
    assertThrows(
        UnsupportedOperationException.class,
        () -> trainer().run(BATCHES, OPTIONS, plan("cut", 6), plug));
    Gpt2Trainer resumed = trainer();
    resumed.run(BATCHES, OPTIONS, plan("cut", 6), Progress.SILENT);
    for (String name : CONFIG.shapes().keySet()) {
      assertArrayEquals(
          through.model().weights().get(name).toByteArray(),
          resumed.model().weights().get(name).toByteArray(),
          name);
    }
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    Gpt2Trainer trainer = trainer();
    TOKENIZER.write(folder);
    trainer.model().write(folder, DataType.FLOAT32, Map.of("data", "two texts"));
    assertTrue(Files.readString(folder.resolve("config.json")).contains("\"n_head\": 2"));
    Gpt2 read = Gpt2.load(folder, Precision.FLOAT32, manager);
    assertEquals(CONFIG, read.config());
    for (String name : CONFIG.shapes().keySet()) {
      assertArrayEquals(
          trainer.model().weights().get(name).toByteArray(),
          read.weights().get(name).toByteArray(),
          name);
    }
    assertEquals(TOKENIZER.vocabularySize(), ByteLevelTokenizer.read(folder).vocabularySize());
  }

  @Test
  void rowsBeginWithTheBoundaryAndHoldWholeTextsUpToTheirEnd() {
    long[][] batch = BATCHES.batch(0);
    assertEquals(4, batch.length);
    for (long[] row : batch) {
      assertEquals(20, row.length);
      assertEquals(TOKENIZER.boundary(), row[0]);
      String text = TOKENIZER.decode(Arrays.stream(row).mapToInt(Math::toIntExact).toArray());
      String[] parts = text.split("\\Q<|endoftext|>\\E", -1);
      assertEquals("", parts[0]);
      for (int i = 1; i < parts.length; i++) {
        String part = parts[i];
        boolean last = i == parts.length - 1;
        assertTrue(
            TEXTS.stream().anyMatch(one -> last ? one.startsWith(part) : one.equals(part)), text);
      }
    }
    assertArrayEquals(batch[0], BATCHES.batch(0)[0]);
  }

  @Test
  void aCorpusOfNothingIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> PackedTexts.of(List.of(), TOKENIZER, 1, 8, 0));
    assertThrows(IllegalArgumentException.class, () -> PackedTexts.of(TEXTS, TOKENIZER, 1, 1, 0));
  }

  @Test
  void rowsLongerThanTheModelReadsAreRefused() {
    PackedTexts tooLong = PackedTexts.of(TEXTS, TOKENIZER, 1, 22, 0);
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> trainer().loss(tooLong.batch(0)));
    assertEquals("a text of 21 tokens; the model has 20 positions", error.getMessage());
  }
}
