package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.augment.Draws;
import org.zeroseg.core.augment.GeometricAugmentation.Labelled;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.train.TrainingPlan;

class ReCoPlusTest {

  private static final int SIZE = 48;
  private static final List<String> NAMES = List.of("wall", "square");

  @TempDir Path folder;
  private final List<ReCoPlusSamples.Pair> pairs = new ArrayList<>();

  /** Red squares on grey; the labels of the first are of the square that is learnt from. */
  @BeforeEach
  void pictures() throws IOException {
    for (int i = 0; i < 6; i++) {
      Path picture = folder.resolve(i + ".png");
      Path labels = folder.resolve(i + "-labels.png");
      int number = i;
      int side = i == 0 ? SIZE : 64;
      TinyNamedMask.square(64, i).writePng(picture);
      int[] truth = new int[side * side];
      Arrays.setAll(
          truth,
          at ->
              TinyNamedMask.inSquare(64, number, at % side * 64 / side, at / side * 64 / side)
                  ? 1
                  : 0);
      LabelMap.of(side, side, truth).write(labels, false);
      pairs.add(new ReCoPlusSamples.Pair(picture, labels));
    }
  }

  private ReCoPlusSamples samples(int batch) {
    return new ReCoPlusSamples(pairs, SIZE, batch, 5);
  }

  /** Nothing is drawn but the least scale that pads. */
  private static Draws least() {
    return new Draws() {
      @Override
      public double uniform(double low, double high) {
        return low;
      }

      @Override
      public int integer(int low, int high) {
        return low;
      }
    };
  }

  @Test
  void smallPicturesLieAtTheTopLeftAndTheRestIsIgnored() {
    Labelled sample = samples(2).sample(0, least());
    assertEquals(SIZE, sample.picture().width());
    int half = SIZE / 2;
    assertEquals(1, sample.labels()[2 * SIZE + 2]);
    assertEquals(0, sample.labels()[(half - 1) * SIZE + half - 1]);
    assertEquals(255, sample.labels()[half]);
    assertEquals(255, sample.labels()[half * SIZE]);
  }

  @Test
  void everyPictureIsSeenOnceAnEpochAndBatchesRepeat() {
    ReCoPlusSamples samples = samples(3);
    assertArrayEquals(samples.batch(4).pixels(), samples.batch(4).pixels());
    assertNotEquals(
        Arrays.hashCode(samples.batch(0).pixels()), Arrays.hashCode(samples.batch(2).pixels()));
    assertEquals(3 * SIZE * SIZE, samples.batch(1).labels().length);
    assertThrows(IllegalArgumentException.class, () -> samples(7));
  }

  @Test
  void labelsOfAnotherSizeAreNamed() throws IOException {
    LabelMap.of(10, 10, new int[100]).write(pairs.get(1).labels(), false);
    Exception refused = assertThrows(UncheckedIOException.class, () -> samples(6).batch(0));
    assertTrue(refused.getCause().getMessage().contains("1-labels.png"), refused::toString);
  }

  @Test
  void aNetworkLearnsAndNamesEveryPixel() throws IOException {
    Path model = folder.resolve("model.safetensors");
    TrainingPlan plan = TrainingPlan.of(folder.resolve("run"), 200);
    NamedMaskTrainer.Options options = NamedMaskTrainer.Options.DEFAULT.withLearningRate(5e-3, 1);
    try (ReCoPlusTraining training =
        ReCoPlusTraining.of(
            samples(3), NAMES, Optional.empty(), TinyNamedMask.config(5), options)) {
      float[] losses = training.run(plan, Progress.SILENT);
      assertTrue(losses[199] < losses[0], losses[0] + " to " + losses[199]);
      training.write(model, DataType.FLOAT32);
    }
    Picture picture = TinyNamedMask.square(64, 3);
    for (boolean crf : new boolean[] {false, true}) {
      NamedMaskBuilder builder = NamedMask.builder().model(model);
      try (NamedMask network = (crf ? builder.withCrf() : builder).build()) {
        assertEquals(NAMES, network.vocabulary().names());
        Segmentation found = network.segment(picture, network.vocabulary());
        long right = 0;
        for (int i = 0; i < 64 * 64; i++) {
          int truth = TinyNamedMask.inSquare(64, 3, i % 64, i / 64) ? 2 : 1;
          right += found.labelAt(i % 64, i / 64) == truth ? 1 : 0;
        }
        assertTrue(right > 0.8 * 64 * 64, right + " of 4096, CRF " + crf);
        // A word that is not asked for is background, although the network has none.
        int[] some = network.segment(picture, Vocabulary.of("square")).labels();
        assertEquals(0, some[63]);
      }
    }
  }
}
