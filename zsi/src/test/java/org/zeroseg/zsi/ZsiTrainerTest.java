package org.zeroseg.zsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Schedule;
import org.zeroseg.core.train.TrainingPlan;

class ZsiTrainerTest {

  @TempDir Path folder;

  private static ZsiTrainer.Options options() {
    return ZsiTrainer.Options.published(Schedule.constant(0.01), true).withSamples(64, 50, 32, 4);
  }

  /** A bright rectangle on noise, whose class is its shape: wide, high or square. */
  private static AnnotatedPicture rectangle(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int width = 96;
    int height = 64;
    int label = 1 + random.nextInt(3);
    int w = label == 1 ? 60 : label == 2 ? 24 : 36;
    int h = label == 1 ? 24 : label == 2 ? 50 : 36;
    int left = random.nextInt(width - w);
    int top = random.nextInt(height - h);
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      boolean inside = x >= left && x < left + w && y >= top && y < top + h;
      rgb[i] = (byte) (inside ? 255 - 60 * (i % 3) : random.nextInt(80));
    }
    Mask mask =
        Mask.of(width, height, (x, y) -> x >= left && x < left + w && y >= top && y < top + h);
    return new AnnotatedPicture(
        Picture.of(PixelFormat.RGB, width, height, rgb),
        List.of(new AnnotatedPicture.Thing(label, new Box(left, top, w, h), mask)));
  }

  private static ZsiTrainer.Samples batch(long step) {
    return ZsiTrainer.Samples.of(
        List.of(rectangle(2 * step), rectangle(2 * step + 1)), 96, 64, step);
  }

  private float[] train(Path place, int steps, ZsiTrainer.Options options, Path result)
      throws IOException {
    return train(TinyZsi.CONFIG, place, steps, options, result);
  }

  private float[] train(
      ZsiConfig config, Path place, int steps, ZsiTrainer.Options options, Path result)
      throws IOException {
    try (NDManager manager = TorchEngine.newManager()) {
      Map<String, NDArray> weights =
          config.initialWeights(Map.of(), TinyZsi.classes(), new SplittableRandom(7), manager);
      ZsiTrainer trainer =
          ZsiTrainer.of(config, weights, TinyZsi.vocabulary(manager), TinyZsi.classes(), options);
      float[] losses =
          trainer.run(
              ZsiTrainerTest::batch,
              TrainingPlan.of(place, steps).withSaveEvery(3),
              Progress.SILENT);
      trainer.write(result, TinyZsi.classes(), false, Map.of("by", "a test"));
      return losses;
    }
  }

  @Test
  void stoppedAndResumedEndsWithTheSameBits() throws IOException {
    Path through = folder.resolve("through.safetensors");
    Path resumed = folder.resolve("resumed.safetensors");
    float[] whole = train(folder.resolve("a"), 6, options(), through);
    train(folder.resolve("b"), 3, options(), folder.resolve("half.safetensors"));
    float[] later = train(folder.resolve("b"), 6, options(), resumed);
    assertArrayEquals(whole, later);
    assertArrayEquals(Files.readAllBytes(through), Files.readAllBytes(resumed));
  }

  @Test
  void whatIsWrittenIsFoundAgainWithItsWords() throws IOException {
    Path file = folder.resolve("zsi.safetensors");
    train(folder.resolve("a"), 1, options(), file);
    try (Zsi zsi = TinyZsi.builder(file).minScore(-100).build()) {
      assertEquals(TinyZsi.classes().unseen(), zsi.classes().unseen());
      assertTrue(zsi.detect(List.of(rectangle(1).picture()), zsi.vocabulary()).get(0).size() > 0);
    }
  }

  /** Without encoders and background-aware proposals what is left is Mask R-CNN. */
  @Test
  void networksWithoutPartsTrainResumeAndFindUnseenClasses() throws IOException {
    for (boolean encoders : new boolean[] {true, false}) {
      for (boolean aware : new boolean[] {true, false}) {
        ZsiConfig config = TinyZsi.config(encoders, aware);
        ZsiTrainer.Options options = options().withParts(encoders, encoders, aware, aware);
        Path own = folder.resolve(encoders + "-" + aware);
        Path through = own.resolve("through.safetensors");
        Path resumed = own.resolve("resumed.safetensors");
        float[] whole = train(config, own.resolve("a"), 6, options, through);
        train(config, own.resolve("b"), 3, options, own.resolve("half.safetensors"));
        assertArrayEquals(whole, train(config, own.resolve("b"), 6, options, resumed));
        assertArrayEquals(Files.readAllBytes(through), Files.readAllBytes(resumed));
        try (Checkpoint file = Checkpoints.open(through)) {
          assertEquals(config, ZsiCheckpoint.of(file).config());
          assertEquals(encoders, file.tensors().containsKey("words.vocabulary"));
          assertEquals(aware, file.tensors().containsKey("rpn_head.vec_fb.weight"));
        }
        try (Zsi zsi = TinyZsi.builder(through).minScore(-100).build()) {
          List<Zsi.Detection> found =
              zsi.detect(List.of(rectangle(1).picture()), Vocabulary.of("cat", "bus")).get(0);
          assertTrue(found.stream().anyMatch(one -> !one.seen() && one.mask().isPresent()));
          assertTrue(found.stream().anyMatch(Zsi.Detection::seen));
        }
      }
    }
  }

  @Test
  void whatGoesWithAMissingPartIsRefused() throws IOException {
    Path file = folder.resolve("zsi.safetensors");
    ZsiTrainer.Options none = options().withParts(false, false, false, false);
    train(TinyZsi.config(false, false), folder.resolve("a"), 1, none, file);
    assertThrows(IllegalArgumentException.class, TinyZsi.builder(file).directWords(true)::build);
    Path other = folder.resolve("b");
    for (ZsiTrainer.Options some :
        List.of(
            options().withParts(true, false, false, false),
            options().withParts(false, true, false, false),
            options().withParts(false, false, true, false),
            options().withParts(false, false, false, true))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> train(TinyZsi.config(false, false), other, 1, some, file));
    }
  }

  /** The maps that are computed for a box's own class alone are those of all classes. */
  @Test
  void aHeadWithoutEncoderMakesTheMapOfABoxAsThatOfAllClasses() {
    try (NDManager manager = TorchEngine.newManager()) {
      ZsiConfig config = TinyZsi.config(false, true);
      Weights weights = Weights.of(TinyZsi.weights(config, manager), "tiny");
      MaskHead head = MaskHead.of(weights.at("mask_head"), Mode.INFERENCE);
      NDArray pooled = manager.randomNormal(new Shape(2, 8, 14, 14));
      float[][] seen = TinyZsi.classes().seenRows(TinyZsi.classes().background());
      float[][] unseen = {TinyZsi.classes().vector("bus").orElseThrow()};
      Matrix shares = MaskWords.shares(seen, unseen);
      float[] own = head.own(pooled, head.filters(shares), new int[] {0, 0}).toFloatArray();
      NDArray features = head.features(pooled);
      NDArray kernel = weights.get("mask_head.conv_logits.weight");
      float[] flat = features.toFloatArray();
      float[] filters = kernel.toFloatArray();
      for (int at : new int[] {0, 400, 783, 784 + 5}) {
        double expected = 0;
        for (int c = 0; c < seen.length; c++) {
          double map = weights.get("mask_head.conv_logits.bias").toFloatArray()[c];
          for (int i = 0; i < 8; i++) {
            map += filters[8 * c + i] * flat[(at / 784 * 8 + i) * 784 + at % 784];
          }
          expected += map * shares.values()[c];
        }
        assertEquals(expected, own[at], 1e-4 * (1 + Math.abs(expected)));
      }
    }
  }

  @Test
  void partsOfTheMethodCanBeLeftOutAndProductsReduced() throws IOException {
    ZsiTrainer.Options bare = options().withParts(false, false, false, false);
    float[] losses = train(folder.resolve("a"), 2, bare, folder.resolve("a.safetensors"));
    float[] reduced =
        train(
            folder.resolve("b"), 2, options().withBfloat16(true), folder.resolve("b.safetensors"));
    for (float loss : losses) {
      assertTrue(Float.isFinite(loss));
    }
    assertTrue(Float.isFinite(reduced[1]));
  }

  @Test
  @Tag("slow")
  void lossesFall() throws IOException {
    float[] losses = train(folder.resolve("a"), 150, options(), folder.resolve("zsi.safetensors"));
    double first = mean(losses, 0, 20);
    double last = mean(losses, 130, 150);
    assertTrue(last < 0.6 * first, first + " to " + last);
  }

  private static double mean(float[] values, int from, int to) {
    return IntStream.range(from, to).mapToDouble(i -> values[i]).average().orElseThrow();
  }

  @Test
  void whatDoesNotFitIsRefused() {
    try (NDManager manager = TorchEngine.newManager()) {
      Map<String, NDArray> weights = TinyZsi.weights(TinyZsi.CONFIG, manager);
      assertThrows(
          IllegalArgumentException.class,
          () ->
              ZsiTrainer.of(
                  TinyZsi.CONFIG,
                  weights,
                  manager.zeros(new Shape(6, 4)),
                  TinyZsi.classes(),
                  options()));
      ClassVectors fewer = ClassVectors.of(List.of("cat"), List.of(), new float[2][6]);
      assertThrows(
          IllegalArgumentException.class,
          () ->
              ZsiTrainer.of(
                  TinyZsi.CONFIG, weights, TinyZsi.vocabulary(manager), fewer, options()));
    }
  }

  @Test
  void aMirroredPictureMirrorsItsBoxesAndMasks() {
    AnnotatedPicture one = rectangle(3);
    float[] plain = null;
    float[] mirrored = null;
    for (long seed = 0; plain == null || mirrored == null; seed++) {
      ZsiTrainer.Samples batch = ZsiTrainer.Samples.of(List.of(one), 96, 64, seed);
      ZsiTrainer.Objects objects = batch.pictures().get(0);
      Box tight = objects.masks().get(0).box();
      assertArrayEquals(
          new float[] {
            (float) tight.x(),
            (float) tight.y(),
            (float) (tight.right() - 1),
            (float) (tight.bottom() - 1)
          },
          objects.boxes());
      if (objects.boxes()[0] == (float) one.objects().get(0).box().x()) {
        plain = objects.boxes();
      } else {
        mirrored = objects.boxes();
      }
    }
    assertEquals(plain[0], 96 - mirrored[2] - 1);
    assertEquals(plain[2], 96 - mirrored[0] - 1);
  }

  private CocoGroundTruth annotations(String extra) throws IOException {
    StringBuilder images = new StringBuilder();
    StringBuilder objects = new StringBuilder();
    for (int i = 1; i <= 5; i++) {
      boolean wide = i % 2 == 1;
      int width = wide ? 60 : 40;
      int height = wide ? 40 : 60;
      byte[] rgb = new byte[3 * width * height];
      Picture.of(PixelFormat.RGB, width, height, rgb).writePng(folder.resolve(i + ".png"));
      images.append(
          "%s{\"id\": %d, \"file_name\": \"%d.png\", \"width\": %d, \"height\": %d}"
              .formatted(i == 1 ? "" : ",", i, i, width, height));
      objects.append(
          """
          %s{"id": %d, "image_id": %d, "category_id": 1, "bbox": [5, 6, 20, 10], "area": 200,
             "iscrowd": 0, "segmentation": [[5, 6, 25, 6, 25, 16, 5, 16]]}\
          """
              .formatted(i == 1 ? "" : ",", i, i));
    }
    Path file = folder.resolve("train.json");
    Files.writeString(
        file,
        "{\"images\": [%s], \"annotations\": [%s%s], \"categories\": [{\"id\": 1, \"name\": \"Dog\"}]}"
            .formatted(images, objects, extra));
    return CocoGroundTruth.read(file);
  }

  @Test
  void batchesHaveOneOrientationAndEveryPictureIsSeenInAnEpoch() throws IOException {
    AnnotatedPictures pictures =
        AnnotatedPictures.of(
            annotations(""),
            folder,
            TinyZsi.classes(),
            new AnnotatedPictures.Options(2, 60, 40, 9));
    assertEquals(5, pictures.size());
    assertEquals(3, pictures.epoch());
    List<Long> seen = new ArrayList<>();
    for (int step = 0; step < 3; step++) {
      List<CocoGroundTruth.Image> images = pictures.images(step);
      assertEquals(2, images.size());
      assertEquals(
          images.get(0).width() > images.get(0).height(),
          images.get(1).width() > images.get(1).height());
      images.forEach(image -> seen.add(image.id()));
    }
    assertEquals(5, seen.stream().distinct().count());
    ZsiTrainer.Samples batch = pictures.batch(4);
    assertEquals(2, batch.pictures().get(0).labels()[0]);
    ZsiTrainer.Samples again = pictures.batch(4);
    assertArrayEquals(batch.pixels(), again.pixels());
    assertEquals(batch.seed(), again.seed());
    for (float corner : batch.pictures().get(0).boxes()) {
      assertTrue(corner >= 0 && corner < 60);
    }
  }

  @Test
  void crowdsSpecksAndIgnoredObjectsAreNoTrainingData() throws IOException {
    String extra =
        """
        ,{"id": 21, "image_id": 1, "category_id": 1, "bbox": [1, 1, 8, 8], "area": 64,
          "iscrowd": 1, "segmentation": [[1, 1, 9, 1, 9, 9]]},
         {"id": 22, "image_id": 1, "category_id": 1, "bbox": [1, 1, 0.4, 8], "area": 3,
          "iscrowd": 0, "segmentation": [[1, 1, 9, 1, 9, 9]]},
         {"id": 23, "image_id": 1, "category_id": 1, "bbox": [1, 1, 8, 8], "area": 3,
          "iscrowd": 0, "ignore": 1, "segmentation": [[1, 1, 9, 1, 9, 9]]},
         {"id": 24, "image_id": 1, "category_id": 1, "bbox": [3, 3, 1, 1], "area": 1,
          "iscrowd": 0, "segmentation": [[3, 3, 4, 3, 4, 4, 3, 4]]}\
        """;
    CocoGroundTruth truth = annotations(extra);
    Annotations found = Annotations.of(truth, 1);
    assertEquals(2, found.categories().length);
    assertEquals(1, found.crowds().length / 4);
    AnnotatedPictures pictures =
        AnnotatedPictures.of(
            truth, folder, TinyZsi.classes(), new AnnotatedPictures.Options(1, 60, 40, 1));
    // A box of one pixel is an object like any other.
    try (NDManager manager = TorchEngine.newManager()) {
      Map<String, NDArray> weights = TinyZsi.weights(TinyZsi.CONFIG, manager);
      ZsiTrainer trainer =
          ZsiTrainer.of(
              TinyZsi.CONFIG, weights, TinyZsi.vocabulary(manager), TinyZsi.classes(), options());
      for (float loss :
          trainer.run(pictures, TrainingPlan.of(folder.resolve("run"), 5), Progress.SILENT)) {
        assertTrue(Float.isFinite(loss));
      }
    }
  }

  @Test
  void anUnknownCategoryOrAMissingPictureIsNamed() throws IOException {
    CocoGroundTruth truth = annotations("");
    AnnotatedPictures.Options options = new AnnotatedPictures.Options(1, 60, 40, 1);
    ClassVectors other = ClassVectors.of(List.of("cat"), List.of(), new float[2][6]);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> AnnotatedPictures.of(truth, folder, other, options))
            .getMessage();
    assertTrue(message.contains("'Dog'") && message.contains("train.json"), message);
    Files.delete(folder.resolve("4.png"));
    NoSuchFileException missing =
        assertThrows(
            NoSuchFileException.class,
            () -> AnnotatedPictures.of(truth, folder, TinyZsi.classes(), options));
    assertTrue(missing.getFile().endsWith("4.png"));
  }

  @Test
  void aFileWithNothingToTrainFromIsNamed() throws IOException {
    Path file = folder.resolve("empty.json");
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "1.png", "width": 60, "height": 40}],
         "annotations": [{"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 1, 8, 8],
          "area": 64, "iscrowd": 1, "segmentation": [[1, 1, 9, 1, 9, 9]]}],
         "categories": [{"id": 1, "name": "dog"}]}
        """);
    CocoGroundTruth truth = CocoGroundTruth.read(file);
    AnnotatedPictures.Options options = new AnnotatedPictures.Options(1, 60, 40, 1);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> AnnotatedPictures.of(truth, folder, TinyZsi.classes(), options))
            .getMessage();
    assertTrue(message.contains("empty.json: no picture has an object"), message);
  }

  @Test
  void aPictureWithoutObjectsTeachesBackground() throws IOException {
    try (NDManager manager = TorchEngine.newManager()) {
      Map<String, NDArray> weights = TinyZsi.weights(TinyZsi.CONFIG, manager);
      ZsiTrainer trainer =
          ZsiTrainer.of(
              TinyZsi.CONFIG, weights, TinyZsi.vocabulary(manager), TinyZsi.classes(), options());
      AnnotatedPicture empty = new AnnotatedPicture(rectangle(1).picture(), List.of());
      float[] losses =
          trainer.run(
              step -> ZsiTrainer.Samples.of(List.of(empty), 96, 64, step),
              TrainingPlan.of(folder.resolve("run"), 2),
              Progress.SILENT);
      assertTrue(Float.isFinite(losses[0]) && Float.isFinite(losses[1]));
    }
  }
}
