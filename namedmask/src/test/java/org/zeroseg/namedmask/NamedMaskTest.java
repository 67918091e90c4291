package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.Weights;

class NamedMaskTest {

  private static final List<String> NAMES = List.of("cat", "Yellow duck", "tv/monitor", "sofa");

  @TempDir Path folder;
  private NDManager manager;
  private DeepLab network;
  private NamedMask segmenter;

  @BeforeEach
  void segmenter() {
    manager = NDManager.newBaseManager("PyTorch");
    network = TinyNamedMask.network(5, manager);
    segmenter = builder().build(network);
  }

  @AfterEach
  void close() {
    segmenter.close();
    manager.close();
  }

  private static NamedMaskBuilder builder() {
    return NamedMask.builder().precision(Precision.FLOAT32).categories(NAMES);
  }

  @Test
  void aVocabularySelectsAndOrdersTheCategories() {
    Picture picture = Noise.picture(70, 50, 1);
    int[] all = segmenter.segment(picture, segmenter.vocabulary()).labels();
    Segmentation some = segmenter.segment(picture, Vocabulary.of("sofa", "CAT"));
    int[] expected = Arrays.stream(all).map(label -> label == 4 ? 1 : label == 1 ? 2 : 0).toArray();
    assertArrayEquals(expected, some.labels());
    assertEquals(List.of("sofa", "CAT"), some.names());
    assertTrue(Arrays.stream(all).distinct().count() > 2, "the test sees several categories");
  }

  @Test
  void synonymsFindACategoryAndSeveralCategoriesMayBeOne() {
    Picture picture = Noise.picture(70, 50, 1);
    int[] all = segmenter.segment(picture, segmenter.vocabulary()).labels();
    Vocabulary words =
        Vocabulary.of(
            List.of(
                Vocabulary.Category.of("settee", "couch", "sofa"),
                Vocabulary.Category.of("thing", "cat", "yellow_duck")));
    int[] expected =
        Arrays.stream(all)
            .map(label -> label == 4 ? 1 : label == 1 || label == 2 ? 2 : 0)
            .toArray();
    assertArrayEquals(expected, segmenter.segment(picture, words).labels());
  }

  @Test
  void anUnknownWordIsRefusedWithTheNearestCategories() {
    Picture picture = Noise.picture(20, 20, 1);
    Vocabulary words = Vocabulary.of("cat", "monitor", "duk");
    Exception refused =
        assertThrows(IllegalArgumentException.class, () -> segmenter.segment(picture, words));
    assertTrue(
        refused.getMessage().contains("\"monitor\" (nearest: \"tv/monitor\""), refused::getMessage);
    assertTrue(refused.getMessage().contains("\"duk\""), refused::getMessage);
  }

  @Test
  void twoWordsMayNotClaimOneCategory() {
    Vocabulary words =
        Vocabulary.of(
            List.of(
                Vocabulary.Category.of("pet", "yellow duck"),
                Vocabulary.Category.of("bird", "yellow_duck")));
    Picture picture = Noise.picture(20, 20, 1);
    assertThrows(IllegalArgumentException.class, () -> segmenter.segment(picture, words));
  }

  @Test
  void aThresholdLeavesUnsurePixelsToTheBackgroundAndScoresAreMeans() {
    Picture picture = Noise.picture(70, 50, 1);
    Vocabulary words = segmenter.vocabulary();
    Segmentation free = segmenter.segment(picture, words);
    for (Segment segment : free.segments()) {
      assertTrue(segment.score() > 0.2 && segment.score() <= 1, segment::toString);
    }
    Segmentation sure = segmenter.segment(picture, words.withBackgroundThreshold(0.999));
    assertTrue(area(sure) < area(free));
  }

  private static long area(Segmentation found) {
    return Arrays.stream(found.labels()).filter(label -> label > 0).count();
  }

  @Test
  void stripsAndBatchesDecideAsWholeClassMapsDo() {
    List<Picture> pictures = List.of(Noise.picture(61, 43, 1), Noise.picture(61, 43, 2));
    List<Segmentation> together = segmenter.segment(pictures, segmenter.vocabulary());
    for (int i = 0; i < 2; i++) {
      NDArray pixels = Normalization.IMAGENET.pixels(manager, List.of(pictures.get(i)));
      NDArray maps = network.logits(pixels, pyramid -> pyramid);
      long[] whole =
          Interpolation.resize(maps, 43, 61, Interpolation.Mode.BILINEAR).argMax(1).toLongArray();
      int[] found = together.get(i).labels();
      long different = IntStream.range(0, found.length).filter(j -> found[j] != whole[j]).count();
      assertTrue(different <= found.length / 500, different + " pixels differ");
    }
  }

  @Test
  void tilesChangeNothingInPicturesThatFitAndCoverThoseThatDoNot() {
    List<Picture> pictures = List.of(Noise.picture(61, 43, 1), Noise.picture(150, 131, 2));
    Vocabulary words =
        Vocabulary.of(
            List.of(
                Vocabulary.Category.of("settee", "couch", "sofa"),
                Vocabulary.Category.of("thing", "cat", "yellow_duck")));
    try (NamedMask tiled = builder().tiles(64, 16).batch(2).build(network)) {
      List<Segmentation> found = tiled.segment(pictures, words.withBackgroundThreshold(0.3));
      assertArrayEquals(
          segmenter.segment(pictures.get(0), words.withBackgroundThreshold(0.3)).labels(),
          found.get(0).labels());
      assertEquals(150, found.get(1).width());
      assertEquals(131, found.get(1).height());
      assertTrue(Arrays.stream(found.get(1).labels()).distinct().count() > 1);
    }
  }

  @Test
  void tilesThatShowTheSameHaveTheSameLabels() {
    Picture part = Noise.picture(32, 32, 3);
    byte[] samples = new byte[3 * 64 * 32];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (byte) part.sample(i / 3 % 32, i / 192, i % 3);
    }
    try (NamedMask tiled = builder().tiles(32, 0).build(network)) {
      Segmentation one = segmenter.segment(part, segmenter.vocabulary());
      Segmentation both =
          tiled.segment(Picture.of(PixelFormat.RGB, 64, 32, samples), segmenter.vocabulary());
      int different = 0;
      for (int i = 0; i < 64 * 32; i++) {
        different += one.labelAt(i % 32, i / 64) == both.labelAt(i % 64, i / 64) ? 0 : 1;
      }
      assertTrue(different <= 4, different + " pixels differ");
    }
  }

  @Test
  void wideMapsInPartsChangeNothingButTheRounding() {
    List<Picture> pictures = List.of(Noise.picture(93, 71, 1), Noise.picture(93, 71, 2));
    NDArray pixels = Normalization.IMAGENET.pixels(manager, pictures);
    NDArray expected = network.features(pixels);
    double scale = expected.abs().max().getFloat();
    for (Precision precision : List.of(Precision.FLOAT32, Precision.BFLOAT16)) {
      double tolerance = precision == Precision.FLOAT32 ? 1e-5 : 0.1;
      for (long wide : new long[] {1, 5000, 50_000}) {
        NDArray parts = network.folded(precision, manager, wide).features(pixels);
        assertEquals(expected.getShape(), parts.getShape());
        assertEquals(0, expected.sub(parts).abs().max().getFloat() / scale, tolerance);
      }
    }
  }

  @Test
  void picturesOfAnyShapeAndFormatAreSegmentedAtTheirOwnSize() {
    Vocabulary words = segmenter.vocabulary();
    for (int[] size : new int[][] {{1, 1}, {9, 8}, {1, 300}, {200, 3}}) {
      Picture grey = Picture.of(PixelFormat.GREY, size[0], size[1], new byte[size[0] * size[1]]);
      Segmentation found = segmenter.segment(grey, words);
      assertEquals(size[0], found.width());
      assertEquals(size[1], found.height());
    }
  }

  @Test
  void sizesOfTheProtocolsAreTheReferences() {
    for (NamedMaskBuilder chosen :
        List.of(builder().longerSide(64), builder().shorterSide(24, 40))) {
      try (NamedMask other = chosen.build(network)) {
        Segmentation found = other.segment(Noise.picture(70, 50, 1), other.vocabulary());
        assertEquals(70 * 50, found.labels().length);
      }
    }
  }

  @Test
  void aThousandCategoriesCompete() {
    List<String> names = IntStream.range(1, 1000).mapToObj(i -> "word " + i).toList();
    DeepLab large = TinyNamedMask.network(1000, manager);
    try (NamedMask other = builder().categories(names).build(large)) {
      Segmentation found = other.segment(Noise.picture(64, 48, 1), other.vocabulary());
      assertEquals(999, found.names().size());
    }
    // Of so many classes a tile's maps are coarser than its features.
    try (NamedMask other = builder().categories(names).tiles(192, 16).build(large)) {
      Segmentation found = other.segment(Noise.picture(200, 192, 1), other.vocabulary());
      assertEquals(200, found.width());
    }
  }

  @Test
  void bfloat16AgreesButForFewPixels() {
    try (NamedMask reduced = builder().precision(Precision.BFLOAT16).build(network)) {
      Picture picture = Noise.picture(70, 50, 1);
      int[] exact = segmenter.segment(picture, segmenter.vocabulary()).labels();
      int[] near = reduced.segment(picture, segmenter.vocabulary()).labels();
      long same = IntStream.range(0, exact.length).filter(i -> exact[i] == near[i]).count();
      assertTrue(same > 0.9 * exact.length, same + " of " + exact.length);
    }
  }

  @Test
  void aFileOfThisLibraryNamesItsCategoriesAndAPublishedOneDoesNot() throws IOException {
    DeepLabConfig config = network.config();
    Map<String, NDArray> weights = TinyNamedMask.weights(config, manager);
    NamedMaskTrainer trainer =
        NamedMaskTrainer.of(config, weights, NamedMaskTrainer.Options.DEFAULT);
    Path own = folder.resolve("own.safetensors");
    trainer.save(own, NAMES, Map.of("seed", "3"));
    Picture picture = Noise.picture(40, 30, 4);
    try (NamedMask loaded = NamedMask.builder().precision(Precision.FLOAT32).model(own).build()) {
      assertEquals(NAMES, loaded.vocabulary().names());
      assertArrayEquals(
          segmenter.segment(picture, segmenter.vocabulary()).labels(),
          loaded.segment(picture, loaded.vocabulary()).labels());
    }
    Path bare = folder.resolve("bare.safetensors");
    SafetensorsWriter.write(
        bare, Weights.of(weights, "random").checkpoint(), Map.of("rates", "2,4"));
    assertThrows(IllegalStateException.class, () -> NamedMask.builder().model(bare).build());
    Exception refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> NamedMask.builder().model(bare).categories("cat").build());
    assertTrue(refused.getMessage().contains("5 classes"), refused::getMessage);
    assertTrue(refused.getMessage().contains("bare.safetensors"), refused::getMessage);
  }

  @Test
  void aFileOfSomethingElseIsNamed() throws IOException {
    Path other = folder.resolve("other.safetensors");
    SafetensorsWriter.write(
        other,
        Weights.of(Map.of("x", manager.create(new float[] {1})), "x").checkpoint(),
        Map.of());
    Exception refused =
        assertThrows(
            CheckpointException.class,
            () -> NamedMask.builder().model(other).categories(NAMES).build());
    assertTrue(refused.getMessage().contains("other.safetensors"), refused::getMessage);
    assertTrue(refused.getMessage().contains("DeepLabv3+"), refused::getMessage);
  }

  @Test
  void aClosedSegmenterRefuses() {
    segmenter.close();
    Vocabulary words = Vocabulary.of("cat");
    Picture picture = Noise.picture(20, 20, 1);
    assertThrows(IllegalStateException.class, () -> segmenter.segment(picture, words));
  }
}
