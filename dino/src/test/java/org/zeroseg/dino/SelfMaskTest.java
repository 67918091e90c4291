package org.zeroseg.dino;

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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.TrainingPlan;

class SelfMaskTest {

  private static final SelfMaskConfig CONFIG = new SelfMaskConfig(TinyModels.CONFIG, 3, 2, 1, 64);

  @TempDir Path folder;

  private Path write(String prefix) throws IOException {
    Path file = folder.resolve("selfmask.safetensors");
    Checkpoint checkpoint = new PortableWeights(CONFIG.shapes(), "tiny");
    SafetensorsWriter.write(file, checkpoint.renamed(name -> prefix + name), Map.of());
    return file;
  }

  private SelfMaskBuilder builder(String prefix) throws IOException {
    return SelfMask.builder().model(write(prefix).toString()).input(InputSize.own());
  }

  @Test
  void aBatchGivesWhatItsPicturesGiveAlone() throws IOException {
    List<Picture> pictures =
        List.of(
            TinyModels.noise(24, 24, 1),
            TinyModels.noise(19, 31, 2),
            TinyModels.noise(24, 24, 3),
            TinyModels.noise(24, 24, 4));
    try (SelfMask selfMask = builder("").batch(2).build()) {
      List<SaliencyDetector.Salient> together = selfMask.detect(pictures);
      IntStream.range(0, pictures.size())
          .parallel()
          .forEach(
              i -> {
                SaliencyDetector.Salient alone = selfMask.detect(pictures.get(i));
                assertEquals(alone.objectness(), together.get(i).objectness(), 1e-6);
                assertTrue(alone.mask().andNot(together.get(i).mask()).area() <= 1);
                assertEquals(pictures.get(i).width(), alone.mask().width());
                assertEquals(pictures.get(i).height(), alone.mask().height());
              });
      assertEquals(List.of(), selfMask.detect(List.of()));
    }
  }

  @Test
  void whatTrainingWroteUnderAKeyIsTheSameModel() throws IOException {
    Picture picture = TinyModels.noise(24, 24, 1);
    double bare;
    try (SelfMask selfMask = builder("").build()) {
      bare = selfMask.detect(picture).objectness();
    }
    try (SelfMask selfMask = builder("model.").build()) {
      assertEquals(bare, selfMask.detect(picture).objectness());
    }
  }

  @Test
  void picturesOfOnePixelAndOfOneColourHaveAnAnswer() throws IOException {
    try (SelfMask selfMask = builder("").refinedBy(BilateralSolver.DEFAULT).build()) {
      assertEquals(1, selfMask.detect(TinyModels.plain(1, 1)).mask().width());
      assertEquals(40, selfMask.detect(TinyModels.plain(40, 9)).mask().width());
    }
  }

  @Test
  void picturesOfEveryKindGiveOneResult() throws IOException {
    Picture picture = TinyModels.noise(24, 24, 1);
    Path file = folder.resolve("picture.png");
    picture.writePng(file);
    try (SelfMask selfMask = builder("").build();
        Dino dino = TinyModels.dino()) {
      SaliencyDetector.Salient expected = selfMask.detect(picture);
      assertEquals(expected, selfMask.detect(file));
      assertEquals(expected, selfMask.detect(picture.toImage()));
      assertEquals(expected, selfMask.detect(picture.toBufferedImage()));
      float[] vector = dino.embed(picture);
      assertArrayEquals(vector, dino.embed(file));
      assertArrayEquals(vector, dino.embed(picture.toImage()));
      assertArrayEquals(vector, dino.embed(picture.toBufferedImage()));
    }
  }

  @Test
  void formatsOfSixteenBitsAreRefused() {
    SelfMaskBuilder builder = SelfMask.builder().precision(Precision.AUTO);
    assertThrows(IllegalArgumentException.class, () -> builder.precision(Precision.BFLOAT16));
  }

  @Test
  void integersFindTheSameObjects() throws IOException {
    Picture picture = TinyModels.noise(64, 48, 3);
    try (SelfMask wide = builder("").build();
        SelfMask narrow = builder("").precision(Precision.INT8).build()) {
      Mask expected = wide.detect(picture).mask();
      assertTrue(expected.iou(narrow.detect(picture).mask()) > 0.9);
    }
  }

  @Test
  void aStripAPixelWideHasAnAnswerToo() throws IOException {
    try (SelfMask selfMask = builder("").input(InputSize.shorterSide(512)).build()) {
      Mask mask = selfMask.detect(TinyModels.noise(1, 3000, 5)).mask();
      assertEquals(1, mask.width());
      assertEquals(3000, mask.height());
    }
  }

  @Test
  void masksComeBackAtThePicturesSize() throws IOException {
    try (SelfMask selfMask = builder("").input(InputSize.shorterSide(16)).build()) {
      Mask mask = selfMask.detect(TinyModels.noise(50, 30, 5)).mask();
      assertEquals(50, mask.width());
      assertEquals(30, mask.height());
    }
  }

  @Test
  void tilesChangeNothingInPicturesThatFitAndCoverThoseThatDoNot() throws IOException {
    List<Picture> pictures = List.of(TinyModels.noise(24, 24, 1), TinyModels.noise(70, 50, 2));
    SaliencyDetector.Salient whole;
    try (SelfMask selfMask = builder("").refinedBy(BilateralSolver.DEFAULT).build()) {
      whole = selfMask.detect(pictures.get(0));
    }
    try (SelfMask tiled =
        builder("").refinedBy(BilateralSolver.DEFAULT).tiles(32, 8).batch(2).build()) {
      List<SaliencyDetector.Salient> found = tiled.detect(pictures);
      assertEquals(whole, found.get(0));
      assertEquals(70, found.get(1).mask().width());
      assertEquals(50, found.get(1).mask().height());
      assertTrue(found.get(1).objectness() > 0 && found.get(1).objectness() < 1);
    }
  }

  @Test
  void tilesThatShowTheSameHaveTheSameMasks() throws IOException {
    Picture part = TinyModels.noise(24, 24, 1);
    byte[] samples = new byte[3 * 48 * 24];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (byte) part.sample(i / 3 % 24, i / 144, i % 3);
    }
    try (SelfMask selfMask = builder("").build();
        SelfMask tiled = builder("").tiles(24, 0).build()) {
      SaliencyDetector.Salient one = selfMask.detect(part);
      SaliencyDetector.Salient both = tiled.detect(Picture.of(PixelFormat.RGB, 48, 24, samples));
      assertEquals(one.mask(), both.mask().crop(0, 0, 24, 24));
      assertEquals(one.mask(), both.mask().crop(24, 0, 24, 24));
      assertEquals(one.objectness(), both.objectness(), 1e-6);
      assertTrue(one.mask().area() > 0);
    }
  }

  @Test
  void aModelThatIsNoneIsRefused() throws IOException {
    Path file = folder.resolve("other.safetensors");
    SafetensorsWriter.write(
        file, new PortableWeights(Map.of("x.weight", new Shape(2)), "tiny"), Map.of());
    SelfMaskBuilder builder = SelfMask.builder().model(file.toString());
    assertThrows(CheckpointException.class, builder::build);
    assertThrows(IllegalStateException.class, () -> SelfMask.builder().build());
    assertThrows(IllegalArgumentException.class, () -> SelfMask.builder().batch(0));
    SelfMask closed = builder("").build();
    closed.close();
    assertThrows(IllegalStateException.class, () -> closed.detect(TinyModels.plain(9, 9)));
  }

  @Test
  void aStepOfTrainingChangesEncoderAndDecoder() throws IOException {
    Picture picture = TinyModels.square(32, 4, 4, 16);
    Mask mask = Mask.of(32, 32, (x, y) -> x >= 4 && x < 20 && y >= 4 && y < 20);
    SelfMaskTrainer.Augmentation augmentation = new SelfMaskTrainer.Augmentation(32, 0.8);
    try (NDManager manager = TinyModels.manager()) {
      Map<String, NDArray> weights = CONFIG.initialWeights(new SplittableRandom(1), manager);
      float[] encoder = weights.get("encoder.blocks.0.mlp.fc1.weight").toFloatArray();
      float[] queries = weights.get("query_embed").toFloatArray();
      SelfMaskTrainer.of(
              CONFIG, weights, new SelfMaskTrainer.Options(1e-3, 0, 0, SelfMaskLoss.DEFAULT))
          .run(
              step -> augmentation.of(List.of(picture), List.of(mask), step),
              TrainingPlan.of(folder, 1).withSaveEvery(1),
              Progress.SILENT);
      assertFalse(
          Arrays.equals(encoder, weights.get("encoder.blocks.0.mlp.fc1.weight").toFloatArray()));
      assertFalse(Arrays.equals(queries, weights.get("query_embed").toFloatArray()));
    }
  }

  @Tag("slow")
  @Test
  void trainingFindsTheSquaresAndKnowsWhichQueryIsBest() throws IOException {
    List<Picture> pictures =
        List.of(TinyModels.square(32, 4, 4, 16), TinyModels.square(32, 12, 10, 16));
    List<Mask> masks =
        List.of(
            Mask.of(32, 32, (x, y) -> x >= 4 && x < 20 && y >= 4 && y < 20),
            Mask.of(32, 32, (x, y) -> x >= 12 && x < 28 && y >= 10 && y < 26));
    try (NDManager manager = TinyModels.manager();
        Checkpoint encoder = TinyModels.backbone()) {
      Map<String, NDArray> weights =
          SelfMaskTrainer.initialWeights(
              CONFIG,
              Weights.load(encoder, TinyModels.CONFIG.shapes(), manager),
              new SplittableRandom(1),
              manager);
      SelfMaskTrainer trainer =
          SelfMaskTrainer.of(
              CONFIG, weights, new SelfMaskTrainer.Options(2e-3, 0.01, 0, SelfMaskLoss.DEFAULT));
      SelfMaskTrainer.Augmentation augmentation = new SelfMaskTrainer.Augmentation(32, 0.8);
      float[] losses =
          trainer.run(
              step -> augmentation.of(pictures, masks, step),
              TrainingPlan.of(folder, 60).withSaveEvery(100),
              Progress.SILENT);
      assertTrue(losses[59] < 0.6 * losses[0], losses[0] + " to " + losses[59]);
      NDManager owned = TinyModels.manager();
      try (SelfMask selfMask =
          SelfMask.builder().input(InputSize.own()).build(trainer.network(), owned)) {
        List<SaliencyDetector.Salient> found = selfMask.detect(pictures);
        for (int i = 0; i < 2; i++) {
          assertTrue(found.get(i).mask().iou(masks.get(i)) > 0.5, "picture " + i);
        }
      }
    }
  }
}
